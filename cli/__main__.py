"""Runs the command: `python -m cli`, which is how `./boutique` starts it."""

from cli.main import main

main()
