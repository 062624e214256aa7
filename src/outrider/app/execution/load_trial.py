"""A load run made now: a profile of the workspace or any locustfile, with what a caller overrides."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outrider.app.access.listeners import SILENT
from outrider.app.access.workspace_access import prune_expired, register_checks
from outrider.app.execution.run_execution import judge_runs, trial_of
from outrider.app.execution.runtime import browser_or_error, open_runtime
from outrider.load import LoadMeasure, Steps, is_allowed, levels, profile_of, stairs, time_limit_s, work
from outrider.model import BrowserError, ConfigErrors, Kind, LoadResult, UsageError
from outrider.runs import Foreground, Runner
from outrider.workspace import select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.app.access.listeners import LoadListener
    from outrider.app.execution.runtime import Runtime
    from outrider.baselines import Knee
    from outrider.journeys import Browser
    from outrider.load import Listener, Profile
    from outrider.model import Check, ExecutionStore, LoadInterval, Measure, Measurement, Order, Run
    from outrider.workspace import Workspace


@dataclass(frozen=True, slots=True)
class KneeSearch:
    """Step the load up to `max_users`, each level for `step_s`, and find the rate that the target sustains."""

    max_users: int = 200
    step_s: float = 10.0

    def applied(self, profile: Profile) -> Profile:
        """Return the profile with the levels of the search as its shape."""
        users = stairs(self.max_users)
        return replace(profile, shape=Steps(users, self.step_s), users=None, duration_s=self.step_s * len(users))


@dataclass(frozen=True, slots=True)
class LoadOverrides:
    """What replaces the profile's own settings; None keeps them."""

    users: int | None = None
    spawn_rate: float | None = None
    duration_s: float | None = None
    host: str | None = None
    processes: int | None = None
    knee_search: KneeSearch | None = None

    def applied(self, profile: Profile) -> Profile:
        """Return the profile with these settings."""
        shape = profile.shape if self.users is None and self.duration_s is None else None
        overridden = replace(
            profile,
            shape=shape,
            users=self.users or profile.users or (profile.wanted_users if shape is None else None),
            spawn_rate=self.spawn_rate or profile.spawn_rate,
            duration_s=self.duration_s or profile.duration_s,
            host=self.host or profile.host,
            processes=self.processes or profile.processes,
        )
        return overridden if self.knee_search is None else self.knee_search.applied(overridden)


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """A stored load run.

    Attributes:
        result: What it measured; empty if it measured nothing.
        knee: None if none was searched for, or the load went through too few levels.
        is_interrupted: Whether Ctrl-C ended it.
    """

    run: Run
    result: LoadResult
    knee: Knee | None = None
    is_interrupted: bool = False


@dataclass(frozen=True, slots=True)
class WorkerOutcome:
    """How a share of another machine's load ended; `log` is what Locust wrote."""

    is_ok: bool
    log: str


def run_load(
    workspace: Workspace,
    store: ExecutionStore,
    name: str,
    overrides: LoadOverrides = LoadOverrides(),
    *,
    listener: LoadListener = SILENT,
) -> LoadOutcome:
    """Put a target under load, and return the stored run.

    A load that differs from its profile is stored as a trial, in an environment of its own, and is not judged.
    Ctrl-C (in the main thread) ends the load and keeps what was measured.

    Args:
        workspace: Whose load profiles; its hosts alone may be loaded.
        store: Where the run goes; expired data is pruned afterwards.
        name: A load profile, or the path of a locustfile within the workspace.
        overrides: What replaces the profile's own settings.
        listener: Follows the load second by second.

    Raises:
        UsageError: unknown-check, switched-off, ambiguous-check, host-not-allowed.
        BrowserError: If a journey is to run beside the load and there is no browser.
    """
    trial = _plan(workspace, name, overrides)
    with open_runtime(workspace, browser=_browser(trial)) as runtime:
        register_checks(store.checks, workspace, [trial.check])
        with runtime.turn(trial.check, listener):
            run, is_interrupted = _run(trial, runtime, store, listener)
        if not trial.is_trial:
            judge_runs([run], workspace, store, listener)
        prune_expired(store, workspace)
    result = run.attempts[0].measurement.load or LoadResult()
    knee = knee_of(result.intervals) if trial.searches_knee else None
    return LoadOutcome(run, result, knee, is_interrupted)


def work_for_master(
    workspace: Workspace,
    name: str,
    master: tuple[str, int],
    overrides: LoadOverrides = LoadOverrides(),
    *,
    listener: LoadListener = SILENT,
) -> WorkerOutcome:
    """Make a share of the load of a master on another machine, until that one ends.

    Args:
        workspace: Whose load profiles.
        name: As for `run_load`.
        master: Host and port.
        overrides: As for `run_load`.
        listener: Takes when work begins.

    Raises:
        UsageError: As for `run_load`.
    """
    with open_runtime(workspace) as runtime:
        profile = overrides.applied(_choose(runtime, name)[1])
        _check_host(workspace, profile)
        listener.working_for(*master)
        runtime.scratch.mkdir(parents=True, exist_ok=True)
        log = runtime.scratch / "worker.log"
        code = work(profile, runtime.surroundings(), host=master[0], port=master[1], log=log)
        return WorkerOutcome(code == 0, log.read_text(errors="replace") if log.exists() else "")


@dataclass(frozen=True, slots=True)
class _Trial:
    """A load to make; `is_trial` if it differs from the profile that its check stands for."""

    workspace: Workspace
    check: Check
    profile: Profile
    is_trial: bool
    searches_knee: bool


def _plan(workspace: Workspace, name: str, overrides: LoadOverrides) -> _Trial:
    with open_runtime(workspace) as runtime:
        check, own = _choose(runtime, name)
    profile = overrides.applied(own)
    _check_host(workspace, profile)
    if profile != own:
        trial = trial_of(check)
        check = replace(trial, policy=replace(trial.policy, timeout_s=time_limit_s(profile)))
    return _Trial(workspace, check, profile, profile != own, overrides.knee_search is not None)


def _choose(runtime: Runtime, name: str) -> tuple[Check, Profile]:
    """Return the load profile of that name, or a new one of a locustfile that no profile names.

    Raises:
        UsageError: unknown-check, switched-off, ambiguous-check.
        ConfigErrors: If that profile is wrong.
    """
    workspace, loads = runtime.workspace, runtime.loads
    workspace.capabilities.require("load", "load")
    path = Path(name).resolve()
    if name.endswith(".py") and path.is_file():
        _check_inside(workspace, name, path)
        file = path.relative_to(workspace.root).as_posix()
        named = [check for check in loads.checks if loads.profiles[check.id].file == file]
        if len(named) > 1:
            names = ", ".join(check.name for check in named)
            fix = f"name one of {names}"
            raise UsageError(f"{file} is the locustfile of {len(named)} load profiles", slug="ambiguous-check", fix=fix)
        check, profile = (named[0], loads.profiles[named[0].id]) if named else profile_of(workspace, file)
        return check, _in_folder_of_caller(workspace, profile)
    matching = _matching((*loads.checks, *loads.broken), name)
    if len(matching) > 1:
        ids = ", ".join(check.id for check in matching)
        raise UsageError(f'"{name}" means several load profiles', slug="ambiguous-check", fix=f"name one of {ids}")
    if causes := loads.causes.get(matching[0].id):
        raise ConfigErrors(causes)
    return matching[0], loads.profiles[matching[0].id]


def _check_inside(workspace: Workspace, name: str, path: Path) -> None:
    """Refuse a locustfile of which a run would keep no copy."""
    if not path.is_relative_to(workspace.root):
        fix = f'copy it there, or make a workspace in its folder: cd {path.parent}, and "outrider init"'
        raise UsageError(f"{name} lies outside the workspace {workspace.root}", slug="unknown-check", fix=fix)


def _matching(checks: Sequence[Check], name: str) -> Sequence[Check]:
    """Return the load profiles of a name or pattern; at least one."""
    try:
        return select(checks, [name])
    except UsageError:
        if not name.endswith(".py"):
            raise
        fix = "type the path of a locustfile, from the folder where you are, or the name of a load profile"
        raise UsageError(f"there is no file {name}", slug="unknown-check", fix=fix) from None


def _in_folder_of_caller(workspace: Workspace, profile: Profile) -> Profile:
    """Return the profile with the caller's folder, as with Locust, unless it names a folder of its own."""
    folder = Path.cwd()
    if profile.folder != "." or not folder.is_relative_to(workspace.root):
        return profile
    return replace(profile, folder=folder.relative_to(workspace.root).as_posix())


def _check_host(workspace: Workspace, profile: Profile) -> None:
    host = urlsplit(profile.host or "").hostname
    if host and not is_allowed(host, (*workspace.load.allowed_hosts, *profile.allowed_hosts)):
        fix = f'if it is yours to load, write allowed_hosts = ["{host}"] below [load] in outrider.toml'
        raise UsageError(f"no load may go to {host}", slug="host-not-allowed", fix=fix)


def _browser(trial: _Trial) -> Browser | None:
    if not trial.profile.journey:
        return None
    browser = browser_or_error(trial.workspace)
    if isinstance(browser, BrowserError):
        raise browser
    return browser


def _run(trial: _Trial, runtime: Runtime, store: ExecutionStore, listener: LoadListener) -> tuple[Run, bool]:
    """Make the load, with its journey beside it if it names one; return whether it was interrupted, too."""
    is_enough = _is_saturated if trial.searches_knee else None
    with _followed(trial.check, listener):
        foreground = _foreground(trial, runtime, store)
        listeners: list[Listener] = [listener] if foreground is None else [listener, foreground]
        measure = LoadMeasure(
            {trial.check.id: trial.profile}, runtime.surroundings(), _Listeners(listeners), is_enough,
            progress=store.load_progress, shares=store.load_shares,
        )  # fmt: skip
        combined: Measure = measure if foreground is None else _ForegroundLoad(foreground, measure)
        runner = Runner(
            {Kind.LOAD: combined}, store.runs, runtime.scratch, runtime.circumstances, redactor=runtime.redactor
        )
        return runner.run(trial.check), measure.interrupted


@contextmanager
def _followed(check: Check, listener: LoadListener) -> Iterator[None]:
    listener.load_started(check)
    try:
        yield
    finally:
        listener.load_ended()


def _foreground(trial: _Trial, runtime: Runtime, store: ExecutionStore) -> Foreground | None:
    if not trial.profile.journey:
        return None
    (journey, *others) = select(runtime.discover().journeys, [trial.profile.journey])
    if others:
        raise UsageError(
            f'journey = "{trial.profile.journey}" means {len(others) + 1} journeys',
            slug="ambiguous-check",
            fix=f"name one, such as {journey.id}",
        )

    def run(measure: Measure, check: Check) -> Run:
        around = (store.runs, runtime.scratch, runtime.circumstances)
        return Runner({Kind.JOURNEY: measure}, *around, redactor=runtime.redactor).run(check)

    runtime.measure.prepare(journey)
    return Foreground(journey, runtime.measure, run, starved_above=runtime.workspace.journeys.starved_above)


@dataclass(frozen=True, slots=True)
class _ForegroundLoad:
    """A load with a journey beside it, as one measure."""

    foreground: Foreground
    load: Measure

    def measure(self, order: Order) -> Measurement:
        return self.foreground.beside(self.load, order)


@dataclass(frozen=True, slots=True)
class _Listeners:
    """Several listeners as one."""

    listeners: Sequence[Listener]

    def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:
        for listener in self.listeners:
            listener.second(so_far, left_s)


def _is_saturated(so_far: Sequence[LoadInterval]) -> bool:
    """Return whether more users bring no more, by the levels that are over: the last one may be under way."""
    from outrider.baselines import is_saturated  # noqa: PLC0415 - SciPy is for those who look for the knee

    return is_saturated([level.requests_per_s for level in levels(so_far)[:-1]])


def knee_of(intervals: Sequence[LoadInterval]) -> Knee | None:
    """Return the knee of a load that went up; None if it went through too few levels to show one."""
    import numpy as np  # noqa: PLC0415 - as below

    from outrider.baselines import find_knee, is_saturated  # noqa: PLC0415 - SciPy is for those who look for the knee
    from outrider.model import BadSeries, TooFewSamples  # noqa: PLC0415

    climbed = levels(intervals)
    is_stopped = _is_saturated(intervals) or is_saturated([level.requests_per_s for level in climbed])
    steps = [level for level in climbed if level.requests_per_s > 0]
    users, rates = [level.users for level in steps], [level.requests_per_s for level in steps]
    try:
        return find_knee(users, rates, np.random.default_rng(len(steps)), is_stopped=is_stopped)
    except (TooFewSamples, BadSeries):
        return None
