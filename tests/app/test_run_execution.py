"""Checks are run now, and a listener follows them."""

from __future__ import annotations

import socket
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from outrider.app import SilentListener, open_store, run_checks
from outrider.model import Outcome, UsageError
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.model import OutriderError, Run
    from outrider.runs import Judgement
    from outrider.store import Store
    from outrider.workspace import Workspace

PROBES = """
[open]
kind = "tcp"
address = "127.0.0.1:{port}"
retries = 0

[closed]
kind = "tcp"
address = "127.0.0.1:{closed}"
retries = 0

[off]
kind = "tcp"
address = "127.0.0.1:{port}"
enabled = false
"""


@dataclass
class Log(SilentListener):
    """A listener that notes what it is handed."""

    total: int = 0
    finished_runs: list[Run] = field(default_factory=list)
    problems: list[OutriderError] = field(default_factory=list)
    judgements: list[tuple[Run, Judgement]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def progress(self, text: str) -> None:
        self.texts.append(text)

    def problem(self, error: OutriderError) -> None:
        self.problems.append(error)

    def started(self, total: int) -> None:
        self.total = total

    def finished(self, run: Run) -> None:
        self.finished_runs.append(run)

    def judged(self, run: Run, judgement: Judgement) -> None:
        self.judgements.append((run, judgement))


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Return a workspace of three probes: of an open port, of a closed one, and one that is switched off."""
    with socket.create_server(("127.0.0.1", 0)) as target, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        (tmp_path / "probes").mkdir()
        (tmp_path / "outrider.toml").write_text('[probes]\nlate = "10s"\n')
        ports = {"port": target.getsockname()[1], "closed": closed.getsockname()[1]}
        (tmp_path / "probes" / "shop.toml").write_text(PROBES.format(**ports))
        yield load(tmp_path)


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    """Return the workspace's store."""
    with open_store(workspace) as opened:
        yield opened


@pytest.mark.slow
def test_a_listener_follows_every_run(workspace: Workspace, store: Store) -> None:
    """It is handed the number of runs, each run once it is stored, and what the judge says of it."""
    log = Log()

    runs = run_checks(workspace, store, listener=log, repeat=2)

    assert Counter((run.check.rpartition("::")[2], run.outcome) for run in runs) == {
        ("open", Outcome.PASSED): 2,
        ("closed", Outcome.FAILED): 2,
    }
    assert log.total == len(runs)
    assert {run.id for run in log.finished_runs} == {run.id for run in runs} == {run.id for run in store.runs.search()}
    assert {run.id for run, _ in log.judgements} <= {run.id for run in runs}
    assert log.judgements
    assert log.texts
    assert log.problems == []


def test_a_listener_takes_the_problems_of_files_that_hinder_no_run(workspace: Workspace, store: Store) -> None:
    """What can run does; of parts that hold none of the chosen checks only their names are told."""
    (workspace.root / "probes" / "broken.toml").write_text('[a]\nkind = "tcp"\naddress = "no port"\n')
    some, everything = Log(), Log()

    (run,) = run_checks(workspace, store, ["probe:*::open"], listener=some)
    run_checks(workspace, store, listener=everything)

    assert run.outcome is Outcome.PASSED
    assert [problem.slug for problem in some.problems] == ["invalid-workspace"]
    assert "probes/broken.toml" in str(some.problems[0])
    assert [problem.slug for problem in everything.problems] == ["bad-address"]


def test_without_a_listener_checks_run_as_well(workspace: Workspace, store: Store) -> None:
    """Nothing is printed, and a disabled check runs where it is named."""
    (run,) = run_checks(workspace, store, ["probe:probes/shop.toml::off"])

    assert run.outcome is Outcome.PASSED


def test_a_pattern_that_matches_nothing_is_refused(workspace: Workspace, store: Store) -> None:
    """A command that did nothing must not look like one that passed."""
    with pytest.raises(UsageError) as caught:
        run_checks(workspace, store, ["probe:nothing"])

    assert caught.value.slug == "unknown-check"
    assert store.runs.search() == ()
