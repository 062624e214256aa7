"""Runbooks: built in, files of the workspace, or addresses; with values of an incident filled in."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.alerts.conftest import NOW_US
from tests.cli.documented_commands import refuse_misused

from outrider.alerts.finding import Facts, Problem
from outrider.alerts.incident import Incident
from outrider.alerts.runbooks import (
    FOLDER,
    fill_in,
    is_runbook,
    list_runbooks,
    new_runbook,
    read_runbook,
    runbook_of,
    runbook_place,
    runbook_values,
)
from outrider.model import SubjectKind, UsageError

if TYPE_CHECKING:
    from pathlib import Path

INCIDENT = Incident("i1", Problem.FAILURE, NOW_US, NOW_US, Facts("refused"), checks=("probe:probes/a.toml::home",))
BUILT_IN = sorted([*(f"{problem}.md" for problem in Problem), "receiver.md", "service.md", "page.md"])


def labelled(**labels: str) -> Incident:
    return replace(INCIDENT, labels=labels)


@pytest.mark.parametrize(
    ("labels", "links", "place"),
    [
        ({"runbook": "pay.md"}, "", "scheduler/runbooks/pay.md"),
        ({"runbook": "pay.md"}, "https://o.example/", "https://o.example/runbooks/pay.md?incident=i1"),
        (
            {"runbook": "team a/pay?.md"},
            "https://o.example",
            "https://o.example/runbooks/team%20a/pay%3F.md?incident=i1",
        ),
        ({"runbook": "https://wiki.example/pay"}, "https://o.example/", "https://wiki.example/pay"),
        ({}, "https://o.example/", "https://o.example/runbooks/failure.md?incident=i1"),
        ({"receiver": "mail"}, "https://o.example/", "https://o.example/runbooks/receiver.md?incident=i1"),
        ({}, "", ""),
    ],
)
def test_a_message_says_where_a_runbook_can_be_read(labels: dict[str, str], links: str, place: str) -> None:
    """Its page with the values of the incident, its file where there are no pages, or its own address."""
    assert runbook_place(labelled(**labels), links) == place


def test_every_problem_has_a_built_in_runbook_of_one_form(tmp_path: Path) -> None:
    """What it means, who suffers, where to look, what to do, when to escalate; its commands can be typed."""
    assert list_runbooks(tmp_path) == dict.fromkeys(BUILT_IN, False)
    for name in BUILT_IN:
        text = read_runbook(tmp_path, name) or ""
        headings = ["What it means", "Who suffers", "Look here first", "Do this", "When to escalate"]
        assert re.findall("^## (.+)$", text, re.MULTILINE) == headings, name
        values = dict.fromkeys(re.findall(r"\{\{ (\w+) \}\}", text), "17")
        assert "{{" not in fill_in(text, values), name
        for line in re.findall(r"^ +(outrider .+)$", fill_in(text, values), re.MULTILINE):
            refuse_misused(line)


@pytest.mark.parametrize(
    ("problem", "kind", "name"),
    [
        (Problem.DEGRADATION, SubjectKind.PROBE, "degradation.md"),
        (Problem.DEGRADATION, SubjectKind.SERVICE, "service.md"),
        (Problem.FAILURE, SubjectKind.SERVICE, "service.md"),
        (Problem.DEGRADATION, SubjectKind.PAGE, "page.md"),
        (Problem.FAILURE, SubjectKind.PAGE, "page.md"),
        (Problem.ISSUE, SubjectKind.ISSUE, "issue.md"),
        (Problem.LOCATION, SubjectKind.LOCATION, "location.md"),
        (Problem.RULE, SubjectKind.RULE, "rule.md"),
        (Problem.QUOTA, SubjectKind.SERVICE, "quota.md"),
        (Problem.CHANGE, SubjectKind.SERVICE, "change.md"),
    ],
)
def test_what_is_judged_without_a_run_has_a_runbook_that_asks_for_none(
    tmp_path: Path, problem: Problem, kind: SubjectKind, name: str
) -> None:
    """A service, a page of real users, an issue, a location, a rule: `outrider show RUN` would lead nowhere."""
    incident = replace(labelled(kind=kind), problem=problem)

    assert runbook_of(incident) == name
    assert ("{{ run }}" in (read_runbook(tmp_path, name) or "")) is (kind is SubjectKind.PROBE)


def test_a_runbook_of_the_workspace_takes_the_place_of_a_built_in_one(tmp_path: Path) -> None:
    """`new` writes the built-in one to be edited, else an empty form, and overwrites nothing."""
    built_in = read_runbook(tmp_path, "failure.md")

    path = new_runbook(tmp_path, "failure")
    assert path.read_text("utf-8") == built_in
    path.write_text("# Ours")
    assert read_runbook(tmp_path, runbook_of(INCIDENT)) == "# Ours"
    assert new_runbook(tmp_path, "team/pay-day.md").read_text("utf-8").startswith("# Pay day\n")
    own = {name for name, is_own in list_runbooks(tmp_path).items() if is_own}
    assert own == {"failure.md", "team/pay-day.md"}
    for name in ("failure", "../pay", "/tmp/pay", "https://wiki.example/pay"):
        with pytest.raises(UsageError):
            new_runbook(tmp_path, name)
    assert path.read_text("utf-8") == "# Ours"


def test_values_of_an_incident_are_filled_in() -> None:
    """Quoted where a shell reads them; other braces stay, and what is not known says so."""
    values = runbook_values(replace(INCIDENT, lead=Facts("refused\nby", run="a b;c")))

    assert fill_in("{{check}} {{ what }} {{ release }} {{ .ID }}", values) == (
        "probe:probes/a.toml::home refused by not known {{ .ID }}"
    )
    assert fill_in("show {{ run }} {{ release }}", values, is_code=True) == "show 'a b;c' RELEASE"
    assert fill_in("{{ check }} fails", {}) == "CHECK fails"


def test_a_runbook_is_a_file_of_its_folder(tmp_path: Path) -> None:
    """Nothing beside it is read, whatever the name says; bytes that are no text are shown as such."""
    folder = tmp_path / FOLDER
    (folder / "team").mkdir(parents=True)
    (folder / "pay.md").write_bytes(b"# Pay\xff")
    (tmp_path / "outrider.toml").write_text("secret")

    assert read_runbook(tmp_path, "pay.md") == "# Pay\ufffd"
    assert is_runbook(tmp_path, "https://wiki.example/pay")
    for name in ("../../outrider.toml", str(tmp_path / "outrider.toml"), "team", "", "none.md", "a\0b", "x" * 5_000):
        assert not is_runbook(tmp_path, name)
        assert read_runbook(tmp_path, name) is None
    assert read_runbook(tmp_path, "https://wiki.example/pay") is None
