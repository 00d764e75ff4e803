"""Finds and removes the resources that remain of a stack after Pulumi has destroyed it."""
