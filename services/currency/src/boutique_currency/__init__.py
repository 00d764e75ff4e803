"""Converts money at the European Central Bank's reference rates."""
