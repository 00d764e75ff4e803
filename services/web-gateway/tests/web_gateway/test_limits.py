"""The rules that the web application checks fields by."""

import json
from pathlib import Path

from boutique_contract import limits

LIMITS = Path(__file__).parents[2] / "application/src/limits.json"


def test_the_web_application_has_the_rules_of_the_contract() -> None:
    refresh = "python3 -m boutique_contract > services/web-gateway/application/src/limits.json"
    assert json.loads(LIMITS.read_text()) == limits.table(), refresh
