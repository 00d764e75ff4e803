"""A package, since the folder's name cannot be one of Python, and the types of two modules `conftest` would clash."""
