"""Lists, finds and searches the products kept in Postgres."""
