"""Prints the table of rules as JSON, for the web application: `python3 -m boutique_contract`."""

import json

from boutique_contract.limits import table

if __name__ == "__main__":
    print(json.dumps(table(), indent=2))
