"""Pages of journeys beside the same pages at real users, with their difference explained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from outrider.dashboard.page_addresses import vitals_path
from outrider.dashboard.vital_figures import vital_figure, vital_percent, vital_tone
from outrider.model import DURATION, Kind, Origin, Outcome, counted
from outrider.real_users import (
    CACHE_OF,
    DAY_US,
    FEWEST,
    Conditions,
    Finding,
    LabPage,
    ViewFilter,
    ViewKey,
    Vital,
    compare,
    read_page_metric,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrider.dashboard.check_detail import CheckDetail
    from outrider.model import CheckHistory, CheckId, CheckRegistry, RunLog, Series, SeriesReader
    from outrider.real_users import DifferencePart, RealUserReader, VitalDifference

MOST_LAB_PAGES: Final = 8
_VIEW_DAYS: Final = 30


class LabRecords(Protocol):
    """Where runs of journeys and their samples are kept."""

    @property
    def checks(self) -> CheckRegistry:
        """Which checks there are."""
        ...

    @property
    def series(self) -> SeriesReader:
        """Samples."""
        ...

    @property
    def history(self) -> CheckHistory:
        """What checks did."""
        ...

    @property
    def runs(self) -> RunLog:
        """Whole runs."""
        ...


@dataclass(frozen=True, slots=True)
class LabField:
    """A page that a journey opens, in lab and field."""

    lab: LabPage
    vitals: tuple[VitalDifference, ...]

    @property
    def conditions(self) -> str:
        """Under which ones the journey sees it, for a reader."""
        own = self.lab.conditions
        known = (
            own.cache and f"{own.cache} cache", own.device, own.power and f"{own.power} power", own.connection,
            own.country,
        )  # fmt: skip
        return ", ".join(filter(None, known))

    @property
    def step_p75_ms(self) -> float | None:
        """The 75th percentile of how long the step took that opened it."""
        return float(np.quantile(self.lab.step_ms, 0.75)) if self.lab.step_ms.size else None


@dataclass(frozen=True, slots=True)
class LabFields:
    """Pages in lab and field; `more` are left out."""

    pages: tuple[LabField, ...]
    more: int


def lab_and_field(records: LabRecords, reader: RealUserReader, wanted: ViewFilter, check: str = "") -> LabFields:
    """Return the pages that journeys open, those of one check or of all, beside the views of users.

    Args:
        records: Where runs are kept.
        reader: Of the page views.
        wanted: Which views count, and from when runs do; of one page if it names one.
        check: An id; "" for all journeys.

    Raises:
        TelemetryError: If the page views cannot be asked.
    """
    journeys = [
        stored.id for stored in records.checks.all() if stored.kind is Kind.JOURNEY and check in {"", stored.id}
    ]
    known = [page for journey in journeys for page in _pages(records, journey, wanted)]
    shown = known[:MOST_LAB_PAGES]
    return LabFields(tuple(_beside(reader, page, wanted) for page in shown), len(known) - len(shown))


def lab_field_of_check(records: LabRecords, reader: RealUserReader, detail: CheckDetail) -> LabFields | None:
    """Return the pages of a journey in the days that are shown; None where there are none to compare.

    Raises:
        TelemetryError: If the page views cannot be asked.
    """
    since_us = detail.now_us - min(detail.query.days, _VIEW_DAYS) * DAY_US
    view = lab_and_field(records, reader, ViewFilter(since_us, detail.now_us + 1), detail.check.id)
    return view if view.pages else None


def explanation(difference: VitalDifference) -> list[str]:
    """Return what explains a difference, a line each, for a reader."""
    vital = difference.vital
    if difference.difference is None:
        runs, views = counted(difference.lab.count, "run"), counted(difference.field.count, "view")
        return [f"too little to compare: {runs}, {views}"]
    if not difference.is_sure:
        return ["no more than chance"]
    lines = [_line(vital, part) for part in difference.parts]
    return [*lines, f"not explained: {signed_figure(vital, difference.rest or 0.0)}"]


def signed_figure(vital: Vital, value: float) -> str:
    """Return a difference as people read it: +1.2 s, -0.03."""
    return f"{'-' if value < 0 else '+'}{vital_figure(vital, abs(value))}"


def _line(vital: Vital, part: DifferencePart) -> str:
    if part.finding is Finding.UNKNOWN:
        whose = "of the journey" if not part.lab else "of users"
        return f"{part.factor.value}: not known {whose}"
    if part.alike and not part.others:
        return f"{part.factor.value}: all {part.alike:,} views as in the journey ({part.lab})"
    counts = f"{part.alike:,} views as in the journey ({part.lab}), {part.others:,} others"
    if part.part is None:
        return f"{part.factor.value}: {part.finding.value}; {counts}"
    return f"{part.factor.value}: {signed_figure(vital, part.part)}; {counts}"


def _pages(records: LabRecords, check: CheckId, wanted: ViewFilter) -> Iterator[LabPage]:
    series = records.series.of(check)
    durations = {_place(own): own for own in series if own.metric == DURATION}
    grouped: dict[tuple[str, str, str, str, str], dict[Vital, Series]] = {}
    for own in series:
        named = read_page_metric(own.metric)
        if named is not None and wanted.page in {"", named[2]} and wanted.environment in {"", own.environment}:
            grouped.setdefault((*_place(own), *named[1:]), {})[named[0]] = own
    attributes: dict[tuple[str, str], Mapping[str, str]] = {}
    for (step, environment, location, host, page), vitals in grouped.items():
        values = {vital: _values(records, own, wanted) for vital, own in vitals.items()}
        if not any(own.size for own in values.values()):
            continue
        place = (environment, location)
        if place not in attributes:
            attributes[place] = _attributes(records, check, environment, location)
        taken = durations.get((step, environment, location)) if step else None
        took = _values(records, taken, wanted) if taken else np.empty(0)
        conditions = _conditions(attributes[place], host, page)
        yield LabPage(check, step, environment, location, host, page, conditions, values, took)


def _place(series: Series) -> tuple[str, str, str]:
    return series.step, series.environment, series.location


def _values(records: LabRecords, series: Series, wanted: ViewFilter) -> np.ndarray:
    return records.series.samples(series, wanted.since_us, wanted.until_us).value


def _attributes(records: LabRecords, check: CheckId, environment: str, location: str) -> Mapping[str, str]:
    """Return those of the first attempt of the last run that passed there."""
    passed = records.history.runs_before(check, None, outcome=Outcome.PASSED, limit=50)
    for run in passed:
        if (run.environment, run.location) == (environment, location):
            attempts = records.runs.get(run.id).run.attempts
            return attempts[0].measurement.attributes if attempts else {}
    return {}


def _conditions(attributes: Mapping[str, str], host: str, page: str) -> Conditions:
    return Conditions(
        attributes.get(f"{CACHE_OF}{host}{page}", ""),
        *(attributes.get(name, "") for name in ("device", "power", "connection")),
    )


def _beside(reader: RealUserReader, lab: LabPage, wanted: ViewFilter) -> LabField:
    of_page = replace(wanted, host=lab.host, page=lab.page, environment=lab.environment)
    ours = reader.vitals(replace(of_page, origin=Origin.SYNTHETIC.value), ViewKey.COUNTRY, limit=2)
    if len(ours) == 1:  # probers in several countries see it from several places
        lab = replace(lab, conditions=replace(lab.conditions, country=ours[0].key))
    return LabField(lab, compare(lab, reader.all_vitals(of_page).vitals, reader.conditioned_views(of_page)))


def lab_field_values(view: LabFields | None) -> dict[str, object]:
    """Return what the template of pages in lab and field needs."""
    return {
        "lab": view, "few": FEWEST, "figure": vital_figure, "tone": vital_tone, "percent": vital_percent,
        "signed": signed_figure, "explanation": explanation,
        "page_path": lambda own: vitals_path(page=own.lab.page, environment=own.lab.environment),
    }  # fmt: skip
