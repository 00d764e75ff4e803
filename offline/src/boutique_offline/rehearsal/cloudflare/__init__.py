"""An emulator of Cloudflare's API, version 4: as much of it as an environment's names need.

Source of its shapes, codes and checks: Cloudflare API reference, zones and DNS records of a zone.
"""
