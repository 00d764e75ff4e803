"""A package: mypy needs different names for the conftest modules of folders that cannot be packages."""
