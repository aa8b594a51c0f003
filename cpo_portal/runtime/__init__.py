"""The launcher: environment, embedded PostgreSQL and supervisor, in the standard library only."""
