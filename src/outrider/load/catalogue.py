"""The load profiles of a workspace: tables of `probes/*.toml` of kind load, and every `probes/*_load.py`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from outrider.load.hosts import is_allowed
from outrider.load.profile import DURATION_S, LONGEST_S, USUAL, AbortRule, Expectation, Profile
from outrider.load.shapes import Arrivals, Ramp, Soak, Spike, Steps
from outrider.model import Check, CheckId, ConfigError, Kind, SubjectKind, is_location_name
from outrider.workspace import (
    PolicyOverrides,
    Refused,
    Table,
    as_check_id,
    as_count,
    as_delay,
    as_duration,
    as_hosts,
    as_inner_paths,
    as_one_of,
    as_positive,
    as_share,
    as_text,
    as_texts,
    check_url,
    in_reading_order,
    is_file,
    is_folder,
    read_document,
    read_overrides,
    read_template,
    resolve,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.load.shapes import Shape
    from outrider.workspace import Workspace

T = TypeVar("T")

FOLDER = "probes"
KIND = "load"
SPARE_S = 60.0
"""What a run may take beyond the load itself: getting workers ready, and letting go of them."""

_SHAPES = ("constant", "ramp", "steps", "spike", "soak", "arrivals")
_MOST_USERS = 1_000_000
_QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The load profiles of a workspace.

    Attributes:
        checks: Those without a problem.
        broken: Those with one: they are listed, and run as setup errors with the reason.
        causes: The problems of each broken one.
    """

    checks: tuple[Check, ...] = ()
    profiles: Mapping[CheckId, Profile] = field(default_factory=dict)
    broken: tuple[Check, ...] = ()
    causes: Mapping[CheckId, tuple[ConfigError, ...]] = field(default_factory=dict)
    problems: tuple[ConfigError, ...] = ()


def read_profiles(workspace: Workspace, variables: Mapping[str, str]) -> Catalogue:
    """Read the load profiles of a workspace.

    A file of tables that is no TOML is passed over: whatever reads the probes in it reports that.

    Args:
        workspace: Whose profiles.
        variables: Environment and secrets by name.
    """
    reader = _Reader(workspace, variables)
    entries: list[tuple[Check, Profile]] = []
    broken: list[Check] = []
    causes: dict[CheckId, tuple[ConfigError, ...]] = {}
    problems: list[ConfigError] = []
    for path in sorted((workspace.root / FOLDER).glob("*.toml")):
        file = f"{FOLDER}/{path.name}"
        try:
            document = read_document(path, file)
        except ConfigError:
            continue
        top = Table(document.data, "", document.place, problems)
        for name, data in document.data.items():
            if isinstance(data, dict) and data.get("kind") == KIND:
                before = len(problems)
                entry = reader.read(top, name)
                if len(problems) == before:
                    entries.append(entry)
                else:
                    broken.append(entry[0])
                    causes[entry[0].id] = tuple(problems[before:])
    named = {profile.file for _, profile in entries}
    files = (f"{FOLDER}/{path.name}" for path in sorted((workspace.root / FOLDER).glob("*_load.py")))
    entries += (profile_of(workspace, file) for file in files if file not in named)
    return Catalogue(
        tuple(check for check, _ in entries),
        {check.id: profile for check, profile in entries},
        tuple(broken),
        causes,
        in_reading_order(problems),
    )


def profile_of(workspace: Workspace, file: str) -> tuple[Check, Profile]:
    """Return the check and the profile of a locustfile that no table names."""
    identity = workspace.current(f"{Kind.LOAD}:{file}")
    profile = Profile(file)
    name = file.rpartition("/")[2].removesuffix(".py")
    return _check(workspace, identity, profile, path=file, name=name), profile


def time_limit_s(profile: Profile) -> float:
    """Return how long a run of a profile may take, where its policy does not say."""
    return (profile.duration_s or (DURATION_S if profile.shape else LONGEST_S)) + SPARE_S


def _check(
    workspace: Workspace,
    identity: CheckId,
    profile: Profile,
    *,
    path: str,
    name: str,
    line: int = 0,
    own: PolicyOverrides | None = None,
) -> Check:
    """Return a check that runs only when it is named, never again by itself, and as long as its load takes."""
    usual = replace(
        workspace.defaults, enabled=False, retries=0, evidence=False, timeout_s=time_limit_s(profile), session=None
    )
    policy = resolve(
        replace(workspace, defaults=usual), identity, path=path, name=name, marks=frozenset({KIND}),
        own=own or PolicyOverrides(),
    )  # fmt: skip
    return Check(identity, Kind.LOAD, path, name, name, policy, line, frozenset({KIND}))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads tables of load profiles."""

    workspace: Workspace
    variables: Mapping[str, str]

    def read(self, top: Table, name: str) -> tuple[Check, Profile]:
        """Read one; problems are left with its table."""
        table, place = top.section(name), top.place(name)
        table.read("kind", as_one_of(KIND), KIND)
        own = read_overrides(table, session=False, identity=table.read("id", as_check_id(SubjectKind.LOAD), None))
        identity = CheckId(own.id or self.workspace.current(f"{Kind.LOAD}:{place.file}::{name}"))
        profile = self._profile(table)
        table.close()
        return _check(
            self.workspace, identity, profile, path=place.file, name=name, line=place.line, own=own
        ), profile  # fmt: skip

    def _profile(self, table: Table) -> Profile:
        duration_s = table.read("duration", as_duration, None)
        users = table.read("users", as_count(1, _MOST_USERS), None)
        workers_at = self._workers_at(table)
        profile = Profile(
            file=table.require("file", self._as_file, "", '"probes/shop_load.py", a locustfile'),
            folder=table.read("folder", self._as_folder, "."),
            host=table.read("host", self._filled(_as_url), None),
            users=users,
            spawn_rate=table.read("spawn_rate", as_positive, None),
            duration_s=duration_s,
            shape=_shape(table, users, duration_s or DURATION_S),
            processes=table.read("processes", as_count(1, 512), 1),
            workers=len(workers_at) or table.read("workers", as_count(1, 10_000), 0),
            workers_at=workers_at,
            classes=table.read("classes", as_texts, ()),
            tags=table.read("only", as_texts, ()),
            exclude_tags=table.read("except", as_texts, ()),
            arguments=tuple(self._arguments(table)),
            allowed_hosts=table.read("allowed_hosts", as_hosts, ()),
            journey=table.read("journey", as_text, ""),
            hang_after_s=table.read("hang_after", as_duration, None),
            expect=_expectations(table),
            abort=_abort(table),
        )
        allowed = (*self.workspace.load.allowed_hosts, *profile.allowed_hosts)
        if profile.host and not is_allowed(asked := urlsplit(profile.host).hostname or "", allowed):
            what = f'= "{profile.host}" is a host that no load may go to'
            fix = f'if it is yours to load, write allowed_hosts = ["{asked}"] here, or below [load] in outrider.toml'
            table.report("host", what, fix, "host-not-allowed")
        return profile

    def _workers_at(self, table: Table) -> tuple[str, ...]:
        """Return in which locations to start workers of Locust: they have to know where its master is."""
        workers_at = table.read("workers_at", _as_locations, ())
        if workers_at and self.workspace.load.master is None:
            fix = 'write master = "host:5557" below [load] in outrider.toml: this host, as those locations see it'
            table.report("workers_at", "needs an address at which workers find this host", fix, "missing-key")
        for key in ("workers", "processes"):
            if workers_at and key in table.data:
                what = "stands beside workers_at, which says how many there are"
                table.report(key, what, f"remove {key}", "workers-beside-locations")
        return workers_at

    def _arguments(self, table: Table) -> tuple[str, ...]:
        def convert(value: object) -> tuple[str, ...]:
            if not isinstance(value, list) or not all(isinstance(argument, str) for argument in value):
                raise Refused("is not a list of texts", 'write a list, such as ["--currency", "EUR"]')
            return tuple(self._fill(argument) for argument in value)

        return table.read("arguments", convert, ())

    def _filled(self, convert: Callable[[str], T]) -> Callable[[object], T]:
        return lambda value: convert(self._fill(as_text(value)))

    def _fill(self, text: str) -> str:
        return read_template(text, self.variables).fill({})

    def _as_file(self, value: object) -> str:
        (path,) = as_inner_paths(as_text(value))
        if not is_file(self.workspace.root / path):
            raise Refused("is not a file", "write the path of a locustfile, from the workspace's root", "missing-file")
        return path

    def _as_folder(self, value: object) -> str:
        (path,) = as_inner_paths(as_text(value))
        if not is_folder(self.workspace.root / path):
            raise Refused("is not a folder", "write the path of a folder of the workspace", "missing-folder")
        return path


def _as_locations(value: object) -> tuple[str, ...]:
    for name in (names := as_texts(value)):
        if not is_location_name(name):
            fix = 'write such as ["fra"]; local is the service itself, where processes = 4 starts some'
            raise Refused(f'holds "{name}", which cannot be the name of a location with workers', fix, "bad-location")
    return names


def _as_url(text: str) -> str:
    check_url(text)
    return text


def _shape(table: Table, users: int | None, duration_s: float) -> Shape | None:
    if "shape" not in table.data:
        table.section("shape")
        return None
    section = table.section("shape")
    kind = section.require("kind", as_one_of(*_SHAPES), "constant", '"ramp", or another of ' + ", ".join(_SHAPES))
    shape = _SHAPE_READERS[kind](section, users or 1, duration_s)
    if users is None and kind not in {"steps", "constant"}:
        table.report("users", "is missing", "add users = 10, for its shape", "missing-key")
    section.close()
    return shape


def _constant(table: Table, users: int, duration_s: float) -> None:  # noqa: ARG001 - as the others
    return None


def _ramp(table: Table, users: int, duration_s: float) -> Shape:
    return Ramp(users, _within(table, "ramp", duration_s / 2, duration_s))


def _soak(table: Table, users: int, duration_s: float) -> Shape:
    return Soak(users, _within(table, "ramp", duration_s / 10, duration_s / 2), duration_s)


def _steps(table: Table, users: int, duration_s: float) -> Shape:  # noqa: ARG001 - as the others
    usual: tuple[int, ...] = (1,)
    levels = table.require("users", _as_levels, usual, "[5, 10, 20]")
    return Steps(levels, table.read("every", as_duration, duration_s / len(levels)))


def _spike(table: Table, users: int, duration_s: float) -> Shape:
    peak = table.require("peak", as_count(1, _MOST_USERS), users, "100, the users of the crowd")
    at_s = _within(table, "at", duration_s / 3, duration_s)
    return Spike(users, peak, at_s, _within(table, "lasts", duration_s / 3, duration_s - at_s))


def _arrivals(table: Table, users: int, duration_s: float) -> Shape:
    rate = table.require("rate", as_positive, 1.0, "20, tasks a second")
    return Arrivals(rate, users, table.read("ramp", as_delay, 0.0) if duration_s else 0.0)


_SHAPE_READERS: Mapping[str, Callable[[Table, int, float], Shape | None]] = {
    "constant": _constant,
    "ramp": _ramp,
    "steps": _steps,
    "spike": _spike,
    "soak": _soak,
    "arrivals": _arrivals,
}


def _within(table: Table, key: str, usual_s: float, most_s: float) -> float:
    length_s = table.read(key, as_duration, usual_s)
    if length_s > most_s:
        table.report(key, "lasts longer than the load", "shorten it, or lengthen duration", "out-of-range")
    return length_s


def _as_levels(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not value:
        raise Refused("is not a list of numbers", "write numbers of users in their order, such as [5, 10, 20]")
    return tuple(as_count(1, _MOST_USERS)(level) for level in value)


def _expectations(table: Table) -> dict[str, Expectation]:
    section = table.section("expect")
    overall = _expectation(section, USUAL)
    endpoints = section.section("endpoint")
    by_name = {name: _closed(endpoints.section(name)) for name in endpoints.data}
    section.close()
    return {"": overall, **by_name}


def _closed(table: Table) -> Expectation:
    expectation = _expectation(table, Expectation())
    table.close()
    return expectation


def _expectation(table: Table, usual: Expectation) -> Expectation:
    limits = {share: table.read(name, as_duration, None) for name, share in _QUANTILES.items()}
    return Expectation(
        failure_share=table.read("failure_share", as_share, usual.failure_share),
        quantiles={share: limit_s * 1000 for share, limit_s in limits.items() if limit_s is not None},
        requests_per_s=table.read("requests_per_s", as_positive, None),
    )


def _abort(table: Table) -> AbortRule | None:
    section = table.section("abort")
    limits = _expectation(section, Expectation())
    window_s = section.read("window", as_duration, 10.0)
    section.close()
    return AbortRule(limits, window_s) if "abort" in table.data else None
