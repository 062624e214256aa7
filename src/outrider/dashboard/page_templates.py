"""Views as HTML: the templates of this room, their filters, and the files that pages load."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from outrider.alerts import Severity, headline
from outrider.charts import draw_sparkline, draw_uptime, milliseconds
from outrider.dashboard.check_state import outcome_tone
from outrider.dashboard.page_addresses import check_path, incident_path, run_path, write_position
from outrider.dashboard.period_slots import DAY_US, HOUR_US, availability, coverage
from outrider.dashboard.reader_clock import counted, percent
from outrider.model import RunPosition, printable, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment
    from markupsafe import Markup

    from outrider.alerts import Incident
    from outrider.dashboard.check_detail import CheckDetail
    from outrider.dashboard.overview import CheckLine, OverviewView
    from outrider.dashboard.period_slots import Slot
    from outrider.dashboard.reader_clock import ReaderClock
    from outrider.model import RunSummary

_TEXT_CHARACTERS = 240
_TONES = {Severity.CRITICAL: "bad", Severity.WARNING: "warn"}
_BUILT = {"pages.js": "text/javascript", "report.js": "text/javascript", "report.css": "text/css"}
SECTIONS = (("/", "Overview"), ("/incidents", "Incidents"), ("/releases", "Releases"), ("/service", "Service"))
"""Pages that every page links to: path and name."""


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
class PageContext:
    """What every page shows.

    Attributes:
        base: Path below which the pages lie; empty at the root.
        section: Path of the section that the page belongs to.
        refresh_s: Seconds after which the page is fetched again; 0 for never.
    """

    clock: ReaderClock
    workspace: str = ""
    base: str = ""
    section: str = ""
    refresh_s: int = 30


def render(template: str, context: PageContext, values: Mapping[str, object]) -> str:
    """Return a page; every text in it can be shown."""
    shared = {
        "clock": context.clock,
        "workspace": context.workspace,
        "base": context.base,
        "section": context.section,
        "refresh_s": context.refresh_s,
        "sections": SECTIONS,
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
        "coverage": coverage,
        "day_marks": _day_marks,
        "drawn": _drawn,
        "duration": milliseconds,
        "headline": _headline,
        "hour_marks": _hour_marks,
        "incident_tone": _incident_tone,
        "lines": _lines,
        "percent": percent,
        "present": _present,
        "short": short,
        "sparkline": _sparkline,
        "check_path": check_path,
        "incident_path": incident_path,
        "labels": _labels,
        "outcome_tone": outcome_tone,
        "phase_tone": _phase_tone,
        "position": _position,
        "run_path": run_path,
        "span": _span,
        "title_of": title_of,
        "uptime": _uptime,
    }
    return environment


def short(text: str, characters: int = _TEXT_CHARACTERS) -> str:
    """Return a text, cut to a length that a line of a page has room for."""
    return text if len(text) <= characters else f"{text[:characters]}…"


def _drawn(ours: str) -> Markup:
    """Return a chart as it is: its texts were escaped when it was drawn."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja

    return Markup(ours)  # noqa: S704 - charts escape every text


def _lines(text: str) -> Markup:
    from markupsafe import Markup, escape  # noqa: PLC0415 - comes with Jinja

    return Markup("<br>").join(escape(line) for line in short(text, 4_000).split("\n"))


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
