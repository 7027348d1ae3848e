"""Stands in ccxt's place where its folder comes first on the path."""
