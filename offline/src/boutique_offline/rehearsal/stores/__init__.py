"""Runs the managed stores of a rehearsal: real Postgres and Redis servers behind TLS, as described by the account."""
