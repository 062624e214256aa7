"""What a commit lacks before it can be released."""

from __future__ import annotations

from pathlib import Path

import pytest
from release.changelog import section, unready, version_of

import outrider

ROOT = Path(__file__).resolve().parents[2]
READY = "# Changelog\n\nBy hand.\n\n## 1.2.0 - 2026-11-30\n\n### Added\n\n- More.\n\n## 1.1.0 - 2026-10-01\n\n- Less.\n"


def test_the_version_that_is_built_is_the_one_that_the_program_prints() -> None:
    """It stands in one place."""
    assert version_of(ROOT) == outrider.__version__


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.2.0", "### Added\n\n- More."), ("1.1.0", "- Less."), ("1.1", ""), ("1.2.0 -", "")],
)
def test_the_section_of_a_version_is_taken_out_of_the_changelog(version: str, expected: str) -> None:
    """Without its heading, up to the next; another version is none."""
    assert section(READY, version) == expected


@pytest.mark.parametrize(
    ("changelog", "tags", "changes", "words"),
    [
        (READY, ["v1.2.0"], [], []),
        (READY.replace("## 1.2", "## Unreleased\n\n## 1.2"), ["v1.2.0", "best"], [], []),
        (READY.replace("## 1.2", "## Unreleased\n\n- New.\n\n## 1.2"), ["v1.2.0"], [], ["under"]),
        (READY.replace("2026-11-30", "soon"), ["v1.2.0"], [], ['is "1.2.0 - soon"']),
        (READY.replace("1.2.0", "1.3.0"), ["v1.2.0"], [], ["1.3.0 - 2026"]),
        (READY.replace("### Added\n\n- More.\n", ""), ["v1.2.0"], [], ["says nothing of 1.2.0"]),
        ("# Changelog\n\n## Unreleased\n\n- New.\n", ["v1.2.0"], [], ["is none"]),
        (READY, [], [], ["no tag"]),
        (READY, ["v1.1.0"], ["README.md"], ["has v1.1.0", "README.md"]),
    ],
)
def test_what_a_commit_lacks_is_said(changelog: str, tags: list[str], changes: list[str], words: list[str]) -> None:
    """A dated section of this version on top with something in it, the tag, and nothing that is not committed."""
    lacks = unready(changelog, "1.2.0", tags, changes)

    assert len(lacks) == len(words)
    assert [word for word, sentence in zip(words, lacks, strict=True) if word not in sentence] == []
