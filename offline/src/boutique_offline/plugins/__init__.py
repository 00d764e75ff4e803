"""Emulated provider plugins, which the Pulumi engine runs where the official ones cannot be downloaded.

Each plugin is a folder with the program `pulumi-resource-<name>`. The engine finds it when that folder is on PATH, and
the Pulumi program cannot tell it from the official plugin. A plugin refuses by name whatever it does not cover.
"""
