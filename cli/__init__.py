"""What stands in for a cloud on one machine: the tools, the cluster, the images, the provider plugins.

It runs before anything is installed, so that the standard library is all it has.
"""
