"""What a panel over checks shows: durations of steps, availability, outcomes."""

from __future__ import annotations

import glob
import re
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.charts import MOST_LINES
from outrider.dashboard.dashboard_file import PanelKind, Shown
from outrider.dashboard.page_addresses import check_path
from outrider.dashboard.panel_table import PanelTable
from outrider.dashboard.period_slots import AHEAD_US, DAY_US, HOUR_US, availability, slots_of
from outrider.dashboard.step_trends import Span, rolled_quantiles, watched_series
from outrider.model import counted
from outrider.runs import METRIC
from outrider.workspace import matches, names_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.dashboard.dashboard_file import Panel
    from outrider.dashboard.panel_table import Cell
    from outrider.dashboard.period_slots import Slot
    from outrider.dashboard.services_view import ServicesSpan
    from outrider.dashboard.sources import Sources
    from outrider.model import Check, Series

NO_CHECKS: Final = "no check matches"
_US: Final = 10**6
_WIDTHS_S: Final = {"1h": 300, "6h": 900}
_MOST_ROWS: Final = 20
_MOST_CHECKS: Final = 200
_OUTCOMES: Final = ("passed", "failed", "unclear", "absent")


def check_table(
    sources: Sources, panel: Panel, span: ServicesSpan, chosen: Mapping[str, str]
) -> tuple[PanelTable, str]:
    """Return what a panel shows of checks, and the path of the check that it is of, or of the list of checks."""
    known = sources.checks()
    if known is None:
        return PanelTable(reason="the checks of the workspace are being loaded"), ""
    patterns = [_filled(pattern, chosen) for pattern in panel.checks]
    checks = [check for check in known if any(matches(pattern, names_of(check)) for pattern in patterns)][:_MOST_CHECKS]
    if not checks:
        return PanelTable(reason=f"no check matches {', '.join(patterns)[:200]}"), ""
    path = check_path(checks[0].id) if len(checks) == 1 else "/"
    if panel.show is Shown.DURATION:
        return _durations(sources, panel, checks, span, _filled(panel.step, chosen)), path
    return _runs(sources, panel, checks, span), path


def _filled(pattern: str, chosen: Mapping[str, str]) -> str:
    """Return a pattern with values in the place of its variables, of which none is read as a pattern."""

    def value(match: re.Match[str]) -> str:
        text = chosen.get(match[1])
        return match[0] if text is None else glob.escape(text) if text else "*"

    return re.sub(r"\$([a-z_][a-z0-9_]*)", value, pattern)


def _durations(sources: Sources, panel: Panel, checks: Sequence[Check], span: ServicesSpan, step: str) -> PanelTable:
    most = MOST_LINES if panel.form is PanelKind.TREND else _MOST_ROWS
    pairs = ((check, series) for check in checks for series in _series(sources, check, step))
    wanted = list(islice(pairs, most + 1))  # each check is asked for its steps
    note = f"the first {most} steps: name fewer checks, or a step, for others" if len(wanted) > most else ""
    wanted = wanted[:most]
    unit, reason = panel.unit or "ms", "no run has measured it in this time"
    if not wanted:
        return PanelTable(reason="no run has measured such a step")
    if panel.form is PanelKind.TREND:
        shown = _span(span)
        lines = {_line_name(check, series, wanted): _medians(sources, series, shown) for check, series in wanted}
        rows = tuple((at_us // _US, *(line.get(at_us) for line in lines.values())) for at_us in shown.grid)
        return PanelTable(("time", *lines), rows, unit, note, reason)
    if panel.form is PanelKind.NUMBER:
        values = np.concatenate([_values(sources, series, span) for _, series in wanted])
        return PanelTable(("median",), ((_quantile(values, 0.5),),), unit, note or "median of all runs", reason)
    named = [(_line_name(check, series, wanted), _values(sources, series, span)) for check, series in wanted]
    if panel.form is PanelKind.BAR:
        return PanelTable(
            ("step", "median"), tuple((name, _quantile(values, 0.5)) for name, values in named), unit, note, reason
        )
    table = tuple((name, *(_quantile(values, share) for share in (0.5, 0.95))) for name, values in named)
    return PanelTable(("step", "median", "p95"), table, unit, note, reason)


def _series(sources: Sources, check: Check, step: str) -> list[Series]:
    if not step:
        return watched_series(sources.store, check)
    known = [series for series in sources.store.series.of(check.id) if series.metric == METRIC]
    own = [series for series in known if series.environment == check.policy.environment]
    return [series for series in own if fnmatchcase(series.step, step)]


def _line_name(check: Check, series: Series, wanted: Sequence[tuple[Check, Series]]) -> str:
    """Return what tells a line from the others."""
    parts = [series.step] if series.step else []
    if not parts or len({other.id for other, _ in wanted}) > 1:
        parts.insert(0, check.title)
    if len({other.location for _, other in wanted}) > 1:
        parts.append(series.location)
    return " · ".join(parts)


def _span(span: ServicesSpan) -> Span:
    width_us = _WIDTHS_S[span.name] * _US if span.name in _WIDTHS_S else DAY_US if span.name == "30d" else HOUR_US
    return Span(span.since_s * _US // width_us * width_us, span.until_s * _US, width_us)


def _medians(sources: Sources, series: Series, span: Span) -> dict[int, float]:
    if span.width_us in {HOUR_US, DAY_US}:
        quantiles = rolled_quantiles(sources.store, series, span)
        return {at_us: median for at_us, (median, _) in quantiles.items() if median is not None}
    points = sources.store.series.samples(series, span.since_us, span.until_us)
    cells = points.at_us // span.width_us * span.width_us
    return {int(at_us): float(np.median(points.value[cells == at_us])) for at_us in np.unique(cells)}


def _values(sources: Sources, series: Series, span: ServicesSpan) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    since_us, until_us = span.since_s * _US, span.until_s * _US
    [points] = sources.store.series.past([series], since_us, until_us, exact_from_us=until_us - 8 * DAY_US)
    return points.value


def _quantile(values: np.ndarray[tuple[int], np.dtype[np.float64]], share: float) -> float | None:
    return float(np.quantile(values, share)) if len(values) else None


def _runs(sources: Sources, panel: Panel, checks: Sequence[Check], span: ServicesSpan) -> PanelTable:
    is_by_day = span.name == "30d"
    width_us = DAY_US if is_by_day else HOUR_US
    read = sources.store.history.outcomes_by_day if is_by_day else sources.store.history.outcomes_by_hour
    first_us = span.since_s * _US // width_us * width_us
    environments = {check.id: check.policy.environment for check in checks}
    counts = [
        count for count in read(list(environments), first_us, span.until_s * _US + AHEAD_US)
        if count.environment == environments[count.check]
    ]  # fmt: skip
    number = -(-(span.until_s * _US - first_us) // width_us)
    slots = slots_of(counts, first_us, width_us, number)
    by_check = {
        check.title: slots_of([count for count in counts if count.check == check.id], first_us, width_us, number)
        for check in checks[:_MOST_ROWS]
    }
    more = len(checks) - len(by_check)
    note = f"and {counted(more, 'more check')}" if more > 0 and panel.form in {PanelKind.BAR, PanelKind.TABLE} else ""
    is_share = panel.show is Shown.AVAILABILITY
    return PanelTable(
        *(_shares(panel.form, slots, by_check) if is_share else _counts(panel.form, slots, by_check)),
        panel.unit or ("%" if is_share else ""),
        note,
        "no run ended in this time" if is_share or counts else "no run was due in this time",
    )


Rows = tuple[tuple[str, ...], tuple[tuple["Cell", ...], ...]]


def _shares(form: PanelKind, slots: Sequence[Slot], by_check: Mapping[str, Sequence[Slot]]) -> Rows:
    if form is PanelKind.TREND:
        return ("time", "availability"), tuple((slot.at_us // _US, _percent([slot])) for slot in slots)
    if form is PanelKind.NUMBER:
        return ("availability",), ((_percent(slots),),)
    return ("check", "availability"), tuple((name, _percent(own)) for name, own in by_check.items())


def _percent(slots: Sequence[Slot]) -> float | None:
    share = availability(slots)
    return None if share is None else 100 * share


def _counts(form: PanelKind, slots: Sequence[Slot], by_check: Mapping[str, Sequence[Slot]]) -> Rows:
    if form is PanelKind.TREND:
        rows = [(slot.at_us // _US, *map(float, slot[1:])) for slot in slots]
        return ("time", *_OUTCOMES), tuple(rows) if any(sum(slot[1:]) for slot in slots) else ()
    sums = _sums(slots)
    if form is PanelKind.NUMBER:
        return ("failed",), ((float(sums[1]),),) if sum(sums) else ()
    if form is PanelKind.BAR:
        return ("outcome", "runs"), tuple(zip(_OUTCOMES, map(float, sums), strict=True)) if sum(sums) else ()
    return ("check", *_OUTCOMES), tuple((name, *map(float, _sums(own))) for name, own in by_check.items())


def _sums(slots: Sequence[Slot]) -> tuple[int, ...]:
    return tuple(sum(slot[number] for slot in slots) for number in range(1, len(_OUTCOMES) + 1))
