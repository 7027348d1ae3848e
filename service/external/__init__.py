"""Series that others push: what no market data holds (flows between chains and venues, collateral, votes)."""
