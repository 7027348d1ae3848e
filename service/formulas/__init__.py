"""Formulas that need no book: options chains, pools, concentrations (metrics.md 5). Pure functions of numbers."""
