"""Provider plugins that the Pulumi engine runs where the official ones cannot be downloaded.

A folder a plugin, with the program `pulumi-resource-<name>` in it: with that folder on PATH the engine finds it, and
the Pulumi program cannot tell it from the official plugin. What a stand-in does not cover it refuses, by name.
"""
