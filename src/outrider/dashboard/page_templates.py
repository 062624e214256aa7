"""Views as HTML: the templates of this room, their filters, and the files that pages load."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import files
from shlex import quote
from typing import TYPE_CHECKING, Any

from outrider.alerts import Severity, headline, release_note, runbook_address, runbook_of
from outrider.charts import draw_sparkline, draw_uptime, milliseconds
from outrider.dashboard.check_state import outcome_tone
from outrider.dashboard.incident_view import grouping
from outrider.dashboard.page_addresses import (
    check_path,
    gate_path,
    incident_path,
    run_path,
    trace_path,
    write_position,
)
from outrider.dashboard.period_slots import DAY_US, HOUR_US, availability, coverage
from outrider.dashboard.reader_clock import length_of_time, percent
from outrider.model import CHECK_KINDS, RunPosition, Subject, counted, per_cent, printable, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment
    from markupsafe import Markup

    from outrider.alerts import Incident
    from outrider.dashboard.check_detail import CheckDetail
    from outrider.dashboard.overview import CheckLine, OverviewView
    from outrider.dashboard.period_slots import Slot
    from outrider.dashboard.reader_clock import ReaderClock
    from outrider.dashboard.run_files import FileLinks
    from outrider.model import RunSummary

_TEXT_CHARACTERS = 240
_TONES = {Severity.CRITICAL: "bad", Severity.WARNING: "warn"}
_BUILT = {"pages.js": "text/javascript", "report.js": "text/javascript", "report.css": "text/css"}
SECTIONS = (
    ("/", "Overview"), ("/incidents", "Incidents"), ("/errors", "Errors"),
    ("/on-call", "On call"), ("/silences", "Silences"),
    ("/releases", "Releases"), ("/gates", "Gate"), ("/reports", "Reports"), ("/service", "Own health"),
)  # fmt: skip
"""Pages that every page links to: path and name."""

TELEMETRY_SECTIONS = (
    ("/services", "Services"),
    ("/vitals", "Real users"),
    ("/hosts", "Hosts"),
    ("/logs", "Logs"),
    ("/traces", "Traces"),
)
"""Pages that every page links to where the workspace takes telemetry."""

DASHBOARD_SECTION = ("/dashboards", "Dashboards")
"""A page that every page links to where the workspace has dashboards."""

EVERYTHING, ALERTS = "*", "!"
"""What changes a page: any run, incident or release; incidents, releases and what people do."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load; its version is a hash of its content."""

    content: bytes
    media_type: str

    @property
    def version(self) -> str:
        """Changes whenever the content does."""
        return sha256(self.content).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class PageViewer:
    """Who looks at a page.

    Attributes:
        name: Empty where nobody is known.
        form_token: What forms of the page carry.
        can_sign_out: Whether they have a session.
    """

    name: str = ""
    role: str = ""
    form_token: str = field(default="", repr=False)
    can_sign_out: bool = False


_NOBODY = PageViewer()
_ACTING = frozenset({"operator", "admin"})
_DONE = {
    "run": "A run was requested. It begins as soon as its turn comes.",
    "pause": "The check is paused: nothing of it is due until it is resumed.",
    "resume": "The check is resumed.",
    "acknowledge": "You have acknowledged this incident; escalation and reminders stop within seconds.",
    "resolve": "The incident is being resolved; the same problem opens a new one from now on.",
    "assign": "The incident is being assigned.",
    "comment": "The comment is on the time line.",
    "annotate": "It is noted, and on the trends of the checks that it is about.",
    "unannotate": "The annotation is removed.",
    "view": "The view is saved: everybody who comes here sees it.",
    "unview": "The view is removed.",
    "silence": "The silence has begun.",
    "end": "The silence has ended.",
    "release": "The release is marked.",
    "release-warned": "The release is marked, but no check runs in that environment, so that it explains nothing.",
    "setting": "It is set, and holds within a minute.",
    "setting-reset": "outrider.toml decides again, within a minute.",
    "issue-bulk": "It is done.",
    "issue-resolve": "The issue is resolved: what comes later is a regression.",
    "issue-ignore": "The issue is ignored.",
    "issue-reopen": "The issue is open again.",
    "issue-assign": "The issue is assigned.",
    "issue-comment": "The comment is in the history.",
    "issue-merge": "The issues are one.",
    "issue-split": "It is an issue of its own.",
    "status-open": "The incident is on the status page within ten seconds.",
    "status-update": "The update is on the status page within ten seconds.",
}
"""What a page says after an action."""


@dataclass(frozen=True, slots=True)
class PageContext:
    """What every page shows.

    Attributes:
        base: Path below which the pages lie; empty at the root.
        section: Path of the section that the page belongs to.
        refresh_s: Seconds after which the page is fetched again, whatever changed; 0 for never.
        live: What it is fetched again for at once: `EVERYTHING`, `ALERTS`, a check's new runs; "" for nothing.
        files: Addresses of artifacts; None where the page shows none, or the reader has no way to them.
        done: The action that led here, if it is one of `_DONE`.
        has_telemetry: Whether the workspace takes telemetry.
        has_dashboards: Whether it has dashboards of its own.
        links_out: Templates of addresses of other tools, by their names.
        has_related: Whether pages of what shares a trace are linked to.
    """

    clock: ReaderClock
    workspace: str = ""
    base: str = ""
    section: str = ""
    refresh_s: int = 30
    live: str = ""
    viewer: PageViewer = _NOBODY
    files: FileLinks | None = None
    done: str = ""
    has_telemetry: bool = False
    has_dashboards: bool = False
    links_out: Mapping[str, str] = field(default_factory=dict)
    has_related: bool = True


def render(template: str, context: PageContext, values: Mapping[str, object]) -> str:
    """Return a page; every text in it can be shown."""
    shared = {
        "clock": context.clock,
        "workspace": context.workspace,
        "base": context.base,
        "section": context.section,
        "refresh_s": context.refresh_s,
        "live": context.live,
        "viewer": context.viewer,
        "may_act": context.viewer.role in _ACTING,
        "may_administer": context.viewer.role == "admin",
        "done": _DONE.get(context.done, ""),
        "sections": (
            *SECTIONS,
            *(TELEMETRY_SECTIONS if context.has_telemetry else ()),
            *((DASHBOARD_SECTION,) if context.has_dashboards else ()),
        ),
        "files": context.files,
        "has_related": context.has_related,
        "asset_versions": {name: asset.version for name, asset in page_assets().items()},
    }
    return printable(_environment().get_template(template).render({**shared, **values}))


@cache
def page_assets() -> Mapping[str, Asset]:
    """Return the files that pages load, by name; scripts are absent from a package that was built without them."""
    static, charts = files("outrider.dashboard") / "static", files("outrider.charts")
    style = (charts / "tokens.css").read_bytes() + (static / "pages.css").read_bytes()
    assets = {
        "pages.css": Asset(style, "text/css"),
        "icon.svg": Asset((static / "icon.svg").read_bytes(), "image/svg+xml"),
    }
    for name, media_type in _BUILT.items():
        if (built := charts / "built" / name).is_file():
            assets[name] = Asset(built.read_bytes(), media_type)
    return assets


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only where pages are asked for

    environment = Environment(
        loader=PackageLoader("outrider.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "availability": availability,
        "counted": counted,
        "per_cent": per_cent,
        "coverage": coverage,
        "day_marks": _day_marks,
        "drawn": drawn,
        "duration": milliseconds,
        "gate_path": gate_path,
        "grouping": grouping,
        "headline": _headline,
        "release_note": release_note,
        "hour_marks": _hour_marks,
        "incident_tone": _incident_tone,
        "length_of_time": length_of_time,
        "lines": _lines,
        "percent": percent,
        "present": _present,
        "short": short,
        "sparkline": _sparkline,
        "check_path": check_path,
        "is_check": _is_check,
        "incident_path": incident_path,
        "knees": _knees,
        "labels": _labels,
        "outcome_tone": outcome_tone,
        "phase_tone": _phase_tone,
        "position": _position,
        "quoted": quote,
        "run_path": run_path,
        "trace_path": trace_path,
        "runbook_address": runbook_address,
        "runbook_of": runbook_of,
        "span": _span,
        "title_of": title_of,
        "uptime": _uptime,
    }
    return environment


def short(text: str, characters: int = _TEXT_CHARACTERS) -> str:
    """Return a text, cut to a length that a line of a page has room for."""
    return text if len(text) <= characters else f"{text[:characters]}…"


def drawn(ours: str) -> Markup:
    """Return a chart as it is: its texts were escaped when it was drawn."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja

    return Markup(ours)  # noqa: S704 - charts escape every text


def _lines(text: str) -> Markup:
    from markupsafe import Markup, escape  # noqa: PLC0415 - comes with Jinja

    return Markup("<br>").join(escape(line) for line in short(text, 4_000).split("\n"))


def _is_check(subject: str) -> bool:
    """Return whether a subject of an incident has a page, which receivers, services and the like have not."""
    return Subject(subject).kind in CHECK_KINDS


def _labels(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()))


def _position(run: RunSummary) -> str:
    return write_position(RunPosition(run.due_us, run.id))


def _span(seconds: float) -> str:
    """Return a length of time: "30 s", "5 min", "1.5 h"."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def _headline(incident: Incident) -> str:
    return short(headline(incident))


def _incident_tone(incident: Incident) -> str:
    return _TONES.get(incident.severity, "gap")


def _phase_tone(incident: Incident) -> str:
    return "good" if not incident.phase.lasts else "warn" if incident.acknowledged_by else "bad"


def _present(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _uptime(slots: Sequence[Slot], span: str, marks: Sequence[float] = ()) -> str:
    bad = sum(slot.failed for slot in slots)
    title = f"{span}: {percent(availability(slots))} available, {counted(bad, 'failed run')}"
    return draw_uptime([slot.tone for slot in slots], title, marks)


def _sparkline(values: Sequence[float | None]) -> str:
    known = _present(values)
    title = f"p95 by hour, {milliseconds(min(known))} to {milliseconds(max(known))}" if known else ""
    return draw_sparkline([math.nan if value is None else value for value in values], title)


def _knees(values: Sequence[float | None]) -> str:
    known = _present(values)
    title = f"from {known[0]:.1f} to {known[-1]:.1f} requests a second" if known else ""
    return draw_sparkline([math.nan if value is None else value for value in values], title)


def _hour_marks(line: CheckLine, view: OverviewView | CheckDetail) -> list[float]:
    return _marks(line, view, view.hours_from_us, HOUR_US)


def _day_marks(line: CheckLine, view: OverviewView | CheckDetail) -> list[float]:
    return _marks(line, view, view.days_from_us, DAY_US)


def _marks(line: CheckLine, view: OverviewView | CheckDetail, first_us: int, width_us: int) -> list[float]:
    """Return where in a strip the releases of a check's environment lie."""
    environment: Any = line.status.check.policy.environment
    return [
        (release.at_us - first_us) / width_us
        for release in view.releases
        if release.environment == environment and release.at_us >= first_us
    ]


def problem_page(context: PageContext, headline: str, text: str) -> str:
    """Return a page that says why another one cannot be shown."""
    return render("problem.html", context, {"headline": headline, "text": short(text, 4_000)})
