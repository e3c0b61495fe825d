"""Pages of the documentation are typed literally."""
