"""Every command that README, docs and help tell to type runs as told, in a workspace with a past."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import WAIT_S, Desk, invoke
from tests.cli.documented_commands import (
    ROOT,
    Block,
    all_commands,
    blocks,
    commands_in,
    example_of,
    inline_commands,
    refuse_misused,
    unknown_options,
)
from tests.dashboard.error_scene import declined
from tests.frames.conftest import BEGIN_US, MINUTE_US, load_run, opened, run_at, write_past

from outrider.alerts import Incident, Phase
from outrider.alerts.finding import Facts, Problem
from outrider.alerts.incident_records import stored_incident
from outrider.model import AlertChanges, ErrorException, ErrorUser, new_run_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from _pytest.mark import ParameterSet

_ENDS_S = 300
_STAYS = "it stays until it is stopped"
_NEEDS_ID = "it needs the id of what is there"
NOT_RUN = {
    "tokens revoke": _NEEDS_ID, "status-page update": _NEEDS_ID, "project rotate": _NEEDS_ID,
    "project revoke": _NEEDS_ID, "errors split": _NEEDS_ID,
    "worker": "it needs a server that runs", "location remove": "it needs a location that was added",
    "up": _STAYS, "serve": _STAYS, "ingest": _STAYS,
    "browser": "it installs packages",
    "doctor": "it needs a shop to ask", "doctor trace": "it needs a shop to ask",
    "docs": "it opens a window", "training": "it takes minutes: tests/demo/test_training.py",
    "record": "it opens a window",
    "load": "it takes a minute", "baseline": "it takes minutes", "prove": "it takes minutes",
    "gate": "it needs two deployments", "gate-comment": "it needs two deployments",
    "gate-merge": "it needs the files of several machines",
    "calibrate": "it needs two weeks of history",
    "store": "it needs a server of PostgreSQL", "store copy": "it needs a server of PostgreSQL",
    "alerts": "it notifies somebody", "alerts test": "it notifies somebody",
    "completion": "it is for a shell: tests/cli/test_completion.py",
}  # fmt: skip
"""Examples of help that are parsed only, with the reason."""
BEFORE = {
    "restore": "outrider backup /var/backups/outrider-monday",
    "settings unset": "outrider settings set journeys.concurrency 2",
    "show": "outrider run",
    "users": "outrider users remove ada",
    "users add": "outrider users remove ada",
}
"""What is typed before the example of a command."""
EXIT_CODES = {"status": 3}
"""Of examples that find something to say."""
EXAMPLES = {name: example_of(command) for name, command in all_commands()}
BEGAN_US = time.time_ns() // 1_000 - 60_000_000
INCIDENT = Incident(
    "0" * 24 + "8a1f03c2", Problem.FAILURE, BEGAN_US, BEGAN_US, Facts("refused"), phase=Phase.OPEN, opened_us=BEGAN_US
)
ISSUES = 21
"""Examples name one of them, and issues by numbers up to this one."""
PASSWORD = "correct horse battery staple\n"
SETTINGS = """
[journeys]
starved_above = 1.0
[telemetry]
[errors]
[status_page]
title = "Shop"
[[status_page.component]]
name = "Checkout"
match = ["journeys/*"]
"""
FILES = {
    "dist/static/app.js": "f()",
    "dist/static/app.js.map": '{"version": 3, "sources": ["app.ts"], "sourcesContent": ["f()"], "mappings": "AAAA"}',
    "scheduler/schedule.toml": '[[check]]\nmatch = "journeys/*"\ntags = ["money"]\n',
    "reports/dashboards/shop.toml": (
        'title = "Shop"\n[variables.service]\nvalues = ["payment"]\n'
        '[[panel]]\nkind = "number"\ntitle = "Availability"\nchecks = ["*"]\nshow = "availability"\n'
    ),
    "config.yaml": "endpoints:\n  - name: home\n    url: https://shop.example\n",
    "password.txt": PASSWORD,
    "gate.md": "# Gate\n",
    "shard-*.json": "{}",
}


def type_line(line: str, folder: Path) -> Path:
    """Do as a shell does with a line that is to succeed, and return the folder that it stands in then.

    The program runs in this process unless it starts a browser; what is no command of it is given to bash.
    """
    commands = commands_in(line.replace("/var/backups", str(folder / "backups")))
    if any(words[0] not in {"outrider", "cd"} for words in commands):
        done = in_bash(line, folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return folder
    for words in commands:
        if words[0] == "cd":
            folder /= words[1]
            continue
        done = called(words, folder)
        assert done.returncode == EXIT_CODES.get(words[1], 0), done.stdout + done.stderr
    return folder


def called(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Call the program with these words; what stands behind `<` is a password, which all files of ours hold."""
    arguments = words[1 : words.index("<")] if "<" in words else words[1:]
    if arguments[0] == "run":
        return Desk(folder, folder.parent).outrider(*arguments)
    return invoke(folder, *arguments, stdin=PASSWORD)


def in_bash(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    names = {f"GIT_{who}_{what}": "ada@shop.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env={**os.environ, **names},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=WAIT_S,
    )


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose checkout ran thirty times, with releases, a user, and files that other programs wrote."""
    folder = tmp_path_factory.mktemp("past") / "workspace"
    for part in ("journeys", "scheduler", "reports/dashboards", "dist/static"):
        (folder / part).mkdir(parents=True)
    write_past(folder)
    with opened(folder) as store:
        load = replace(load_run(), id=new_run_id(BEGIN_US + 90 * MINUTE_US, bytes(10)))
        store.runs.record_many([*map(run_at, range(5, 30)), load])
        store.incidents.record(AlertChanges((stored_incident(INCIDENT),)))
        user = ErrorUser("customer-17", email="ada@shop.example")
        store.errors.add([declined(n, exceptions=(ErrorException(f"Error{n}", ""),), user=user) for n in range(ISSUES)])
    with (folder / "outrider.toml").open("a") as file:
        file.write(SETTINGS)
    example = (ROOT / "src/outrider/workspace/template/example.py").read_text(encoding="utf-8")
    journey = {"journeys/test_checkout.py": example.replace("test_sign_guest_book", "test_checkout")}
    for name, text in {**FILES, **journey}.items():
        (folder / name).write_text(text, encoding="utf-8")
    for line in (
        "outrider release 2.13.0",
        "outrider release 2.14.0",
        "outrider users add ada --role admin",
        "outrider project add basket --origin https://shop.example",
    ):
        type_line(line, folder)
    in_bash(
        "git init --quiet; for tag in v2.4.0 v2.5.0; do git commit --quiet --allow-empty -m $tag; git tag $tag; done",
        folder,
    )
    return folder


@pytest.fixture
def workspace(past: Path, tmp_path: Path) -> Path:
    """A copy of it that a command may change."""
    return shutil.copytree(past, tmp_path / "workspace")


TELEMETRY = tuple(f"outrider {name}" for name in ("logs", "traces", "services", "hosts", "sql", "views"))
needs_engine = pytest.mark.skipif(find_spec("chdb") is None, reason="the extra `telemetry` is not installed")


def with_engine(key: Block | str, text: str) -> ParameterSet:
    return pytest.param(key, marks=[needs_engine] if text.strip().startswith(TELEMETRY) else [])


@pytest.fixture(autouse=True)
def within_minutes() -> Iterator[None]:
    """A command that serves until it is stopped fails its test, instead of holding up all others."""

    def give_up(*_: object) -> None:
        pytest.fail("it does not end: say in a comment above it why it is not run")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(_ENDS_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("block", [with_engine(block, block.text) for block in blocks()], ids=lambda block: block.place)
def test_a_block_of_commands_runs_as_told(block: Block, workspace: Path, tmp_path: Path) -> None:
    """What no test can run names its reason in a comment above the block, and is parsed."""
    folder = tmp_path if "outrider init" in block.text else workspace
    for command in block.not_run:
        assert command in block.text
        refuse_misused(command)

    for line in block.lines:
        folder = type_line(line, folder)


@pytest.mark.parametrize("name", [with_engine(name, text) for name, text in EXAMPLES.items() if name not in NOT_RUN])
def test_the_example_of_a_command_runs(name: str, workspace: Path, tmp_path: Path) -> None:
    """As it stands at the end of the command's help."""
    type_line(BEFORE.get(name, ""), workspace)

    type_line(EXAMPLES[name], tmp_path if name == "init" else workspace)


@pytest.mark.parametrize("name", NOT_RUN)
def test_the_example_of_a_command_that_cannot_run_here_is_well_formed(
    name: str, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its options exist and take such values."""
    monkeypatch.chdir(workspace)

    refuse_misused(EXAMPLES[name])


def test_every_command_in_a_sentence_exists_with_its_options() -> None:
    """A renamed option is found wherever it is written about."""
    wrong = [(place, words) for place, words in inline_commands() if unknown_options(words)]

    assert wrong == []


def test_the_readme_names_every_command() -> None:
    """In code, in the rows of its table."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [
        line.split("|", 2)[1] for line in readme.replace("\\|", " ").splitlines() if line.startswith("| `outrider ")
    ]
    named = {word.strip() for row in rows for code in re.findall("`([^`]+)`", row) for word in code.split()}

    commands = {name for name, _ in all_commands() if " " not in name}
    assert commands - named == set()
