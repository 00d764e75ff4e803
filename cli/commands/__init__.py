"""The subcommands of `boutique`, one module per group of `boutique --help`."""
