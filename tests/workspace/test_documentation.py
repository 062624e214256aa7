"""The documents say what the program does."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from outrider.model import ConfigErrors, Place, Policy
from outrider.workspace import Workspace, load, parse_overrides
from outrider.workspace.settings import (
    BrowserSettings,
    Capabilities,
    JourneySettings,
    RetentionSettings,
    StoreSettings,
)

REPOSITORY = Path(__file__).parents[2]
CONFIGURATION = (REPOSITORY / "docs/configuration.md").read_text(encoding="utf-8")
ERRORS = (REPOSITORY / "docs/errors.md").read_text(encoding="utf-8")
SOURCES = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "src/outrider/workspace").glob("*.py"))
EXAMPLES = re.findall(r"```toml\n(.*?)```", CONFIGURATION, re.DOTALL)


def test_all_examples_together_are_a_workspace(tmp_path: Path) -> None:
    """What somebody copies works."""
    schedule = [example for example in EXAMPLES if "schedule.toml" in example]
    settings = [example for example in EXAMPLES if "schedule.toml" not in example]
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "journeys").mkdir()
    (tmp_path / "scheduler/schedule.toml").write_text("\n".join(schedule), encoding="utf-8")
    (tmp_path / "outrider.toml").write_text("\n".join(settings), encoding="utf-8")

    loaded = load(tmp_path)

    assert (loaded.name, len(loaded.schedule)) == ("shop", 3)
    assert set(loaded.sessions) == {"customer"}


@pytest.mark.parametrize(
    "settings", [Workspace, Policy, JourneySettings, BrowserSettings, StoreSettings, RetentionSettings, Capabilities]
)
def test_every_setting_is_described(settings: type) -> None:
    """A key that nobody can read about is no key."""
    names = {field.name.removesuffix("_s") for field in fields(settings)} - {"root", "schedule"}

    assert not [name for name in names if f"`{name}`" not in CONFIGURATION and f"[{name}" not in CONFIGURATION]


def test_the_marker_takes_what_the_document_says() -> None:
    """Every key of a policy, a session and an id."""
    every = dict.fromkeys(("every", "timeout"), "1m") | {"retries": 0, "evidence": True, "enabled": True, "id": "x"}
    lists = {"locations": ["a"], "tags": ["b"], "environment": "c", "session": "d"}

    assert parse_overrides(every | lists, Place("journeys/test_a.py", 1)).id == "x"
    with pytest.raises(ConfigErrors):
        parse_overrides({"match": "x"}, Place("journeys/test_a.py", 1))


def test_every_slug_has_its_heading() -> None:
    """The slug at the end of a message leads to an explanation."""
    words = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', SOURCES))
    tools = {"latin-1", "ls-files", "playwright-report", "test-results", "utf-8", "utf-8-sig", "utf-16-be", "utf-16-le"}

    assert words - tools <= set(re.findall(r"^## (.+)$", ERRORS, re.MULTILINE))


def test_headings_of_errors_are_in_order() -> None:
    """Somebody looks one up."""
    headings = re.findall(r"^## (.+)$", ERRORS, re.MULTILINE)

    assert headings == sorted(headings)
