"""Checks that run again when a file is saved: which, and when."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.app.test_run_execution import Log

from outrider.app import open_store, watch_checks
from outrider.app.execution.watched_runs import file_changes
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from outrider.model import Run
    from outrider.store import Store
    from outrider.workspace import Workspace

PROBE = '[{name}]\nkind = "tcp"\naddress = "127.0.0.1:{port}"\n'


@dataclass
class WatchLog(Log):
    """Notes what changed, and which checks ran then."""

    changes: list[Sequence[str]] = field(default_factory=list)
    batches: list[list[str]] = field(default_factory=list)

    def changed(self, files: Sequence[str]) -> None:
        self.changes.append(files)

    def ran(self, runs: Sequence[Run]) -> None:
        self.batches.append([run.check.rpartition("::")[2] for run in runs])


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Return a workspace of a probe in each of two files."""
    with socket.create_server(("127.0.0.1", 0)) as target:
        (tmp_path / "outrider.toml").write_text('[probes]\nlate = "10s"\n')
        for name in ("pay", "search"):
            (tmp_path / "probes").mkdir(exist_ok=True)
            text = PROBE.format(name=name, port=target.getsockname()[1])
            (tmp_path / "probes" / f"{name}.toml").write_text(text)
        yield load(tmp_path)


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    with open_store(workspace) as opened:
        yield opened


def test_a_change_concerns_the_checks_of_its_file_or_all_if_they_share_it(workspace: Workspace, store: Store) -> None:
    """A file that holds only checks which nobody watches concerns none."""
    log = WatchLog()
    changes = [("probes/search.toml",), ("probes/pay.toml",), ("journeys/conftest.py",), ("data.json", "x.csv")]

    watch_checks(workspace, store, ["probes/pay.toml"], listener=log, changes=iter(changes))

    assert log.batches == [["pay"]] * 4
    assert log.changes == [
        ["probes/pay.toml"], ["journeys/conftest.py (gone)"], ["data.json (gone)", "x.csv (gone)"],
    ]  # fmt: skip


def test_the_runs_of_a_watch_are_trials(workspace: Workspace, store: Store) -> None:
    """They lie in an environment of their own, and nothing judges them."""
    log = WatchLog()

    watch_checks(workspace, store, [], listener=log, changes=iter(()))

    assert {run.environment for run in log.finished_runs} == {"production-trial"}
    assert {run.environment for run in store.runs.search()} == {"production-trial"}
    assert log.judgements == []


def test_what_is_broken_meanwhile_is_told_and_watching_goes_on(workspace: Workspace, store: Store) -> None:
    """Settings that cannot be read, a check that is gone, and both again as they were."""
    settings, probe = workspace.root / "outrider.toml", workspace.root / "probes" / "pay.toml"
    text, table = settings.read_text(), probe.read_text()

    def changes() -> Iterator[tuple[str, ...]]:
        settings.write_text("[broken")
        yield ("outrider.toml",)
        settings.write_text(text)
        probe.unlink()
        yield ("probes/pay.toml",)
        probe.write_text(table)
        yield ("probes/pay.toml",)

    log = WatchLog()
    watch_checks(workspace, store, ["probes/pay.toml"], listener=log, changes=changes())

    assert log.batches == [["pay"], [], [], ["pay"]]
    assert [problem.slug for problem in log.problems] == ["invalid-workspace", "unknown-check"]
    assert log.changes[1] == ["probes/pay.toml (gone)"]


def _scripted(*writes: Callable[[], object] | None) -> Callable[[float], None]:
    """Return a pause that does one thing each time, and ends after the last."""
    steps = iter(writes)

    def pause(_seconds: float) -> None:
        if (write := next(steps, lambda: (_ for _ in ()).throw(KeyboardInterrupt))) is not None:
            write()

    return pause


def test_files_that_are_saved_together_are_one_change(tmp_path: Path) -> None:
    """A change comes once nothing has changed for a moment; what Outrider writes itself is none."""
    for folder in (".outrider", "journeys"):
        (tmp_path / folder).mkdir()
    (tmp_path / "journeys" / "old.py").write_text("")
    pause = _scripted(
        None,
        lambda: (tmp_path / "journeys" / "test_a.py").write_text("1"),
        (tmp_path / "journeys" / "old.py").unlink,
        None,
        lambda: (tmp_path / ".outrider" / "outrider.db").write_text("x"),
        lambda: (tmp_path / "journeys" / "test_a.py").write_text("12"),
        None,
    )
    changes = file_changes(tmp_path, tuple, pause=pause)

    first, second = next(changes), next(changes)
    with pytest.raises(KeyboardInterrupt):
        next(changes)

    assert first == ("journeys/old.py", "journeys/test_a.py")
    assert second == ("journeys/test_a.py",)


def test_what_is_saved_before_anybody_asks_is_a_change(tmp_path: Path) -> None:
    """Such as during the first run: it counts from the call on."""
    changes = file_changes(tmp_path, tuple, pause=lambda _: None)
    (tmp_path / "b.py").write_text("1")

    assert next(changes) == ("b.py",)
