"""One venue a file; see `connectors/venue.py` for what a file holds."""
