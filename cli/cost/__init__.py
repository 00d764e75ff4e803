"""Estimates the cost of a stack from its plan and AWS' list prices."""
