"""The runtime that all services share: serving, health, settings, telemetry, draining, and calls to other services."""
