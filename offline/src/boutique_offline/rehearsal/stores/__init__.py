"""The managed stores of a rehearsal: real Postgres and Redis behind TLS, as the emulated account has them."""
