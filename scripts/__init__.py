"""What the Makefile's targets do when it is more than a line."""
