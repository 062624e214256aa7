"""A run beside the last good one, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from outrider.app import display_name
from outrider.cli.fitted_table import FittedTable, name_column, note, number_column, text_column
from outrider.cli.run_tables import at_with_zone, outcome_text, short
from outrider.model import counted

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from outrider.app import RequestPair, RunComparison, StepPair

_COARSE_MS = 10.0
_STYLES = {"failed": "bold red", "fails": "bold red", "not reached": "dim", "": ""}


def print_comparison(out: Console, comparison: RunComparison, page: Path) -> None:
    """Print steps and requests side by side, and where the page with the pictures lies."""
    run, good = comparison.run, comparison.good
    heading = FittedTable("", name_column(""), "")
    heading.add_row(outcome_text(run.outcome), display_name(run.check), f"run {short(run.id)}")
    out.print(heading)
    due = at_with_zone(good.due_us, comparison.timezone)
    out.print(note(f"beside the last good run {short(good.id)}, {due}"))
    if run.reason:
        out.print(note(run.reason))
    out.print()
    out.print(_step_table(comparison.steps))
    out.print()
    if comparison.requests:
        out.print(_request_table(comparison.requests))
    if comparison.alike:
        out.print(
            Text(f"requests not shown: to {counted(comparison.alike, 'more address', 'more addresses')}", style="dim")
        )
    for remark in comparison.notes:
        out.print(note(remark, 0, "dim"))
    out.print(Text(f"page, with the pictures:\n  {page}"), soft_wrap=True)


def _step_table(steps: tuple[StepPair, ...]) -> FittedTable:
    table = FittedTable(number_column("good ms"), number_column("ms"), text_column("step"), "")
    for step in steps:
        style = _STYLES.get(step.difference, "yellow")
        table.add_row(_ms(step.good_ms), _ms(step.bad_ms), Text(step.name, style=style), step.difference)
    return table


def _request_table(requests: tuple[RequestPair, ...]) -> FittedTable:
    table = FittedTable("good", number_column("ms"), "now", number_column("ms"), name_column("request"), "")
    for pair in requests:
        name = Text(f"{pair.method} {pair.address}", style=_STYLES.get(pair.difference, "yellow"))
        good, now = Text(pair.good or "-"), Text(pair.bad or "-")
        table.add_row(good, _ms(pair.good_ms), now, _ms(pair.bad_ms), name, pair.difference)
    return table


def _ms(took_ms: float | None) -> str:
    return "-" if took_ms is None else f"{took_ms:.{0 if took_ms >= _COARSE_MS else 2}f}"
