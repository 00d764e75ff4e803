"""What every service of the shop does alike: serving, health, settings, telemetry, draining, calling others."""
