"""A load run: live while it lasts, as tables afterwards, and as JSON."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.text import Text

from outrider.app import display_name, grouping_advice, levels, shown_name
from outrider.cli.fitted_table import Column, FittedTable, name_column, note, note_column, number_column, text_column
from outrider.cli.progress import Progress
from outrider.cli.run_tables import STYLES, outcome_text, short
from outrider.model import Outcome, altogether, by_endpoint, counted, per_cent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from outrider.app import Knee
    from outrider.model import Check, EndpointLoad, FailureGroup, LoadInterval, LoadResult, Run

_LATEST = 5  # seconds whose times are shown live
_LINE_EVERY = 10  # seconds, where nobody looks at a terminal
_ENDPOINTS = 12
_FAILURES = 10
_LEVELS = 5
"""Numbers of users side by side."""
_SHARES = (0.5, 0.95, 0.99)


class LoadProgress(Progress):
    """Shows a load on stderr: in place at a terminal, a line every ten seconds in a log."""

    def __init__(self) -> None:
        super().__init__()
        self.started(1)
        self._name = ""
        self._live: Live | None = None
        self._lines = 0

    def stop(self) -> None:
        """Remove what is shown in place."""
        super().stop()
        self.load_ended()

    def working_for(self, host: str, port: int) -> None:
        """Print whose load is shared."""
        self.note(f"working for {host}:{port}")

    def load_started(self, check: Check) -> None:
        """Show that the load begins."""
        super().stop()
        self._name = check.name
        self._doing = f"{self._name}: starting"
        if self._console.is_terminal:
            starting = _titled(self._name, "starting")
            self._live = Live(starting, console=self._console, transient=True, auto_refresh=False)
            self._live.start(refresh=True)

    def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:
        """Show the latest seconds."""
        state = _state(so_far[-1], so_far[-_LATEST:], left_s)
        if self._live is not None:
            self._live.update(Group(_titled(self._name, state), _live_table(so_far[-_LATEST:])), refresh=True)
        elif so_far[-1].offset_s >= self._lines * _LINE_EVERY:
            self._lines += 1
            self.note(f"{self._name}: {state}")

    def load_ended(self) -> None:
        """Remove the live table."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def _state(now: LoadInterval, latest: Sequence[LoadInterval], left_s: float | None) -> str:
    total = altogether(endpoint for interval in latest for endpoint in interval.endpoints)
    rate = total.succeeded.total / sum(interval.length_s for interval in latest)
    times = "/".join(_ms(total.times.quantile(share)) for share in _SHARES)
    left = "" if left_s is None else f", {max(0.0, left_s):.0f} s left"
    busy = f", generator at {per_cent(now.cpu_share, '.0f')}" if now.cpu_share > 0.5 else ""
    failed = f"{per_cent(total.failure_share)} failed"
    return f"{_users(now.users)}, {rate:.1f} requests/s, p50/p95/p99 {times} ms, {failed}{busy}{left}"


def _users(count: int) -> str:
    return counted(count, "user")


def _titled(name: str, text: str) -> FittedTable:
    """Return a line; at a narrow terminal the text stands below the name."""
    table = FittedTable(name_column(""), note_column(""))
    table.add_row(f"{name}:", text)
    return table


def _live_table(latest: Sequence[LoadInterval]) -> FittedTable:
    endpoints = by_endpoint(endpoint for interval in latest for endpoint in interval.endpoints)
    length_s = max(sum(interval.length_s for interval in latest), 1e-9)
    rates = {endpoint.endpoint: endpoint.succeeded.total / length_s for endpoint in endpoints}
    return _endpoint_table(endpoints, rates)


def _endpoint_table(endpoints: Sequence[EndpointLoad], rates: Mapping[str, float]) -> FittedTable:
    is_paced = any(endpoint.intended for endpoint in endpoints)
    columns = ("requests", "per s", "failed", "p50 ms", "p95", "p99", "max", "p99 intended")
    table = FittedTable(name_column("endpoint"), *map(number_column, columns if is_paced else columns[:-1]))
    ranked = sorted(endpoints, key=lambda endpoint: -endpoint.requests)
    for endpoint in ranked[:_ENDPOINTS]:
        table.add_row(
            Text(shown_name(endpoint.endpoint)),
            *_figures(endpoint, rates.get(endpoint.endpoint, 0.0), is_paced=is_paced),
        )
    if len(ranked) > _ENDPOINTS:
        rest = ranked[_ENDPOINTS:]
        rate = sum(rates.get(endpoint.endpoint, 0.0) for endpoint in rest)
        name = Text(counted(len(rest), "more endpoint"), style="dim")
        table.add_row(name, *_figures(altogether(rest), rate, is_paced=is_paced))
    if len(ranked) > 1:
        table.add_row(Text("all", style="bold"), *_figures(altogether(ranked), sum(rates.values()), is_paced=is_paced))
    return table


def _figures(endpoint: EndpointLoad, rate: float, *, is_paced: bool) -> list[Text]:
    failed = Text(f"{endpoint.failed.total:,}", style="bold red" if endpoint.failed.total else "")
    times = endpoint.times
    shown = [times.quantile(share) for share in (*_SHARES, 1.0)]
    if is_paced:
        shown.append((endpoint.intended or times).quantile(0.99))
    return [
        Text(f"{endpoint.requests:,}"), Text(f"{rate:.1f}"), failed,
        *(Text(_ms(value)) for value in shown),
    ]  # fmt: skip


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def print_load(out: Console, run: Run, result: LoadResult) -> None:
    """Print a load run: its outcome, endpoints and failures, and the journey beside it."""
    about = FittedTable("", name_column(""), "")
    length = f"{_users(result.most_users)}, {result.length_s:.0f} s, run {short(run.id)}"
    about.add_row(outcome_text(run.outcome), display_name(run.check), length)
    out.print(about)
    if run.reason:
        out.print(note(run.reason, style=STYLES[run.outcome]))
    if result.endpoints:
        out.print()
        out.print(_endpoint_table(result.endpoints, result.rates))
        if advice := grouping_advice(endpoint.endpoint for endpoint in result.endpoints):
            out.print(note(advice, style="dim"))
    if result.failures:
        out.print()
        out.print(_failure_table(result.failures))
    if result.foreground:
        out.print()
        out.print(_foreground_table(result))


def _failure_table(failures: Sequence[FailureGroup]) -> FittedTable:
    """Return a line a kind of failure, and how many there are beyond the first."""
    table = FittedTable(Column("", is_number=True, style="red"), name_column(""), note_column(""))
    for failure in failures[:_FAILURES]:
        where = failure.endpoint or "in a user's own code"
        table.add_row(f"{failure.count:,} x", f"{where}:", failure.message.partition("\n")[0])
    if len(failures) > _FAILURES:
        rest = sum(failure.count for failure in failures[_FAILURES:])
        table.add_row(f"{rest:,} x", counted(len(failures) - _FAILURES, "more kind"))
    return table


def _foreground_table(result: LoadResult) -> Group:
    """Return what the journey took at each number of users, a row a step."""
    passed = [run for run in result.foreground if run.outcome is Outcome.PASSED]
    users = sorted({run.users for run in passed})
    times: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for run in passed:
        for step, took_ms in run.steps.items():
            times[step][run.users].append(took_ms)
    tables = []
    for columns in (users[at : at + _LEVELS] for at in range(0, len(users), _LEVELS)):
        table = FittedTable(text_column("step"), *(number_column(_users(count)) for count in columns))
        for step, by_users in times.items():
            cells = (_ms(statistics.median(by_users[count])) if by_users[count] else "-" for count in columns)
            table.add_row(Text(step), *cells)
        tables.append(table)
    others = len(result.foreground) - len(passed)
    title = Text("the journey beside it, median ms", style="italic")
    end = f"{counted(len(passed), 'run')} passed{f', {others} did not' if others else ''}"
    return Group(title, *tables, Text(end, style="dim"))


def print_knee(out: Console, result: LoadResult, knee: Knee | None) -> None:
    """Print the levels of a load that was stepped up, and what the target sustains."""
    table = FittedTable(*map(number_column, ("users", "requests/s", "p50 ms", "p95 ms", "failed")))
    for level in levels(result.intervals):
        figures = (f"{level.requests_per_s:.1f}", _ms(level.p50_ms), _ms(level.p95_ms), per_cent(level.failure_share))
        table.add_row(str(level.users), *figures)
    out.print()
    out.print(table)
    out.print()
    if result.endpoints and not any(endpoint.succeeded.total for endpoint in result.endpoints):
        text = "none: no request succeeded at any number of users"
    elif knee is None:
        text = "not reached: the load went through too few levels; raise --max-users or lengthen --step"
    elif not knee.reached:
        still = f"still rising at {_users(result.most_users)}"
        text = f"not reached: {knee.rate:.1f} requests/s and {still}; raise --max-users"
    else:
        interval = f"80 % interval {knee.low:.1f} to {knee.high:.1f}"
        text = f"{knee.rate:.1f} requests/s ({interval}) at {_users(round(knee.users))}"
    out.print(note(f"knee: {text}", indent=0))


def as_json(result: LoadResult, knee: Knee | None) -> dict[str, object]:
    """Return what `--json` prints of a load beside its run; times in ms."""
    rates = result.rates
    return {
        "seconds": round(result.length_s, 3),
        "endpoints": [_endpoint_as_json(part, rates.get(part.endpoint, 0.0)) for part in result.endpoints],
        "levels": [asdict(level) for level in levels(result.intervals)],
        "failures": [asdict(failure) for failure in result.failures],
        "foreground": [{**asdict(run), "steps": dict(run.steps)} for run in result.foreground],
        "knee": None if knee is None else asdict(knee),
    }


def _endpoint_as_json(endpoint: EndpointLoad, rate: float) -> dict[str, object]:
    intended = None if endpoint.intended is None else endpoint.intended.quantile(0.99)
    times = {f"p{share * 100:g}_ms": endpoint.times.quantile(share) for share in _SHARES}
    return {
        "endpoint": endpoint.endpoint, "requests": endpoint.requests, "failed": endpoint.failed.total,
        "requests_per_s": rate, **times, "intended_p99_ms": intended,
    }  # fmt: skip
