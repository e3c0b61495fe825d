"""Both apps in projects of others."""
