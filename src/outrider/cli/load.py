"""`outrider load`."""

from __future__ import annotations

import json
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from outrider.app import (
    KneeSearch,
    LoadOverrides,
    duration_s,
    find_workspace,
    master_address,
    open_store,
    run_load,
    web_address,
    work_for_master,
)
from outrider.cli.echo import echo
from outrider.cli.load_tables import LoadProgress, as_json, print_knee, print_load
from outrider.cli.main import INTERRUPTED, interrupt
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import console, run_as_json
from outrider.model import OutriderError, exit_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.app import LoadOutcome, Workspace

_KNEE_USERS = 200
_DURATION = TypedValue("duration", duration_s)


@click.command(epilog="Example: outrider load tests/locustfile.py -H http://127.0.0.1:8000 -u 20 -t 1m")
@click.argument("name")
@click.option("-u", "--users", type=click.IntRange(1), help="Users at the same time.")
@click.option("-r", "--spawn-rate", type=click.FloatRange(0, min_open=True), help="Users that start each second.")
@click.option("-t", "--duration", "length_s", type=_DURATION, metavar="DURATION", help='How long, such as "5m".')
@click.option(
    "-H", "--host", type=TypedValue("url", web_address), metavar="URL", help="The target, instead of the locustfile's."
)
@click.option("--processes", type=click.IntRange(1, 512), help="Processes on this machine that generate the load.")
@click.option("--find-knee", is_flag=True, help="Step the load up, and print the rate that the target sustains.")
@click.option("--max-users", default=_KNEE_USERS, show_default=True, type=click.IntRange(8), help="With --find-knee.")
@click.option("--step", "step_s", default="10s", show_default=True, type=_DURATION, help="With --find-knee, a level.")
@click.option(
    "--worker-of", "master", type=TypedValue("address", master_address), metavar="HOST[:PORT]",
    help="Be a worker of the Locust master at this address.",
)  # fmt: skip
@click.option("--json", "as_json_", is_flag=True, help="Print one JSON object on stdout, and nothing else there.")
def load(  # noqa: PLR0917 - click hands them by name
    name: str,
    users: int | None,
    spawn_rate: float | None,
    length_s: float | None,
    host: str | None,
    processes: int | None,
    find_knee: bool,
    max_users: int,
    step_s: float,
    master: tuple[str, int] | None,
    as_json_: bool,
) -> int:
    """Put a target under load, and show rates, times and failures live.

    NAME is a load profile of the workspace (outrider ls "load:*"), or the path of any locustfile in it, as after
    Locust's -f. Options override the profile; such a run is stored as a trial, apart from the profile's own. Ctrl-C or
    SIGTERM ends the load and keeps what was measured.
    Exit codes: 0 passed, 1 failed, 2 usage, 3 inconclusive, 4 setup error, 130 interrupted.
    """
    workspace = find_workspace()
    knee_search = KneeSearch(max_users, step_s) if find_knee else None
    overrides = LoadOverrides(users, spawn_rate, length_s, host, processes, knee_search)
    if master is not None:
        return _work(workspace, name, master, overrides)
    with open_store(workspace, to_write=True) as store, LoadProgress() as progress, _ended_by_sigterm():
        outcome = run_load(workspace, store, name, overrides, listener=progress)
    _print(outcome, as_json_=as_json_, find_knee=find_knee)
    return INTERRUPTED if outcome.is_interrupted else exit_code([outcome.run.outcome])


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C: the load ends, and what was measured is kept and printed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _work(workspace: Workspace, name: str, master: tuple[str, int], overrides: LoadOverrides) -> int:
    with LoadProgress() as progress:
        outcome = work_for_master(workspace, name, master, overrides, listener=progress)
    if outcome.is_ok:
        return 0
    echo(outcome.log, err=True)
    return OutriderError.exit_code


def _print(outcome: LoadOutcome, *, as_json_: bool, find_knee: bool) -> None:
    run = outcome.run
    if as_json_:
        code = exit_code([run.outcome])
        click.echo(json.dumps({"exit_code": code, "run": run_as_json(run), **as_json(outcome.result, outcome.knee)}))
        return
    print_load(console(), run, outcome.result)
    if find_knee:
        print_knee(console(), outcome.result, outcome.knee)
