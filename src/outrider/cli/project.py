"""What commands share: the workspace around them, its checks, and the machinery that runs them."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.journeys import (
    BrowserServer,
    BrowserSettings,
    Collection,
    JourneyMeasure,
    Sessions,
    Setting,
    Workers,
    browser_environment,
    claim_folder,
    find_browser,
    reap_orphans,
)
from outrider.model import BrowserError, Check, CheckId, Circumstances, ConfigError, ConfigErrors, Kind, Place
from outrider.probes import Catalogue, Engine, read_probes
from outrider.runs import Fleet, Turns
from outrider.store import Store
from outrider.workspace import (
    Mask,
    Snapshotter,
    duplicate_checks,
    find_root,
    load,
    parse_overrides,
    resolve,
    resolve_secrets,
    unmatched_patterns,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from outrider.journeys import Browser, Found
    from outrider.runs import Listener
    from outrider.workspace import Secrets, Workspace


_NO_TESTS = Collection([], [])
_PROBES = ("probe:", "probes/")


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


@dataclass(frozen=True, slots=True)
class Discovery:
    """The checks of a workspace, and all that is wrong with them.

    A file that cannot be collected is a check of its own, so that running it says why.
    """

    checks: tuple[Check, ...]
    problems: tuple[ConfigError, ...]


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that checks need to run on this host; made by `bench`."""

    workspace: Workspace
    workers: Workers
    measure: JourneyMeasure
    catalogue: Catalogue
    mask: Mask
    turns: Turns
    scratch: Path
    circumstances: Circumstances

    def discover(self, patterns: Sequence[str] = ()) -> Discovery:
        """Return the checks of the workspace.

        Args:
            patterns: What is wanted; if that can be nothing but probes, no journey is looked for.

        Raises:
            WorkerError: If no worker gets ready.
        """
        if wants_probes_only(patterns):
            return _discovery(self.workspace, self.catalogue, is_whole=False)
        folders = (self.workspace.root / path for path in self.workspace.journeys.paths)
        if not (self.workspace.capabilities.journeys and any(folder.exists() for folder in folders)):
            return _discovery(self.workspace, self.catalogue)
        return _discovery(self.workspace, self.catalogue, self.workers.collect())

    @contextmanager
    def fleet(self, store: Store, listener: Listener | None = None) -> Iterator[Fleet]:
        """Provide what runs the workspace's probes, many at a time."""
        settings, probes = self.workspace.probes, self.catalogue.probes
        with (
            Engine(probes, settings, mask=self.mask, heartbeats=store) as engine,
            Fleet(engine, store, self.scratch, self.circumstances, listener) as fleet,
        ):
            yield fleet


def wants_probes_only(patterns: Sequence[str]) -> bool:
    """Tell whether patterns can mean nothing but probes, by how they begin."""
    return bool(patterns) and all(pattern.removeprefix("./").startswith(_PROBES) for pattern in patterns)


def probes_of(workspace: Workspace, secrets: Secrets) -> Catalogue:
    """Return the probes of a workspace; none if they are switched off."""
    if not workspace.capabilities.probes:
        return Catalogue()
    return read_probes(workspace, {**os.environ, **_values(workspace, secrets)})


@contextmanager
def bench(workspace: Workspace, *, browser: Browser | None = None) -> Iterator[Bench]:
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
        setting = Setting(
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
        yield Bench(
            workspace=workspace,
            workers=workers,
            measure=measure,
            catalogue=probes_of(workspace, secrets),
            mask=Mask.of(secrets),
            turns=turns,
            scratch=folder / "runs",
            circumstances=circumstances,
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


def _discovery(
    workspace: Workspace, catalogue: Catalogue, collection: Collection = _NO_TESTS, *, is_whole: bool = True
) -> Discovery:
    problems = list(catalogue.problems)
    checks = [_check(workspace, found, problems) for found in collection.tests]
    for node, message in collection.errors:
        where = Place(node.partition("::")[0])
        problems.append(
            ConfigError(
                f"cannot be collected:\n{_indented(message)}",
                slug="not-collected",
                fix="correct the file; pytest --collect-only shows the same",
                where=where,
            )
        )
        checks.append(_broken(workspace, node))
    checks += catalogue.checks
    everything = tuple(checks)
    problems += duplicate_checks(everything)
    if is_whole:
        problems += unmatched_patterns(workspace, everything)
    unique = {check.id: check for check in reversed(everything)}
    return Discovery(tuple(reversed(unique.values())), tuple(problems))


def _check(workspace: Workspace, found: Found, problems: list[ConfigError]) -> Check:
    place = Place(found.path, found.line)
    try:
        own = parse_overrides(found.overrides, place, sessions=workspace.sessions)
    except ConfigErrors as errors:
        problems += errors.problems
        own = parse_overrides({}, place)
    identity = own.id or workspace.current(f"{Kind.JOURNEY}:{found.path}::{found.name}")
    marks = frozenset(found.marks)
    policy = resolve(workspace, identity, path=found.path, name=found.name, marks=marks, own=own)
    return Check(
        id=CheckId(identity),
        kind=Kind.JOURNEY,
        path=found.path,
        name=found.name,
        target=found.target,
        policy=policy,
        line=found.line,
        marks=marks,
    )


def _broken(workspace: Workspace, node: str) -> Check:
    path = node.partition("::")[0]
    identity = CheckId(f"{Kind.JOURNEY}:{path}")
    policy = resolve(workspace, identity, path=path, name=path)
    return Check(identity, Kind.JOURNEY, path, Path(path).name, target=node, policy=policy)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines())
