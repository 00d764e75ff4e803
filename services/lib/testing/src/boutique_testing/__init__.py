"""A pytest plugin for the services: real Redis and Postgres, and a service served in-process."""
