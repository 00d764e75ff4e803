"""Renders the confirmation of an order and delivers it."""
