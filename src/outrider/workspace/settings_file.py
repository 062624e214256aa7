"""From the files of a workspace to frozen settings, once, with every problem reported together."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.model import CHECK_KINDS, LOCALES, ConfigError, ConfigErrors, Place, Policy
from outrider.workspace.changeable_settings import overridden
from outrider.workspace.error_settings import read_errors
from outrider.workspace.file_list import PRODUCTS
from outrider.workspace.location_settings import read_locations
from outrider.workspace.named_paths import is_file, is_listed, is_there
from outrider.workspace.otel_settings import read_otel
from outrider.workspace.policy import read_overrides
from outrider.workspace.schedule_file import scheduled
from outrider.workspace.server_settings import read_server
from outrider.workspace.source_settings import read_sources
from outrider.workspace.status_page_settings import read_status_page
from outrider.workspace.tables import (
    Table,
    as_addresses,
    as_any_text,
    as_check_id,
    as_count,
    as_delay,
    as_duration,
    as_flag,
    as_hosts,
    as_inner_paths,
    as_number,
    as_one_of,
    as_share,
    as_text,
    split_address,
)
from outrider.workspace.telemetry_settings import read_telemetry
from outrider.workspace.toml_document import Document, read_document
from outrider.workspace.workspace_root import no_workspace
from outrider.workspace.workspace_settings import (
    SCHEDULE_FILE,
    SETTINGS_FILE,
    BaselineSettings,
    BrowserSettings,
    Capabilities,
    JourneySettings,
    LoadSettings,
    ProbeSettings,
    RetentionSettings,
    SecretSource,
    SessionSettings,
    StoreSettings,
    Workspace,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from outrider.workspace.changeable_settings import Value

_EMPTY = Document(SETTINGS_FILE, {}, {})
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SOURCE_FIX = 'write {env = "VARIABLE"} or {file = "path"}; the value itself never stands here'
_ORDER_FIX = "exchange the two, or leave one out: a default follows what is written"
_AS_MONTHS = as_number(
    0.1, 1200, "the judge's limits were set for one false alert in five months, and no past tells more than a century"
)
_AS_FLOOR_MS = as_number(0, 3_600_000, "above an hour nothing would alert; [capabilities] judging = false says that")
_FOLDERS = ("journeys", "probes", "reports", "scheduler")
_KEPT_WITHIN = {
    ("other_samples", "samples"): "which are kept for longer, since they are judged",
    ("samples", "hours"): "which are made of them",
    ("hours", "days"): "which are made of them",
    ("samples", "runs"): "and samples go with their run",
    ("passed_artifacts", "runs"): "and artifacts go with their run",
    ("passed_artifacts", "evidence"): "which ends all artifacts",
    ("last_good", "runs"): "and artifacts go with their run",
    ("evidence", "runs"): "and artifacts go with their run",
}
"""Pairs of keys of [retention] whose first must not exceed the second, and why."""


def load(root: Path, overrides: Mapping[str, Value] | None = None) -> Workspace:
    """Read `outrider.toml` and `scheduler/schedule.toml` below `root`; `overrides` hold in the place of what they say.

    Raises:
        ConfigErrors: With every problem of both files.
        ConfigError: If `root` holds no `outrider.toml`.
    """
    workspace, problems = read_workspace(root, overrides)
    if problems:
        raise ConfigErrors(problems)
    return workspace


def read_workspace(
    root: Path, overrides: Mapping[str, Value] | None = None
) -> tuple[Workspace, tuple[ConfigError, ...]]:
    """Return the workspace of `root`, with defaults in the place of what is wrong, and every problem of both files.

    Raises:
        ConfigError: If `root` holds no `outrider.toml`.
    """
    root = root.resolve()
    if not is_listed(root / SETTINGS_FILE):
        raise no_workspace(root)
    problems: list[ConfigError] = []
    settings = _read(root, SETTINGS_FILE, problems)
    if overrides:
        settings = overridden(settings or _EMPTY, overrides)
    workspace = _workspace(root, settings or _EMPTY, problems)
    schedule = _read(root, SCHEDULE_FILE, problems) if is_listed(root / SCHEDULE_FILE) else None
    problems += _files_for_folders(root)
    if schedule:
        sessions = workspace.sessions if settings else None
        workspace = scheduled(workspace, schedule, sessions, problems)
    return workspace, in_reading_order(problems)


def _files_for_folders(root: Path) -> Iterator[ConfigError]:
    """Yield each name of a folder of the workspace that a file has: what it should hold would silently be missing."""
    for name in _FOLDERS:
        if is_file(root / name):
            yield ConfigError(
                "is a file", slug="unreadable-file", fix="make it a folder, or rename the file", where=Place(name)
            )


def in_reading_order(problems: Iterable[ConfigError]) -> tuple[ConfigError, ...]:
    """Return problems by file and line."""
    return tuple(sorted(problems, key=_place))


def _place(problem: ConfigError) -> tuple[str, int]:
    return (problem.where.file, problem.where.line) if problem.where else ("", 0)


def _read(root: Path, file: str, problems: list[ConfigError]) -> Document | None:
    try:
        return read_document(root / file, file)
    except ConfigError as problem:
        problems.append(problem)
        return None


def _workspace(root: Path, document: Document, problems: list[ConfigError]) -> Workspace:
    top = Table(document.data, "", document.place, problems)
    general = top.section("workspace")
    secrets = _secrets(top.section("secrets"))
    workspace = Workspace(
        root=root,
        name=general.read("name", as_text, root.name),
        timezone=_timezone(general),
        locale=general.read("locale", as_one_of(*LOCALES), "en"),
        include=general.read("include", as_inner_paths, ()),
        exclude=general.read("exclude", as_inner_paths, ()),
        defaults=_defaults(top.section("defaults")),
        journeys=_journeys(top.section("journeys"), root),
        probes=_probes(top.section("probes")),
        load=_load(top.section("load")),
        browser=_browser(top.section("browser")),
        store=_store(top.section("store")),
        secrets=secrets,
        sessions=_sessions(top.section("sessions")),
        env=_environment(top.section("env"), secrets),
        aliases=_aliases(top.section("aliases")),
        retention=_retention(top.section("retention")),
        baselines=_baselines(top.section("baselines")),
        capabilities=_capabilities(top.section("capabilities")),
        server=read_server(top.section("server"), secrets),
        status_page=read_status_page(top),
        otel=read_otel(top.section("otel"), secrets),
        locations=read_locations(top.section("locations"), secrets),
        errors=read_errors(top.section("errors")) if "errors" in top.data else None,
        telemetry=read_telemetry(top.section("telemetry"), secrets) if "telemetry" in top.data else None,
        sources=read_sources(top.section("sources"), secrets),
    )
    general.close()
    top.close()
    return workspace


def _timezone(table: Table) -> str:
    name = table.read("timezone", as_text, "UTC")
    if name == "UTC":
        return name
    from zoneinfo import ZoneInfo  # noqa: PLC0415  costs 5 ms, and most workspaces keep to UTC

    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        fix = 'write an IANA name, such as "Europe/Berlin"; without any time zones here, install tzdata'
        table.report("timezone", f'= "{name}" is not a time zone of this machine', fix, "unknown-timezone")
        return "UTC"
    return name


def _defaults(table: Table) -> Policy:
    overrides = read_overrides(table, session=False)
    table.close()
    return overrides.over(Policy())


def _journeys(table: Table, root: Path) -> JourneySettings:
    usual = JourneySettings()
    journeys = JourneySettings(
        paths=table.read("paths", as_inner_paths, usual.paths),
        runs_per_worker=table.read("runs_per_worker", as_count(1, 1000), usual.runs_per_worker),
        concurrency=table.read("concurrency", as_count(1, 64), usual.concurrency),
        starved_above=table.read("starved_above", as_share, usual.starved_above),
        picture_every_s=table.read("picture_every", as_delay, usual.picture_every_s),
        main_thread=table.read("main_thread", as_flag, usual.main_thread),
    )
    expanded = {path: _expanded(root, path) for path in journeys.paths}
    for path, places in expanded.items():
        if journeys.paths != usual.paths and not places:
            table.report("paths", f'names "{path}", which does not exist', "correct or create it", "missing-folder")
    table.close()
    if journeys.paths == usual.paths:
        return journeys
    return replace(journeys, paths=tuple(dict.fromkeys(place for places in expanded.values() for place in places)))


def _expanded(root: Path, path: str) -> tuple[str, ...]:
    """Return what a path of journeys stands for: itself, or the folders and test files that it matches as a pattern."""
    if is_there(root / path):
        return (path,)
    if not set(path) & set("*?["):
        return ()
    try:
        matches = sorted(root.glob(path))
    except (ValueError, OSError):  # such as "**x"
        return ()
    places = (place for place in matches if place.is_dir() or place.suffix == ".py")
    inner = [place.relative_to(root) for place in places]
    return tuple(place.as_posix() for place in inner if not PRODUCTS & set(place.parts))


def _probes(table: Table) -> ProbeSettings:
    usual = ProbeSettings()
    probes = ProbeSettings(
        per_host=table.read("per_host", as_count(1, 1000), usual.per_host),
        late_s=table.read("late", as_duration, usual.late_s),
        references=table.read("references", as_addresses, usual.references),
    )
    table.close()
    return probes


def _load(table: Table) -> LoadSettings:
    usual = LoadSettings()
    load = LoadSettings(
        allowed_hosts=table.read("allowed_hosts", as_hosts, usual.allowed_hosts),
        busy_above=table.read("busy_above", as_share, usual.busy_above),
        late_s=table.read("late", as_duration, usual.late_s),
        hang_after_s=table.read("hang_after", as_duration, usual.hang_after_s),
        hang_share=table.read("hang_share", as_share, usual.hang_share),
        trace_every=table.read("trace_every", as_count(0, 1_000_000), usual.trace_every),
        master=table.read("master", lambda value: split_address(as_text(value)), usual.master),
    )
    table.close()
    return load


def _browser(table: Table) -> BrowserSettings:
    browser = BrowserSettings(
        name=table.read("name", as_one_of("chromium", "firefox", "webkit"), "chromium"),
        executable=table.read("executable", as_text, None),
        channel=table.read("channel", as_text, None),
    )
    table.close()
    return browser


def _store(table: Table) -> StoreSettings:
    usual = StoreSettings()
    store = StoreSettings(
        url=table.read("url", as_text, usual.url), artifacts=table.read("artifacts", as_text, usual.artifacts)
    )
    table.close()
    if store.url == ":memory:":
        table.report("url", "names no file: what is measured must be kept", "name a file", "store-url")
    return store


def _retention(table: Table) -> RetentionSettings:
    usual = RetentionSettings()
    kept = RetentionSettings(
        runs_s=table.read("runs", as_duration, usual.runs_s),
        samples_s=table.read("samples", as_duration, usual.samples_s),
        other_samples_s=table.read("other_samples", as_duration, usual.other_samples_s),
        hours_s=table.read("hours", as_duration, usual.hours_s),
        days_s=table.read("days", as_duration, usual.days_s),
        passed_artifacts_s=table.read("passed_artifacts", as_duration, usual.passed_artifacts_s),
        last_good_s=table.read("last_good", as_delay, usual.last_good_s),
        evidence_s=table.read("evidence", as_duration, usual.evidence_s),
        errors_s=table.read("errors", as_duration, usual.errors_s),
        source_maps_s=table.read("source_maps", as_duration, usual.source_maps_s),
        replays_s=table.read("replays", as_duration, usual.replays_s),
    )
    table.close()
    for (key, longest), why in _KEPT_WITHIN.items():
        if {key, longest} <= table.data.keys() and getattr(kept, f"{key}_s") > getattr(kept, f"{longest}_s"):
            table.report(key, f"is longer than {longest}, {why}", _ORDER_FIX, "retention-order")
    return kept


def _baselines(table: Table) -> BaselineSettings:
    usual = BaselineSettings()
    baselines = BaselineSettings(
        months_per_false_alert=table.read("months_per_false_alert", _AS_MONTHS, usual.months_per_false_alert),
        direction=table.read("direction", as_one_of("up", "both"), usual.direction),
        floor_ms=table.read("floor_ms", _AS_FLOOR_MS, usual.floor_ms),
    )
    table.close()
    return baselines


def _capabilities(table: Table) -> Capabilities:
    capabilities = Capabilities(
        journeys=table.read("journeys", as_flag, True),
        probes=table.read("probes", as_flag, True),
        load=table.read("load", as_flag, True),
        injection=table.read("injection", as_flag, True),
        judging=table.read("judging", as_flag, True),
        alerts=table.read("alerts", as_flag, True),
        interactive=table.read("interactive", as_flag, True),
        telemetry=table.read("telemetry", as_flag, True),
        logs=table.read("logs", as_flag, True),
        traces=table.read("traces", as_flag, True),
        metrics=table.read("metrics", as_flag, True),
        services=table.read("services", as_flag, True),
        errors=table.read("errors", as_flag, True),
        forwarding=table.read("forwarding", as_flag, True),
        patterns=table.read("patterns", as_flag, True),
        real_users=table.read("real_users", as_flag, True),
        replays=table.read("replays", as_flag, True),
        pages=table.read("pages", as_flag, True),
        sources=table.read("sources", as_flag, True),
        capacity=table.read("capacity", as_flag, True),
        explanations=table.read("explanations", as_flag, True),
        **{name: table.read(name, as_flag, True) for name in ("suspects", "join", "related", "noise")},
    )
    table.close()
    return capabilities


def _secrets(table: Table) -> dict[str, SecretSource]:
    secrets = {name: _secret(table, name) for name in table.data}
    return {name: source for name, source in secrets.items() if _VARIABLE.fullmatch(name)}


def _secret(table: Table, name: str) -> SecretSource:
    place = table.place(name)
    if not isinstance(table.data[name], dict):  # what stands there may be the secret: it is not shown
        table.report(name, "does not say where its value comes from", _SOURCE_FIX, "secret-source")
        return SecretSource(name, place)
    source = table.section(name)
    env, file = source.read("env", as_text, None), source.read("file", as_text, None)
    source.close()
    if not _VARIABLE.fullmatch(name):
        table.report(name, "is not a name of a secret", "use letters, digits and underscores", "bad-name")
    if ("env" in source.data) == ("file" in source.data):
        table.report(name, "does not say where its value comes from", _SOURCE_FIX, "secret-source")
    return SecretSource(name, place, env=env, file=file)


def _sessions(table: Table) -> dict[str, SessionSettings]:
    sessions = {}
    for name in table.data:
        section = table.section(name)
        sessions[name] = SessionSettings(
            name=name,
            fixture=section.require("fixture", as_text, "", '"signed_in", the fixture that signs in'),
            lifetime_s=section.read("lifetime", as_duration, 3600.0),
        )
        section.close()
    return sessions


def _environment(table: Table, secrets: Collection[str]) -> dict[str, str]:
    values = {name: table.read(name, as_any_text, "") for name in table.data}
    for name, value in values.items():
        if not _VARIABLE.fullmatch(name):
            table.report(name, "is not a name of a variable", "use letters, digits and underscores", "bad-name")
        if "\0" in value:
            table.report(name, "holds a NUL, which no variable can", "remove \\u0000", "out-of-range")
        if name in secrets:
            table.report(name, "is a secret too", "keep it in [secrets] only", "duplicate-name")
    return {name: value for name, value in values.items() if _VARIABLE.fullmatch(name) and _is_usable(table.data[name])}


def _is_usable(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value


def _aliases(table: Table) -> dict[str, str]:
    aliases = {old: table.read(old, as_check_id(*sorted(CHECK_KINDS)), "") for old in table.data}
    reported: set[str] = set()
    for old in aliases:
        loop = _loop(aliases, old)
        if loop and not reported & loop:
            fix = "let the old id lead to the id of today, and remove the way back"
            table.report(old, "leads back to itself", fix, "alias-loop")
        reported |= loop
    return {old: new for old, new in aliases.items() if new and old not in reported}


def _loop(aliases: dict[str, str], start: str) -> set[str]:
    """Return the ids that following `start` passes until it is back there; empty if it never is."""
    passed = {start}
    current = aliases[start]
    while current not in passed:
        passed.add(current)
        if current not in aliases:
            return set()
        current = aliases[current]
    return passed if current == start else set()
