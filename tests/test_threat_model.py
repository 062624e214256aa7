"""The threat model names code and tests that are there, and the pages of support what the package says of itself."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = re.compile(r"`((?:src|tests|benchmarks|frontend|release|requirements)/[^`]*)`")


def test_what_answers_a_threat_is_where_the_page_says() -> None:
    """A file that was moved takes its line along."""
    places = PLACE.findall((ROOT / "docs/threat-model.md").read_text(encoding="utf-8"))

    assert len(places) > 30
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_each_threat_has_an_answer_with_a_place_or_says_in_bold_that_it_has_none() -> None:
    """Three columns; an empty last one is honest only beside what is bold."""
    page = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for table in re.findall(r"^\| threat \| answer \| where \|\n\|[-|]+\|\n((?:\|.+\n)+)", page, re.MULTILINE)
        for line in table.splitlines()
    ]

    assert len(rows) > 25
    assert [row for row in rows if len(row) != 3 or not (row[2] or "**" in row[0] + row[1])] == []


def test_the_pythons_that_the_package_names_are_those_of_the_support_page() -> None:
    """As classifiers, which indexes show."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [line.rpartition(" ")[2] for line in project["classifiers"] if "Python :: 3." in line]
    page = (ROOT / "docs/support.md").read_text(encoding="utf-8")

    assert named
    assert [version for version in named if version not in page] == []
    assert project["requires-python"] == f">={named[0]}"
