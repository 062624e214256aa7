"""`outrider load`."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from rich.console import Console

from outrider.app.runtime import Runtime, found_browser, open_runtime, open_store, remember, retention, workspace_here
from outrider.cli.load_telling import LiveLoad, as_json, tell, tell_knee
from outrider.cli.main import INTERRUPTED
from outrider.cli.run import Progress, judge_runs
from outrider.cli.telling import console, run_as_json
from outrider.load import LoadMeasure, Steps, is_allowed, levels, profile_of, stairs, time_limit_s, work
from outrider.model import BrowserError, Kind, LoadResult, OutriderError, UsageError, exit_code
from outrider.runs import TRIAL_SUFFIX, Foreground, Runner
from outrider.workspace import Refused, check_url, parse_duration, select, split_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.baselines import Knee
    from outrider.journeys import Browser
    from outrider.load import Listener, Profile
    from outrider.model import Check, LoadInterval, Measure, Measurement, Order, Run
    from outrider.store import Store
    from outrider.workspace import Workspace

_KNEE_USERS = 200
_MASTER_PORT = 5557


class Duration(click.ParamType[float]):
    """A number and a unit."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        try:
            seconds = parse_duration(str(value))
        except ValueError:
            self.fail(f'{value} is not a duration: write a number and a unit, such as "30s" or "5m"', param, ctx)
        return seconds


def _master(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, int] | None:
    if value is None:
        return None
    try:
        return split_address(value if ":" in value else f"{value}:{_MASTER_PORT}")
    except Refused as refused:
        raise click.BadParameter(f"{value} {refused.what}: {refused.fix}", ctx, param) from None


def _host(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    try:
        check_url(value or "http://localhost")
    except Refused as refused:
        raise click.BadParameter(f"{value} {refused.what}: {refused.fix}", ctx, param) from None
    return value


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was typed instead of what the profile says; None where nothing was."""

    users: int | None
    spawn_rate: float | None
    duration_s: float | None
    host: str | None
    processes: int | None

    def over(self, profile: Profile) -> Profile:
        """Return the profile with what was typed."""
        shape = profile.shape if self.users is None and self.duration_s is None else None
        return replace(
            profile,
            shape=shape,
            users=self.users or profile.users or (profile.wanted_users if shape is None else None),
            spawn_rate=self.spawn_rate or profile.spawn_rate,
            duration_s=self.duration_s or profile.duration_s,
            host=self.host or profile.host,
            processes=self.processes or profile.processes,
        )


@click.command(epilog="Example: outrider load shop_load --users 20 --duration 1m")
@click.argument("name")
@click.option("-u", "--users", type=click.IntRange(1), help="Users at the same time.")
@click.option("-r", "--spawn-rate", type=click.FloatRange(0, min_open=True), help="Users that start each second.")
@click.option("-t", "--duration", "duration_s", type=Duration(), metavar="DURATION", help='How long, such as "5m".')
@click.option("-H", "--host", callback=_host, metavar="URL", help="The target, in place of the locustfile's.")
@click.option("--processes", type=click.IntRange(1, 512), help="Processes that make the load here.")
@click.option("--find-knee", is_flag=True, help="Step the load up, and tell the rate that the target sustains.")
@click.option("--max-users", default=_KNEE_USERS, show_default=True, type=click.IntRange(8), help="Of --find-knee.")
@click.option("--step", "step_s", default="10s", show_default=True, type=Duration(), help="Of --find-knee: each level.")
@click.option(
    "--worker-of", callback=_master, metavar="HOST[:PORT]", help="Make a share of the load of a master there."
)
@click.option("--json", "as_json_", is_flag=True, help="Print one JSON object on stdout, and nothing else there.")
def load(  # noqa: PLR0917 - click hands them by name
    name: str,
    users: int | None,
    spawn_rate: float | None,
    duration_s: float | None,
    host: str | None,
    processes: int | None,
    find_knee: bool,
    max_users: int,
    step_s: float,
    worker_of: tuple[str, int] | None,
    as_json_: bool,
) -> int:
    """Put a target under load, live, and tell how it did.

    NAME is a load profile of the workspace, or the path of any locustfile. What is typed here wins over the profile;
    such a run is stored as a trial, apart from the profile's own. Ctrl-C ends the load and keeps what was measured.
    Exit codes: 0 passed, 1 failed, 2 usage, 3 inconclusive, 4 setup error, 130 interrupted.
    """
    workspace = workspace_here()
    wishes = Wishes(users, spawn_rate, duration_s, host, processes)
    with open_runtime(workspace) as ready:
        check, own = chosen(ready, name)
        profile = wishes.over(own)
        if find_knee:
            profile = _stepped(profile, max_users, step_s)
        _check_host(workspace, profile)
        if worker_of is not None:
            return _work(ready, profile, worker_of)
        if profile != own:
            apart = replace(
                check.policy, environment=f"{check.policy.environment}{TRIAL_SUFFIX}", timeout_s=time_limit_s(profile)
            )
            check = replace(check, policy=apart)
    trial = Trial(workspace, check, profile, is_trial=profile != own, find_knee=find_knee)
    return _carry_out(trial, as_json_=as_json_)


@dataclass(frozen=True, slots=True)
class Trial:
    """A load to make; `is_trial` if it differs from the profile that its check stands for."""

    workspace: Workspace
    check: Check
    profile: Profile
    is_trial: bool
    find_knee: bool


def chosen(ready: Runtime, name: str) -> tuple[Check, Profile]:
    """Return the load profile that is meant, or one of a locustfile that nothing names yet.

    Raises:
        UsageError: unknown-check, switched-off, ambiguous-check.
        ConfigErrors: If profiles of the workspace are wrong.
    """
    workspace, loads = ready.workspace, ready.loads
    if not workspace.capabilities.load:
        fix = "set load = true below [capabilities]"
        raise UsageError("load is switched off in outrider.toml", slug="switched-off", fix=fix)
    for problem in loads.problems:
        click.echo(str(problem), err=True)
    path = Path(name).resolve()
    if name.endswith(".py") and path.is_file() and path.is_relative_to(workspace.root):
        file = path.relative_to(workspace.root).as_posix()
        named = [check for check in loads.checks if loads.profiles[check.id].file == file]
        if not named:
            return profile_of(workspace, file)
        if len(named) == 1:
            return named[0], loads.profiles[named[0].id]
    found = select(loads.checks, [name])
    if len(found) > 1:
        ids = ", ".join(check.id for check in found)
        raise UsageError(f'"{name}" means several load profiles', slug="ambiguous-check", fix=f"name one of {ids}")
    return found[0], loads.profiles[found[0].id]


def _stepped(profile: Profile, max_users: int, step_s: float) -> Profile:
    levels_ = stairs(max_users)
    shape = Steps(levels_, step_s)
    return replace(profile, shape=shape, users=None, duration_s=step_s * len(levels_))


def _check_host(workspace: Workspace, profile: Profile) -> None:
    asked = urlsplit(profile.host or "").hostname
    if asked and not is_allowed(asked, (*workspace.load.allowed_hosts, *profile.allowed_hosts)):
        fix = f'if it is yours to load, write allowed_hosts = ["{asked}"] below [load] in outrider.toml'
        raise UsageError(f"no load may go to {asked}", slug="host-not-allowed", fix=fix)


def _work(ready: Runtime, profile: Profile, master: tuple[str, int]) -> int:
    click.echo(f"working for {master[0]}:{master[1]}", err=True)
    ready.scratch.mkdir(parents=True, exist_ok=True)
    log = ready.scratch / "worker.log"
    code = work(profile, ready.surroundings(), host=master[0], port=master[1], log=log)
    if code:
        click.echo(log.read_text(errors="replace"), err=True)
    return exit_code(()) if code == 0 else OutriderError.exit_code


def _carry_out(trial: Trial, *, as_json_: bool) -> int:
    progress = Progress(Console(stderr=True))
    browser = _browser(trial)
    with open_store(trial.workspace) as store, open_runtime(trial.workspace, browser=browser) as ready:
        remember(store, ready, [trial.check])
        progress.say(f"{trial.check.name}: waits for others on this host")
        with ready.turns.taken():
            run, interrupted = _run(trial, ready, store, progress)
        if not trial.is_trial:
            judge_runs([run], ready, store, progress)
        store.prune(time.time_ns() // 1000, retention(trial.workspace))
    result = run.attempts[0].measurement.load or LoadResult()
    knee = _knee(result) if trial.find_knee else None
    if as_json_:
        click.echo(
            json.dumps({"exit_code": exit_code([run.outcome]), "run": run_as_json(run), **as_json(result, knee)})
        )
    else:
        tell(console(), run, result)
        if trial.find_knee:
            tell_knee(console(), result, knee)
    return INTERRUPTED if interrupted else exit_code([run.outcome])


def _browser(trial: Trial) -> Browser | None:
    if not trial.profile.journey:
        return None
    browser = found_browser(trial.workspace)
    if isinstance(browser, BrowserError):
        raise browser
    return browser


def _run(trial: Trial, ready: Runtime, store: Store, progress: Progress) -> tuple[Run, bool]:
    """Make the load, with its journey beside it if it names one; tell whether it was interrupted."""
    progress.stop()
    enough = _is_enough if trial.find_knee else None
    with LiveLoad(Console(stderr=True), trial.check.name) as live:
        foreground = _foreground(trial, ready, store)
        listeners: list[Listener] = [live] if foreground is None else [live, foreground]
        measure = LoadMeasure({trial.check.id: trial.profile}, ready.surroundings(), _All(listeners), enough)
        beside: Measure = measure if foreground is None else _Beside(foreground, measure)
        runner = Runner({Kind.LOAD: beside}, store, ready.scratch, ready.circumstances)
        return runner.run(trial.check), measure.interrupted


def _foreground(trial: Trial, ready: Runtime, store: Store) -> Foreground | None:
    if not trial.profile.journey:
        return None
    (journey, *others) = select(ready.discover().journeys, [trial.profile.journey])
    if others:
        raise UsageError(
            f'journey = "{trial.profile.journey}" means {len(others) + 1} journeys',
            slug="ambiguous-check",
            fix=f"name one, such as {journey.id}",
        )

    def run(measure: Measure, check: Check) -> Run:
        return Runner({Kind.JOURNEY: measure}, store, ready.scratch, ready.circumstances).run(check)

    ready.measure.prepare()
    return Foreground(journey, ready.measure, run, starved_above=ready.workspace.journeys.starved_above)


@dataclass(frozen=True, slots=True)
class _Beside:
    """A load with a journey beside it, as one measure."""

    foreground: Foreground
    load: Measure

    def measure(self, order: Order) -> Measurement:
        return self.foreground.beside(self.load, order)


@dataclass(frozen=True, slots=True)
class _All:
    """Several listeners as one."""

    listeners: Sequence[Listener]

    def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:
        for listener in self.listeners:
            listener.second(so_far, left_s)


def _is_enough(so_far: Sequence[LoadInterval]) -> bool:
    from outrider.baselines import is_saturated  # noqa: PLC0415 - SciPy is for those who look for the knee

    *done, _ = levels(so_far) or ((),)
    return is_saturated([one.requests_per_s for one in done])


def _knee(result: LoadResult) -> Knee | None:
    """Return the knee; None if the load went through too few levels to show one."""
    import numpy as np  # noqa: PLC0415 - as below

    from outrider.baselines import find_knee  # noqa: PLC0415 - SciPy is for those who look for the knee
    from outrider.model import BadSeries, TooFewSamples  # noqa: PLC0415

    found = [one for one in levels(result.intervals) if one.requests_per_s > 0]
    try:
        return find_knee(
            [one.users for one in found], [one.requests_per_s for one in found], np.random.default_rng(len(found))
        )
    except (TooFewSamples, BadSeries):
        return None
