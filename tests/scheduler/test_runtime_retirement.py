"""Runtimes that a newer one has replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store
from tests.scheduler.conftest import NOW_US, FixedRuntime, SetClock, check

from outrider.model import Outcome, QueueEntry, RunId, StoreError, new_run_id
from outrider.scheduler import Health, RetryingRecorder
from outrider.scheduler.runtime_retirement import RuntimeRetirement
from outrider.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


def retire(runtime: FixedRuntime, store: Store) -> Health:
    health = Health()
    retirement = RuntimeRetirement(RetryingRecorder(store.runs, health, lambda _: None), health, SetClock())
    retirement.retire(runtime)
    retirement.close(60)
    return health


def test_a_replaced_runtime_is_closed_beside_the_service(store: Store, tmp_path: Path) -> None:
    """What it finished is nobody's concern any more."""
    runtime = FixedRuntime(Workspace(root=tmp_path, name="t"), [])

    health = retire(runtime, store)

    assert runtime.closed.is_set()
    assert health.problems == {}
    assert store.runs.search() == ()


def test_a_run_that_was_not_finished_is_recorded_as_skipped(store: Store, tmp_path: Path) -> None:
    """With the reason; it does not stay under way for ever."""
    entry = QueueEntry(RunId(new_run_id(NOW_US)), check().id, "local", NOW_US)
    runtime = FixedRuntime(Workspace(root=tmp_path, name="t"), [], unfinished=[(entry, check())])

    retire(runtime, store)

    (run,) = store.runs.search()
    assert (run.id, run.outcome) == (entry.run, Outcome.SKIPPED)
    assert "the workspace had changed" in run.reason


@pytest.mark.parametrize("error", [StoreError("locked", slug="store-locked"), TypeError("locked")])
def test_a_runtime_that_cannot_be_closed_is_a_problem_of_the_service(
    store: Store, tmp_path: Path, error: Exception
) -> None:
    """Nobody waits for the thread, so that it says itself what went wrong."""
    health = retire(FixedRuntime(Workspace(root=tmp_path, name="t"), [], error=error), store)

    assert "locked" in health.problems["retired runtime"]
