"""Real stores on this machine, started from Python packages: for development and for tests."""
