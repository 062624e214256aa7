"""`scheduler/schedule.toml`: rules by pattern, maintenance windows, and the service."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from outrider.workspace.policy import check_session, read_overrides
from outrider.workspace.status_page_settings import as_public_text
from outrider.workspace.tables import (
    Refused,
    Table,
    as_count,
    as_duration_within,
    as_text,
    as_texts,
    check_url,
)
from outrider.workspace.workspace_settings import Maintenance, Pattern, Rule, ServiceSettings

if TYPE_CHECKING:
    from collections.abc import Collection

    from outrider.model import ConfigError
    from outrider.workspace.toml_document import Document
    from outrider.workspace.workspace_settings import Workspace

_YEARS = range(2000, 3000)
_NO_TEXTS: tuple[str, ...] = ()
_AS_DRAIN = as_duration_within("1ms", "1d", "a service that is told to stop takes so long at most")
_AS_ALIVE_EVERY = as_duration_within("100ms", "1d", "who waits for the calls learns of a dead service only then")
_AS_COVERAGE_OVER = as_duration_within("1m", "366d", "coverage is a share of the runs that were due in it")
_AS_MAINTENANCE = as_duration_within("1s", "366d", "enabled = false is for checks that nobody watches for longer")
_WHEN_FIX = 'write either start = "2027-03-01T22:00" or cron = "0 2 * * sun", and a duration'


def scheduled(
    workspace: Workspace, document: Document, sessions: Collection[str] | None, problems: list[ConfigError]
) -> Workspace:
    """Return a workspace with what its schedule says.

    Args:
        sessions: Names that `session` may take; anything if absent.
        problems: Where problems are put.
    """
    top = Table(document.data, "", document.place, problems)
    workspace = replace(
        workspace,
        schedule=tuple(_rule(table, sessions) for table in top.sections("check")),
        maintenance=tuple(window for table in top.sections("maintenance") if (window := _maintenance(table))),
        service=_service(top.section("service")),
    )
    top.close()
    return workspace


def _rule(table: Table, sessions: Collection[str] | None) -> Rule:
    patterns = _patterns(table)
    overrides = read_overrides(table)
    table.close()
    if sessions is not None:
        check_session(overrides, table, sessions)
    return Rule(patterns, overrides, table.place("cron"))


def _patterns(table: Table) -> tuple[Pattern, ...]:
    texts = table.require("match", as_texts, _NO_TEXTS, '"journeys/*", a pattern over checks')
    listed = isinstance(table.data.get("match"), list)
    places = (table.place("match", index) if listed else table.place("match") for index in range(len(texts)))
    return tuple(map(Pattern, texts, places))


def _maintenance(table: Table) -> Maintenance | None:
    """Return a window, None if it is not known when it begins or ends, which is reported."""
    window = Maintenance(
        patterns=_patterns(table),
        duration_s=table.require("duration", _AS_MAINTENANCE, 0.0, '"2h"'),
        start=table.read("start", _as_time, ""),
        cron=table.read("cron", as_text, ""),
        reason=table.read("reason", as_text, "maintenance"),
        public=table.read("public", as_public_text, ""),
    )
    table.close()
    if (table.data.get("start", "") != "") == (table.data.get("cron", "") != ""):
        table.report("start", "and cron: exactly one of them says when it begins", _WHEN_FIX, "maintenance-start")
    return window if window.duration_s and bool(window.start) != bool(window.cron) else None


def _service(table: Table) -> ServiceSettings:
    usual = ServiceSettings()
    service = ServiceSettings(
        probes_at_once=table.read("probes_at_once", as_count(1, 100_000), usual.probes_at_once),
        drain_s=table.read("drain", _AS_DRAIN, usual.drain_s),
        alive_url=table.read("alive_url", _as_url, usual.alive_url),
        alive_every_s=table.read("alive_every", _AS_ALIVE_EVERY, usual.alive_every_s),
        coverage_s=table.read("coverage_over", _AS_COVERAGE_OVER, usual.coverage_s),
        hosts=table.read("hosts", as_texts, usual.hosts),
    )
    table.close()
    return service


def _as_time(value: object) -> str:
    """Accept a date and time, as text or as TOML writes it."""
    text = value.isoformat() if isinstance(value, datetime) else value
    try:
        year = datetime.fromisoformat(str(text)).year
    except ValueError:
        raise Refused("is not a date and time", 'write it as "2027-03-01T22:00"', "bad-time") from None
    if year not in _YEARS:
        raise Refused("is out of range", f"write a year from {_YEARS.start} to {_YEARS.stop - 1}", "bad-time")
    return str(text)


def _as_url(value: object) -> str:
    url = as_text(value)
    check_url(url)
    return url
