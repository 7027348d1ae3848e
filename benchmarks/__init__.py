"""Comparisons with other libraries on recorded messages; README.md says what is measured and how."""
