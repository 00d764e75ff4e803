"""Runs the program of a stack on AWS on one machine: see lifecycle.py."""
