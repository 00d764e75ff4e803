"""Runs Boutique without Docker, internet access, or an account."""
