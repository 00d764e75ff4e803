"""Checks that the documents match the repository."""

import re
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from boutique_definition.service_file import load_service_files
from cli.main import app
from docs.architecture import PICTURE, draw

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])
DECISIONS = sorted(ROOT.glob("docs/decisions/*.md"))
EACH_DOCUMENT = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def test_the_architecture_picture_matches_the_service_files() -> None:
    assert PICTURE.read_text() == draw(load_service_files(ROOT / "services")), "run `boutique dev diagram`"


@EACH_DOCUMENT
def test_every_link_to_a_file_leads_to_an_existing_file(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
    assert [target for target in targets if not (document.parent / target).exists()] == []


@EACH_DOCUMENT
def test_every_link_to_a_section_leads_to_an_existing_heading(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]*)#([^)]*)\)", document.read_text())
    assert [link for link in links if link[1] not in _anchors(document.parent / link[0] if link[0] else document)] == []


@EACH_DOCUMENT
def test_every_make_target_in_a_document_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:`|\$ )make ([a-z0-9-]+)", document.read_text())
    assert [target for target in named if target not in targets] == []


@EACH_DOCUMENT
def test_every_boutique_command_in_a_document_exists(document: Path) -> None:
    named = re.findall(r"(?:`|\$ )(?:\./)?boutique ([a-z][a-z -]*)", document.read_text())
    assert [words for words in named if not _is_command(words.split())] == []


@pytest.mark.parametrize("record", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_record_has_a_status_a_date_and_its_sections(record: Path) -> None:
    text = record.read_text()
    number = int(record.name[:4])
    assert re.match(rf"# {number}\. \S.*\n\n- Status: .+\n- Date: \d{{4}}-\d{{2}}-\d{{2}}\n", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Alternatives", "Consequences"]


def _anchors(document: Path) -> set[str]:
    """Returns the anchors that GitHub gives to the headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _is_command(words: list[str]) -> bool:
    command = typer.main.get_command(app)
    for word in words:
        if not isinstance(command, TyperGroup):  # the rest are arguments
            return True
        if word not in command.commands:
            return False
        command = command.commands[word]
    return True
