"""Support for the tests: drawn graphs, verbs for runs, a scripted runner, databases."""
