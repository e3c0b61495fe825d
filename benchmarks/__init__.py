"""How fast the product is, and beside what: `make bench`, `make bench-peers`."""
