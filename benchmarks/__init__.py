"""Measurements of the product, the bare database and other orchestrators: `make bench`."""
