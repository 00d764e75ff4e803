"""Tests that the shop sells: buys something through its public address with a test card."""
