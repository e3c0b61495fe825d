"""What the tests lean on: drawn graphs, verbs for runs, a scripted runner, databases."""
