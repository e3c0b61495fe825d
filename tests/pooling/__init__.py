"""PostgreSQL behind PgBouncer, promoted standbys, and tables that are rewritten meanwhile."""
