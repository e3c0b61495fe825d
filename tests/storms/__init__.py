"""Many attempts at once that do not want to end; `make prove-trees` is the long form."""
