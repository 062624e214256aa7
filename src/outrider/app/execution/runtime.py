"""One loaded workspace, ready to execute: its checks, and what measures them on this host."""

from __future__ import annotations

import json
import os
import socket
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from outrider.app.access.host_turns import host_turns, user_folder
from outrider.app.execution.declared_checks import loads_of, probes_of
from outrider.app.execution.discovery import Discovery, discover, wants_probes_only
from outrider.app.lookup.request_traces import load_tracer, tracer
from outrider.journeys import (
    DECLARED_VARIABLE,
    HEADED_VARIABLE,
    MISSING_VARIABLE,
    OWNER,
    BrowserServer,
    BrowserSettings,
    JourneyMeasure,
    PictureTimes,
    Sessions,
    WorkerConfig,
    WorkerError,
    Workers,
    browser_environment,
    claim_folder,
    find_browser,
    provide_browser,
    reap_orphans,
)
from outrider.journeys import Collection as TestCollection
from outrider.load import Catalogue as LoadCatalogue
from outrider.load import LoadMeasure, Surroundings
from outrider.model import BrowserError, Circumstances, Claim, ConfigError, Kind, reason_of
from outrider.probes import Engine, ProbeCatalogue
from outrider.runs import Fleet, Turns
from outrider.workspace import (
    Mask,
    Propagation,
    Redactor,
    Snapshotter,
    Variables,
    available_secrets,
    expanded,
    matches,
    measured_environment,
    names_of,
    select,
    surprising_names,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from outrider.app.access.listeners import ProgressListener
    from outrider.journeys import Browser
    from outrider.model import Check, HeartbeatLog, LoadProgressLog, LoadShareLog, Measure
    from outrider.runs import GroupRecorder, Listener
    from outrider.workspace import Secrets, Snapshot, Workspace


def browser_settings(workspace: Workspace, *, with_window: bool = False) -> BrowserSettings:
    """Return the browser settings of a workspace, for a browser that can show itself if one is to be seen."""
    wanted = workspace.browser
    executable = wanted.executable and str(workspace.root / expanded(wanted.executable))
    return BrowserSettings(wanted=executable or wanted.channel or "", with_window=with_window)


def browser_or_error(workspace: Workspace, *, with_window: bool = False) -> Browser | BrowserError:
    """Return the browser that the workspace's journeys run in, or why there is none."""
    try:
        return find_browser(browser_settings(workspace, with_window=with_window))
    except BrowserError as error:
        return error


def provide_workspace_browser(
    workspace: Workspace | None, *, install: bool = False, on_progress: Callable[[str], None] = lambda _line: None
) -> Browser:
    """Return the browser that journeys run in; install one if that is allowed and needed.

    Args:
        workspace: Whose settings hold; without one the first usable browser of this host is returned.
        install: Whether one may be installed.
        on_progress: Takes the lines of an installation.

    Raises:
        BrowserError: If there is none; it lists what was rejected and why.
    """
    settings = BrowserSettings() if workspace is None else browser_settings(workspace)
    return provide_browser(settings, install=install, on_progress=on_progress)


@dataclass(frozen=True, slots=True)
class Runtime:
    """One loaded workspace, ready to execute on this host; made by `open_runtime`.

    Attributes:
        browser: In which journeys run, or why they cannot; None if none was searched for.
        scratch: A folder for the runs' temporary files, removed when the runtime is closed.
        environment: The environment of loads: the process's, the workspace's, and the values of secrets.
        missing_secrets: Why declared secrets have no value, by name: what reads one of them is a setup error.
    """

    workspace: Workspace
    browser: Browser | BrowserError | None
    workers: Workers
    measure: JourneyMeasure
    catalogue: ProbeCatalogue
    loads: LoadCatalogue
    redactor: Redactor
    turns: Turns
    scratch: Path
    circumstances: Circumstances
    environment: Mapping[str, str]
    snapshot: Snapshot
    missing_secrets: Mapping[str, ConfigError] = field(default_factory=dict)

    def require_browser(self, checks: Iterable[Check]) -> None:
        """See that the journeys among the checks have a browser.

        Raises:
            BrowserError: If there are journeys and no browser.
        """
        if isinstance(self.browser, BrowserError) and any(check.kind == Kind.JOURNEY for check in checks):
            raise self.browser

    def may_mean_journeys(self, patterns: Sequence[str]) -> bool:
        """Return whether patterns match neither probes nor loads, as far as that is known without collecting tests."""
        others = (*self.catalogue.checks, *self.loads.checks)
        has_journeys = self.workspace.capabilities.journeys and bool(self.workspace.journeys.paths)
        return has_journeys and not any(matches(pattern, names_of(check)) for check in others for pattern in patterns)

    def discover(
        self, patterns: Sequence[str] = (), on_progress: Callable[[str], None] = lambda _text: None
    ) -> Discovery:
        """Return the checks of the workspace.

        Args:
            patterns: What is wanted; if that can be nothing but probes, no test is collected. Where no worker starts,
                every journey is a check that says why.
            on_progress: Takes what is being collected.
        """
        discovery = self._discover(patterns, on_progress)
        return replace(discovery, problems=(*self.missing_secrets.values(), *discovery.problems))

    def _discover(self, patterns: Sequence[str], on_progress: Callable[[str], None]) -> Discovery:
        if wants_probes_only(patterns):
            return discover(self.workspace, self.catalogue, self.loads, is_whole=False)
        folders = (self.workspace.root / path for path in self.workspace.journeys.paths)
        if not (self.workspace.capabilities.journeys and any(folder.exists() for folder in folders)):
            return discover(self.workspace, self.catalogue, self.loads)
        return discover(self.workspace, self.catalogue, self.loads, self._collect(on_progress))

    def _collect(self, on_progress: Callable[[str], None]) -> TestCollection:
        try:
            return self.workers.collect(lambda path: on_progress(f"collecting {path}"))
        except WorkerError as error:
            message = f"{error.what}: {error.fix}"
            return TestCollection([], [[path, message] for path in self.workspace.journeys.paths])

    def measures(
        self, kinds: Collection[Kind], progress: LoadProgressLog | None = None, shares: LoadShareLog | None = None
    ) -> Mapping[Kind, Measure]:
        """Return what measures journeys and loads, the kinds that take turns on this host; loads only if wanted."""
        if Kind.LOAD not in kinds:
            return {Kind.JOURNEY: self.measure}
        broken = {check: reason_of(causes) for check, causes in self.loads.causes.items()}
        loads = LoadMeasure(
            self.loads.profiles, self.surroundings(), broken=broken, progress=progress, shares=shares
        )  # fmt: skip
        return {Kind.JOURNEY: self.measure, Kind.LOAD: loads}

    @contextmanager
    def turn(self, check: Check, listener: ProgressListener, *, runs: int = 1) -> Iterator[None]:
        """Wait for a turn on this host, and hold it for so many runs of a check."""
        claim = Claim(check.id, check.policy.timeout_s * runs)
        with self.turns.taken(claim, on_wait=lambda ahead: listener.waiting(check, ahead)):
            yield

    def surroundings(self) -> Surroundings:
        """Return where loads run: a copy of the workspace that they may write to."""
        root = self.scratch.parent / "load"
        if not root.exists():
            self.snapshot.checkout(root)
        return Surroundings(root, self.environment, self.workspace.load, self.redactor, load_tracer(self.workspace))

    @contextmanager
    def fleet(
        self, heartbeats: HeartbeatLog, recorder: GroupRecorder, listener: Listener | None = None
    ) -> Iterator[Fleet]:
        """Open what runs the workspace's probes, many at a time."""
        settings, probes = self.workspace.probes, self.catalogue.probes
        with (
            Engine(
                probes, settings, redactor=self.redactor, heartbeats=heartbeats, begin_trace=tracer(self.workspace)
            ) as engine,
            Fleet(engine, recorder, self.scratch, self.circumstances, listener, redactor=self.redactor) as fleet,
        ):
            yield fleet


@contextmanager
def open_runtime(
    workspace: Workspace,
    *,
    browser: Browser | BrowserError | None = None,
    headed: bool = False,
    secrets: Secrets | None = None,
    snapshot: Snapshot | None = None,
) -> Iterator[Runtime]:
    """Open what runs the workspace's checks; processes and temporary files are gone when it is closed.

    Args:
        workspace: What to run.
        browser: To run journeys in; without one they can only be collected.
        headed: Whether the browser shows itself.
        secrets: Their values, where this process's environment does not have them.
        snapshot: Of the workspace's files; taken now if absent.

    Raises:
        ConfigError: If the workspace cannot be copied.
    """
    secrets = available_secrets(workspace, os.environ) if secrets is None else secrets
    redactor = Redactor(Mask.of(secrets))
    snapshot = Snapshotter(workspace).take() if snapshot is None else snapshot
    home = _home()
    usable = None if isinstance(browser, BrowserError) else browser
    with ExitStack() as stack:
        mark, folder = claim_folder(home)
        stack.callback(_remove, folder)
        config = WorkerConfig(
            snapshot=snapshot,
            home=home,
            environment={
                **_environment(workspace, secrets, usable),
                **({HEADED_VARIABLE: "1"} if headed else {}),
                DECLARED_VARIABLE: " ".join(workspace.env),
            },
            paths=workspace.journeys.paths,
        )
        around = _shell(workspace)
        server = BrowserServer(usable, folder, mark=mark, environ=around, headless=not headed) if usable else None
        workers = Workers(config, server)
        stack.callback(workers.close)
        yield Runtime(
            workspace=workspace,
            browser=browser,
            workers=workers,
            measure=_journey_measure(workspace, workers, redactor),
            catalogue=probes_of(workspace, secrets),
            loads=loads_of(workspace, secrets),
            redactor=redactor,
            turns=host_turns(workspace),
            scratch=folder / "runs",
            circumstances=_circumstances(snapshot),
            environment={**_environment(workspace, secrets, None), OWNER: mark},
            snapshot=snapshot,
            missing_secrets=secrets.missing,
        )


def ignored_variables(workspace: Workspace) -> tuple[str, ...]:
    """Return the variables of this process that somebody may expect to count, and that no measured run sees."""
    return surprising_names(os.environ, workspace.env)


def list_checks(
    workspace: Workspace, patterns: Sequence[str] = (), on_progress: Callable[[str], None] = lambda _text: None
) -> tuple[Check, ...]:
    """Return the checks of a workspace that patterns match, all without patterns; tests are collected, not run.

    Args:
        workspace: Whose checks.
        patterns: Ids, paths, names, globs over them, or tag:WORD.
        on_progress: Takes what is being collected.

    Raises:
        UsageError: unknown-check if a pattern matches none.
        ConfigError: If the workspace cannot be copied.
    """
    with open_runtime(workspace) as runtime:
        return select(runtime.discover(patterns, on_progress).checks, patterns)


def browser_sessions(workspace: Workspace) -> Sessions:
    """Return the stored sign-ins of a workspace's journeys."""
    return Sessions(
        workspace.state / "sessions",
        {name: session.fixture for name, session in workspace.sessions.items()},
        {name: session.lifetime_s for name, session in workspace.sessions.items()},
    )


def _journey_measure(workspace: Workspace, workers: Workers, redactor: Redactor) -> JourneyMeasure:
    every_s = workspace.journeys.picture_every_s if workspace.retention.last_good_s > 0 else None
    return JourneyMeasure(
        workers,
        browser_sessions(workspace),
        redactor,
        starved_above=workspace.journeys.starved_above,
        pictures=PictureTimes(every_s),
        begin_trace=tracer(workspace),
        propagate_to=workspace.telemetry.propagate_to if workspace.telemetry else (),
        by_route=workspace.telemetry is not None and workspace.telemetry.propagate_by is Propagation.ROUTE,
        main_thread=workspace.journeys.main_thread,
    )


def _circumstances(snapshot: Snapshot) -> Circumstances:
    return Circumstances(
        release=os.environ.get("OUTRIDER_RELEASE", ""),
        outrider_version=version("outrider"),
        host=socket.gethostname(),
        snapshot=snapshot.digest,
    )


def _home() -> Path:
    """Return the folder of this user's workers and browsers, without the orphans of a killed Outrider."""
    home = user_folder()
    home.mkdir(mode=0o700, exist_ok=True)
    reap_orphans(home)
    return home


def _remove(folder: Path) -> None:
    import shutil  # noqa: PLC0415 - only at the end

    shutil.rmtree(folder, ignore_errors=True)


def _shell(workspace: Workspace) -> dict[str, str]:
    """Return the environment of a browser: it needs no secret."""
    return {**measured_environment(os.environ), **workspace.env}


def _environment(workspace: Workspace, secrets: Secrets, browser: Browser | None) -> dict[str, str]:
    environment = dict(Variables(measured_environment(os.environ), workspace.env, secrets))
    if secrets.missing:
        environment[MISSING_VARIABLE] = json.dumps({name: problem.what for name, problem in secrets.missing.items()})
    if browser is None:
        return environment
    adapted = browser_environment(browser, environ=environment)
    return {**environment, **adapted, "OUTRIDER_BROWSER": json.dumps(asdict(browser))}
