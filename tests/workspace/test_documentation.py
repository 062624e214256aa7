"""The documents say what the program does."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from outrider.model import ConfigErrors, Place, Policy
from outrider.workspace import Workspace, load, parse_overrides
from outrider.workspace.workspace_settings import (
    BrowserSettings,
    Capabilities,
    JourneySettings,
    LoadSettings,
    RetentionSettings,
    StoreSettings,
)

REPOSITORY = Path(__file__).parents[2]
CONFIGURATION = (REPOSITORY / "docs/configuration.md").read_text(encoding="utf-8")
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
    "settings",
    [Workspace, Policy, JourneySettings, BrowserSettings, LoadSettings, StoreSettings, RetentionSettings, Capabilities],
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


WORDS = """
check, journey, step, probe, load profile, run, attempt, location, outcome, sample, series, baseline,
degraded, change point, incident, alert, silence, maintenance window, escalation, route, gate, artifact,
coverage, environment, release, finding, subject, problem, confirmation, comparison, runtime, run queue,
attempt sequence, worker, prober, room, face, port, slug
"""


@pytest.mark.parametrize("word", [word.strip() for word in WORDS.split(",")])
def test_the_glossary_defines_every_word(word: str) -> None:
    """A word that is used for one thing everywhere is looked up in one place, and stands there once."""
    rows = re.findall(r"^\| ([^|`]+?) \|", (REPOSITORY / "docs/glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    defined = [name.strip() for row in rows for name in row.split(",")]

    assert defined.count(word) == 1
