"""The Pulumi program: everything that an environment needs, and the shop on it."""
