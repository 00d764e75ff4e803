"""Emulates the part of Cloudflare's API, version 4, that the program uses: zones, their records and settings.

Source of the formats, error codes and checks: Cloudflare API reference.
"""
