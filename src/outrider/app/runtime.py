"""What commands share: the workspace around them, its checks, and the machinery that runs them."""

from __future__ import annotations

import json
import os
import socket
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.app.discovery import Discovery, discovered, wants_probes_only
from outrider.journeys import (
    OWNER,
    BrowserServer,
    BrowserSettings,
    JourneyMeasure,
    Sessions,
    WorkerConfig,
    Workers,
    browser_environment,
    claim_folder,
    find_browser,
    reap_orphans,
)
from outrider.load import KIND as LOAD
from outrider.load import Catalogue as LoadCatalogue
from outrider.load import LoadMeasure, Surroundings, read_profiles
from outrider.model import BrowserError, Circumstances, ConfigError, Kind
from outrider.probes import Engine, ProbeCatalogue, read_probes
from outrider.runs import Fleet, Turns
from outrider.store import Retention, Store
from outrider.workspace import (
    Mask,
    Snapshotter,
    find_root,
    load,
    resolve_secrets,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from outrider.baselines import Settings
    from outrider.journeys import Browser
    from outrider.model import Check, Measure
    from outrider.runs import GroupRecorder, Listener
    from outrider.workspace import Secrets, Snapshot, Workspace


def workspace_here() -> Workspace:
    """Return the workspace that the current folder lies in.

    Raises:
        ConfigError: If there is none, or its files are wrong.
    """
    return load(find_root(Path.cwd()))


def browser_settings(workspace: Workspace | None = None) -> BrowserSettings:
    """Return which browser a workspace asks for; that of the current folder, if it lies in one."""
    if workspace is None:
        try:
            root = find_root(Path.cwd())
        except ConfigError:
            return BrowserSettings()
        workspace = load(root)
    asked = workspace.browser
    executable = asked.executable and str(workspace.root / Path(asked.executable).expanduser())
    return BrowserSettings(wanted=executable or asked.channel or "")


def open_store(workspace: Workspace) -> Store:
    """Open the workspace's store, which knows its checks by their present names afterwards."""
    return Store.open(workspace.store_url, artifacts=workspace.artifacts_url)


def remember(store: Store, ready: Runtime, checks: Sequence[Check]) -> None:
    """Tell the store which checks there are, and what those were called that have been renamed."""
    now_us = time.time_ns() // 1000
    store.record_checks(checks, now_us)
    present = {check.id for check in checks}
    for old in ready.workspace.aliases:
        if (current := ready.workspace.current(old)) in present:
            store.rename(type(current)(old), current, now_us)


def retention(workspace: Workspace) -> Retention:
    """Return for how long the workspace wants its results kept."""
    kept = workspace.retention
    return Retention(
        passed_artifacts_s=kept.passed_artifacts_s,
        artifacts_s=kept.evidence_s,
        others_s=kept.other_samples_s,
        details_s=kept.samples_s,
        hours_s=kept.hours_s,
        days_s=kept.days_s,
        runs_s=kept.runs_s,
    )


def judge_settings(workspace: Workspace) -> Settings:
    """Return how the workspace wants its series judged; the months are those of a whole check."""
    from outrider.baselines import Settings  # noqa: PLC0415 - most commands do not judge

    asked = workspace.baselines
    return Settings.of(
        {
            "direction": asked.direction,
            "tz": workspace.timezone,
            "months": asked.months_per_false_alert,
            "floor_ms": asked.floor_ms,
        }
    )


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything that checks need to run on this host; made by `open_runtime`."""

    workspace: Workspace
    workers: Workers
    measure: JourneyMeasure
    catalogue: ProbeCatalogue
    loads: LoadCatalogue
    mask: Mask
    turns: Turns
    scratch: Path
    circumstances: Circumstances
    environment: Mapping[str, str]
    snapshot: Snapshot

    def discover(self, patterns: Sequence[str] = ()) -> Discovery:
        """Return the checks of the workspace.

        Args:
            patterns: What is wanted; if that can be nothing but probes, no journey is looked for.

        Raises:
            WorkerError: If no worker gets ready.
        """
        if wants_probes_only(patterns):
            return discovered(self.workspace, self.catalogue, self.loads, is_whole=False)
        folders = (self.workspace.root / path for path in self.workspace.journeys.paths)
        if not (self.workspace.capabilities.journeys and any(folder.exists() for folder in folders)):
            return discovered(self.workspace, self.catalogue, self.loads)
        return discovered(self.workspace, self.catalogue, self.loads, self.workers.collect())

    def measures(self, kinds: Collection[Kind]) -> Mapping[Kind, Measure]:
        """Return what measures these kinds of check, of those that take turns on this host."""
        if Kind.LOAD not in kinds:
            return {Kind.JOURNEY: self.measure}
        return {Kind.JOURNEY: self.measure, Kind.LOAD: LoadMeasure(self.loads.profiles, self.surroundings())}

    def surroundings(self) -> Surroundings:
        """Return where loads run: a copy of the workspace, which they may write to."""
        root = self.scratch.parent / "load"
        if not root.exists():
            self.snapshot.checkout(root)
        return Surroundings(root, self.environment, self.workspace.load, self.mask)

    @contextmanager
    def fleet(
        self, store: Store, listener: Listener | None = None, *, recorder: GroupRecorder | None = None
    ) -> Iterator[Fleet]:
        """Provide what runs the workspace's probes, many at a time; runs go to the store unless a recorder is named."""
        settings, probes = self.workspace.probes, self.catalogue.probes
        with (
            Engine(probes, settings, mask=self.mask, heartbeats=store) as engine,
            Fleet(engine, recorder or store, self.scratch, self.circumstances, listener) as fleet,
        ):
            yield fleet


def probes_of(workspace: Workspace, secrets: Secrets) -> ProbeCatalogue:
    """Return the probes of a workspace; none if they are switched off."""
    if not workspace.capabilities.probes:
        return ProbeCatalogue()
    return read_probes(workspace, {**os.environ, **_values(workspace, secrets)}, others={LOAD})


def loads_of(workspace: Workspace, secrets: Secrets) -> LoadCatalogue:
    """Return the load profiles of a workspace; none if they are switched off."""
    if not workspace.capabilities.load:
        return LoadCatalogue()
    return read_profiles(workspace, {**os.environ, **_values(workspace, secrets)})


@contextmanager
def open_runtime(workspace: Workspace, *, browser: Browser | None = None) -> Iterator[Runtime]:
    """Provide what runs the workspace's checks, and leave nothing behind.

    Args:
        workspace: What to run.
        browser: To run journeys in; without one they can only be collected.

    Raises:
        ConfigError: If a secret is missing, or the workspace cannot be copied.
    """
    secrets = resolve_secrets(workspace, os.environ)
    snapshot = Snapshotter(workspace).take()
    home = _home()
    with ExitStack() as stack:
        setting = WorkerConfig(
            snapshot=snapshot,
            home=home,
            environment=_environment(workspace, secrets, browser),
            paths=workspace.journeys.paths,
            runs_per_worker=workspace.journeys.runs_per_worker,
        )
        mark, folder = claim_folder(home)
        stack.callback(_remove, folder)
        server = BrowserServer(browser, folder, mark=mark) if browser else None
        workers = Workers(setting, server)
        stack.callback(workers.close)
        sessions = Sessions(
            workspace.state / "sessions",
            {name: one.fixture for name, one in workspace.sessions.items()},
            {name: one.lifetime_s for name, one in workspace.sessions.items()},
        )

        def mask(typed: Iterable[str]) -> Mask:
            return Mask.of(secrets, typed)

        measure = JourneyMeasure(workers, sessions, mask, starved_above=workspace.journeys.starved_above)
        circumstances = Circumstances(
            release=os.environ.get("OUTRIDER_RELEASE", ""),
            outrider_version=version("outrider"),
            host=socket.gethostname(),
            snapshot=snapshot.digest,
        )
        turns = Turns(home / "turns", workspace.journeys.concurrency)
        yield Runtime(
            workspace=workspace,
            workers=workers,
            measure=measure,
            catalogue=probes_of(workspace, secrets),
            loads=loads_of(workspace, secrets),
            mask=Mask.of(secrets),
            turns=turns,
            scratch=folder / "runs",
            circumstances=circumstances,
            environment={**_environment(workspace, secrets, None), OWNER: mark},
            snapshot=snapshot,
        )


def found_browser(workspace: Workspace) -> Browser | BrowserError:
    """Return the browser that the workspace's journeys run in, or why there is none."""
    try:
        return find_browser(browser_settings(workspace))
    except BrowserError as error:
        return error


def _home() -> Path:
    """Return where workers and browsers of this user live, cleared of what a killed Outrider left there."""
    home = Path(tempfile.gettempdir()) / f"outrider-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    reap_orphans(home)
    return home


def _remove(folder: Path) -> None:
    import shutil  # noqa: PLC0415 - only when all is over

    shutil.rmtree(folder, ignore_errors=True)


def _environment(workspace: Workspace, secrets: Secrets, browser: Browser | None) -> dict[str, str]:
    environment = {**os.environ, **_values(workspace, secrets)}
    if browser is None:
        return environment
    return {**environment, **browser_environment(browser), "OUTRIDER_BROWSER": json.dumps(asdict(browser))}


def _values(workspace: Workspace, secrets: Secrets) -> dict[str, str]:
    return {**workspace.env, **{name: secrets[name].reveal() for name in secrets}}
