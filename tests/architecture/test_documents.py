"""Documents lead where they say they do, and speak of what exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from peerloom_dev.stack import ROOT

DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "libs/**/*.md", "services/**/*.md", "infra/**/*.md")
    for path in ROOT.glob(pattern)
    if "build" not in path.parts
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!\w+:)(?P<file>[^)#\s]*)#?(?P<anchor>[^)\s]*)\)")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(document: Path) -> None:
    broken = [
        found[0]
        for found in LINK.finditer(document.read_text())
        if not (target := (document.parent / found["file"]) if found["file"] else document).exists()
        or (found["anchor"] and found["anchor"] not in anchors(target))
    ]

    assert broken == []


@pytest.mark.parametrize("decision", DECISIONS, ids=named)
def test_a_decision_says_its_status_and_what_was_refused_and_is_in_the_index(decision: Path) -> None:
    text, index = decision.read_text(), (ROOT / "docs" / "decisions" / "README.md").read_text()
    status = re.search(r"^Status: (accepted|replaced by \[.+\])", text, re.MULTILINE)
    number, title = text.split("\n")[0].removeprefix("# ").split(". ", 1)

    assert status, "Status: accepted. Or: Status: replaced by [the later one](its file)"
    assert re.search(r"^(## Refused$|\*\*Refused\.\*\*)", text, re.MULTILINE)
    assert int(decision.name[:4]) == int(number)
    assert f"[{title}]({decision.name}) | {status[1].split(' ')[0]}" in index


def test_no_two_decisions_have_one_number() -> None:
    numbers = [path.name[:4] for path in DECISIONS]

    assert len(numbers) == len(set(numbers))


def test_every_make_target_that_documents_name_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = {target for document in DOCUMENTS for command in commands(document) for target in command}

    assert {"demo", "up", "test"} <= asked, "this test proves nothing"
    assert asked <= targets


def test_the_example_has_the_columns_that_the_readme_promises() -> None:
    header = (ROOT / "examples" / "people.csv").read_text().splitlines()[0]

    assert {"Employee Number", "Name", "Email", "Level", "Time Zone", "Skills Offered", "Skills Sought"} <= set(
        header.split(",")
    )


def anchors(document: Path) -> set[str]:
    """Of each heading, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(document: Path) -> Iterator[list[str]]:
    """The targets of each `make …` in code, without options and variables."""
    for code in re.findall(r"`(make [^`\n]+)`|^(make .+)$", document.read_text(), re.MULTILINE):
        words = shlex.split(code[0] or code[1], comments=True)[1:]
        yield [word for word in words if re.fullmatch(r"[a-z-]+", word)]
