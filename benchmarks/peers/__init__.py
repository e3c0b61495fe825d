"""The same workloads on other orchestrators, each in its own virtual environment."""
