"""The same workloads on other orchestrators, each in an environment of its own."""
