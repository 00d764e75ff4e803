"""The command `boutique`: everything that a person or a pipeline runs."""
