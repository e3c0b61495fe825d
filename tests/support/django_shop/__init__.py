"""An app of a project that has installed ours, with tasks of Django."""
