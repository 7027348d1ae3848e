"""The simulated venues, one a file."""
