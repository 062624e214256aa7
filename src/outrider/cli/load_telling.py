"""A load for people and programs: live while it lasts, and as tables when it is over."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Self

from rich.live import Live
from rich.table import Table
from rich.text import Text

from outrider.cli.telling import STYLES, name_of, outcome_text, short
from outrider.load import levels
from outrider.model import Outcome, altogether, by_endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from rich.console import Console

    from outrider.baselines import Knee
    from outrider.model import EndpointLoad, LoadInterval, LoadResult, Run

_LATEST = 5  # seconds whose times are shown live
_LINE_EVERY = 10  # seconds, where nobody looks at a terminal
_ENDPOINTS = 12
_FAILURES = 10
_SHARES = (0.5, 0.95, 0.99)


class LiveLoad:
    """Says on stderr how a load stands: in place for people, a line every ten seconds for logs."""

    def __init__(self, console: Console, name: str) -> None:
        self._console = console
        self._name = name
        self._live = Live(Text(f"{name}: starting"), console=console, transient=True, auto_refresh=False)
        self._lines = 0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:
        """Hear of the latest seconds."""
        line = f"{self._name}: {_state(so_far[-1], so_far[-_LATEST:], left_s)}"
        if self._console.is_terminal:
            self._live.update(_live_table(line, so_far[-_LATEST:]), refresh=True)
        elif so_far[-1].offset_s >= self._lines * _LINE_EVERY:
            self._lines += 1
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _state(now: LoadInterval, latest: Sequence[LoadInterval], left_s: float | None) -> str:
    total = altogether(part for one in latest for part in one.endpoints)
    rate = total.requests / sum(one.length_s for one in latest)
    times = "/".join(_ms(total.times.quantile(share)) for share in _SHARES)
    left = "" if left_s is None else f", {max(0.0, left_s):.0f} s left"
    busy = f", generator at {now.cpu_share:.0%}" if now.cpu_share > 0.5 else ""
    failed = f"{total.failure_share:.1%} failed"
    return f"{now.users} users, {rate:.1f} requests/s, p50/p95/p99 {times} ms, {failed}{busy}{left}"


def _live_table(line: str, latest: Sequence[LoadInterval]) -> Table:
    parts = by_endpoint(part for one in latest for part in one.endpoints)
    table = Table.grid()
    table.add_row(Text(line))
    table.add_row(_endpoint_table(parts, sum(one.length_s for one in latest)))
    return table


def _endpoint_table(endpoints: Sequence[EndpointLoad], length_s: float) -> Table:
    table = Table(box=None, pad_edge=False)
    is_paced = any(one.intended for one in endpoints)
    columns = ("endpoint", "requests", "per s", "failed", "p50 ms", "p95", "p99", "max", "p99 intended")
    for title in columns if is_paced else columns[:-1]:
        table.add_column(title, justify="left" if title == "endpoint" else "right", overflow="fold")
    ranked = sorted(endpoints, key=lambda one: -one.requests)
    for one in ranked[:_ENDPOINTS]:
        table.add_row(Text(one.endpoint), *_figures(one, length_s, is_paced=is_paced))
    if len(ranked) > _ENDPOINTS:
        rest = altogether(ranked[_ENDPOINTS:])
        table.add_row(
            Text(f"{len(ranked) - _ENDPOINTS} others", style="dim"), *_figures(rest, length_s, is_paced=is_paced)
        )
    if len(ranked) > 1:
        table.add_row(Text("all", style="bold"), *_figures(altogether(ranked), length_s, is_paced=is_paced))
    return table


def _figures(one: EndpointLoad, length_s: float, *, is_paced: bool) -> list[Text]:
    failed = Text(f"{one.failed.total:,}", style="bold red" if one.failed.total else "")
    times = one.times
    shown = [times.quantile(share) for share in (*_SHARES, 1.0)]
    if is_paced:
        shown.append((one.intended or times).quantile(0.99))
    return [
        Text(f"{one.requests:,}"), Text(f"{one.requests / max(length_s, 1e-9):.1f}"), failed,
        *(Text(_ms(value)) for value in shown),
    ]  # fmt: skip


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def tell(out: Console, run: Run, result: LoadResult) -> None:
    """Print how a load went: the outcome, its endpoints, what failed, and what a user saw meanwhile."""
    about = f"  {name_of(run.check)}  {result.most_users} users, {result.length_s:.0f} s, run {short(run.id)}"
    out.print(Text.assemble(outcome_text(run.outcome), about), soft_wrap=True)
    if run.reason:
        out.print(Text(f"  {run.reason}", style=STYLES[run.outcome]), soft_wrap=True)
    if result.endpoints:
        out.print()
        out.print(_endpoint_table(result.endpoints, result.length_s))
    if result.failures:
        out.print()
    for failure in result.failures[:_FAILURES]:
        where = f"{failure.endpoint}: " if failure.endpoint else "in a user's own code: "
        line = failure.message.partition("\n")[0]
        out.print(Text.assemble((f"{failure.count:>7,} x ", "red"), f"{where}{line}"), soft_wrap=True)
    if result.foreground:
        out.print()
        out.print(_foreground_table(result))


def _foreground_table(result: LoadResult) -> Table:
    """Return what the journey took at each number of users, a row a step."""
    told = [one for one in result.foreground if one.outcome is Outcome.PASSED]
    users = sorted({one.users for one in told})
    table = Table(box=None, pad_edge=False, title="the journey beside it, median ms", title_justify="left")
    table.add_column("step", overflow="fold")
    for count in users:
        table.add_column(f"{count} users", justify="right")
    times: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in told:
        for step, took_ms in one.steps.items():
            times[step][one.users].append(took_ms)
    for step, by_users in times.items():
        cells = (_ms(statistics.median(by_users[count])) if by_users[count] else "-" for count in users)
        table.add_row(Text(step), *cells)
    others = len(result.foreground) - len(told)
    table.caption = f"{len(told)} runs passed{f', {others} did not' if others else ''}"
    table.caption_justify = "left"
    return table


def tell_knee(out: Console, result: LoadResult, knee: Knee | None) -> None:
    """Print the levels of a load that was stepped up, and what the target sustains."""
    table = Table(box=None, pad_edge=False)
    for title in ("users", "requests/s", "p50 ms", "p95 ms", "failed"):
        table.add_column(title, justify="right")
    for one in levels(result.intervals):
        table.add_row(
            str(one.users), f"{one.requests_per_s:.1f}", _ms(one.p50_ms), _ms(one.p95_ms), f"{one.failure_share:.1%}"
        )
    out.print()
    out.print(table)
    out.print()
    if knee is None:
        out.print("knee: not reached: the load went through too few levels; raise --max-users or lengthen --step")
    elif not knee.reached:
        out.print(
            f"knee: not reached: {knee.rate:.1f} requests/s and still rising at {result.most_users} users; "
            "raise --max-users",
            highlight=False,
        )
    else:
        interval = f"80 % interval {knee.low:.1f} to {knee.high:.1f}"
        out.print(f"knee: {knee.rate:.1f} requests/s ({interval}) at {knee.users:.0f} users", highlight=False)


def as_json(result: LoadResult, knee: Knee | None) -> dict[str, object]:
    """Return what `--json` says of a load beside its run; times in ms."""
    return {
        "seconds": round(result.length_s, 3),
        "endpoints": [_endpoint_as_json(one, result.length_s) for one in result.endpoints],
        "levels": [asdict(one) for one in levels(result.intervals)],
        "failures": [asdict(one) for one in result.failures],
        "foreground": [{**asdict(one), "steps": dict(one.steps)} for one in result.foreground],
        "knee": None if knee is None else asdict(knee),
    }


def _endpoint_as_json(one: EndpointLoad, length_s: float) -> dict[str, object]:
    intended = None if one.intended is None else one.intended.quantile(0.99)
    times = {f"p{share * 100:g}_ms": one.times.quantile(share) for share in _SHARES}
    return {
        "endpoint": one.endpoint, "requests": one.requests, "failed": one.failed.total,
        "requests_per_s": one.requests / max(length_s, 1e-9), **times, "intended_p99_ms": intended,
    }  # fmt: skip
