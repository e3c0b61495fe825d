"""A module that must not be imported because a template names it: to import it is to run it."""
