"""A project that has included the API, and whose own settings are as different as can be."""
