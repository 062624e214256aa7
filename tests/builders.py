"""What tests of several rooms are built of: empty stores, and runs."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outrider.model import Attempt, CheckId, Circumstances, Run, new_run_id
from outrider.store import Store

if TYPE_CHECKING:
    from outrider.model import Measurement


@cache
def _empty_database() -> bytes:
    """Return an empty SQLite file of the present schema: to copy one is far cheaper than to migrate one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "empty.db")
        Store.open(path, artifacts=folder).close()
        return path.read_bytes()


def provide_database(path: Path) -> None:
    """Put an empty database where there is no file yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_empty_database())


def new_store(path: Path, *, artifacts: str | Path, **options: Any) -> Store:
    """Open a store of SQLite as `Store.open` does, without the migrations where it is new."""
    provide_database(path)
    return Store.open(path, artifacts=artifacts, **options)


def run_of(measurement: Measurement, check: str = "journey:shop", *, measured: bool = True, **changes: Any) -> Run:
    """Return a run of one attempt, in production here, due and begun when its measurement was.

    Args:
        measurement: Of its only attempt; outcome and reason are the run's.
        check: Id of its check.
        measured: Whether the attempt is judged.
        **changes: Fields of the run that are to differ; the id follows `due_us`.
    """
    due_us = changes.get("due_us", measurement.started_us)
    plain = Run(
        id=new_run_id(due_us),
        check=CheckId(check),
        environment="production",
        location="local",
        due_us=due_us,
        started_us=due_us,
        finished_us=due_us + round(measurement.duration_ms * 1000),
        outcome=measurement.outcome,
        reason=measurement.reason,
        attempts=(Attempt(1, measured, False, measurement),),
        circumstances=Circumstances(),
    )
    return replace(plain, **changes)
