"""The last minutes of every book, bounded, in memory: what the page scrolls back to."""
