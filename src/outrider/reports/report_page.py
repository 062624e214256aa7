"""A report as one HTML file: no network, everything escaped, and no script but ours, which makes charts interactive."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outrider.charts import assets, milliseconds
from outrider.model import ConfigError, Outcome, Place, counted, locale, number, per_cent
from outrider.reports.budget_forecast import budget_name
from outrider.reports.check_health import untold
from outrider.reports.outages import at_most, lasted
from outrider.reports.page_filters import (
    HEADINGS,
    all_outages,
    calendar,
    check_name,
    days_word,
    figures,
    has_card,
    lead_sentences,
    open_first,
    overspending,
    place,
    several_places,
    sign,
    standing_colour,
)
from outrider.reports.rankings import flakiest, slowest
from outrider.reports.time_text import moment, percent, span, used_budget

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from markupsafe import Markup

    from outrider.baselines import Quantile
    from outrider.reports.facts import Forecast, Report
    from outrider.reports.report_settings import ReportSettings

TEMPLATES = "reports/templates"
"""Where a workspace keeps templates that take the place of ours."""

_TEXT_CHARACTERS = 240
_UNIT = re.compile(r"(?<=\d) (?=m?s\b)")


def render_html(report: Report, settings: ReportSettings, root: Path | None = None, *, interactive: bool = True) -> str:
    """Return a report as a page.

    Args:
        root: The workspace; a file of its `reports/templates` takes the place of ours of the same name.
        interactive: Whether the page has the script that makes its charts ones to point at and to zoom.

    Raises:
        ConfigError: bad-template.
    """
    values = {"report": report, "sections": settings.sections, "detailed": settings.detailed}
    return fill("report.html", values, report.period.timezone, root, interactive=interactive)


def fill(
    template: str, values: Mapping[str, object], timezone: str, root: Path | None, *, interactive: bool = True
) -> str:
    """Return a template filled with values; times are shown in the time zone.

    Raises:
        ConfigError: bad-template.
    """
    from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined  # noqa: PLC0415
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    own = [FileSystemLoader(root / TEMPLATES)] if root else []
    loader = ChoiceLoader([*own, PackageLoader("outrider.reports")])
    environment = SandboxedEnvironment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "moment": partial(moment, ZoneInfo(timezone)),
        "percent": percent,
        "used_budget": used_budget,
        "quantile": _quantile,
        "duration": milliseconds,
        "short": _short,
        "budget_name": lambda report: budget_name(report.period),
        "span": span,
        "standing": standing_colour,
        "untold": untold,
        "sign": sign,
        "figures": figures,
        "outages": all_outages,
        "at_most": at_most,
        "lasted": lasted,
        "lead_sentences": lead_sentences,
        "overspending": overspending,
        "open_first": open_first,
        "check_name": check_name,
        "place": place,
        "several_places": several_places,
        "calendar": calendar,
        "days_word": days_word,
        "heading": lambda name: HEADINGS.get(name, ""),
        "counted": counted,
        "number": number,
        "change": _change,
        "slowest": slowest,
        "flakiest": flakiest,
        "drawn": _drawn,
        "foretold": foretold,
        "colour": _colour,
    }
    environment.tests["has_card"] = has_card
    environment.globals |= {
        "timezone": timezone,
        "locale": locale().name,
        "interactive": assets() if interactive else None,
    }
    try:
        return environment.get_template(template).render(values)
    except Exception as error:  # a template of the workspace may raise anything
        name, line = _place_of(error, template)
        fix = "correct it, or remove it to have Outrider's own"
        raise ConfigError(f"{error}", slug="bad-template", fix=fix, where=Place(f"{TEMPLATES}/{name}", line)) from error


def _place_of(error: BaseException, template: str) -> tuple[str, int]:
    """Return the template that raised, and its line: Jinja gives its frames both."""
    name, line, trace = template, 0, error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.endswith((".html", ".css")):
            name, line = file.rpartition("/templates/")[2], trace.tb_lineno
        trace = trace.tb_next
    return getattr(error, "name", None) or name, getattr(error, "lineno", None) or line


def foretold(forecast: Forecast) -> str:
    """Return in how many days something happens, with its interval where there is one: "in 9 days (6 to 14)"."""
    if round(forecast.latest) < 1:
        return "within a day" if forecast.latest > 0 else "by now"
    days = f"in {counted(round(forecast.days), 'day')}"
    if forecast.earliest == forecast.latest:
        return days
    return f"{days} ({number(forecast.earliest, '.0f')} to {number(forecast.latest, '.0f')})"


def _quantile(quantile: Quantile | None) -> str:
    if quantile is None:
        return "too little data"
    value, low, high = map(milliseconds, (quantile.value, quantile.low, quantile.high))
    return _UNIT.sub("\u00a0", f"{value} ({low} to {high})")  # a number and its unit stay on one line


def _change(ratio: float, decimals: int = 1) -> str:
    return per_cent(ratio, f"+z.{decimals}f")  # z: never a negative zero


def _short(text: str) -> str:
    return text if len(text) <= _TEXT_CHARACTERS else f"{text[:_TEXT_CHARACTERS]}…"


def _colour(outcome: Outcome) -> str:
    if outcome.is_good:
        return "good" if outcome is Outcome.PASSED else "warn"
    return "bad" if outcome is Outcome.FAILED else "warn"


def _drawn(ours: str) -> Markup:
    """Return what is ours as it is: a chart, whose texts were escaped when it was drawn, or the pages' script."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja

    return Markup(ours)  # noqa: S704 - charts escape every text
