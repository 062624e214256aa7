"""`outrider changes`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from outrider.app.runtime import open_store, workspace_here
from outrider.cli.telling import at, console, name_of
from outrider.runs import primary_series

if TYPE_CHECKING:
    from outrider.model import Series
    from outrider.store import Store


@dataclass(frozen=True, slots=True)
class Change:
    """A new level of a series; times in microseconds UTC, levels in ms, the time's interval included."""

    check: str
    step: str
    at_us: int
    earliest_us: int
    latest_us: int
    before_ms: float
    after_ms: float
    p_value: float
    release: str


@click.command(epilog="Example: outrider changes '*checkout*'")
@click.argument("pattern", default="*")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def changes(pattern: str, *, as_json: bool) -> None:
    """List when steps took a new level, by how much, and the release that explains it.

    PATTERN is a check's id, with * for any characters.
    """
    with open_store(workspace_here()) as store:
        checks = [one.id for one in store.checks.all() if fnmatchcase(one.id, pattern)]
        series = [one for check in checks for one in primary_series(store, check)]
        found = sorted((change for one in series for change in _changes(store, one)), key=lambda change: -change.at_us)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found]))
        return
    table = Table(box=None, pad_edge=False)
    for title in ("since (UTC)", "check", "step", "before", "after", "change", "release"):
        table.add_column(title, justify="right" if title in {"before", "after", "change"} else "left")
    for one in found:
        before, after = f"{one.before_ms:.0f} ms", f"{one.after_ms:.0f} ms"
        change = f"{one.after_ms / one.before_ms - 1:+.1%}"
        table.add_row(at(one.at_us), Text(name_of(one.check)), Text(one.step), before, after, change, Text(one.release))
    console().print(table if found else "no step took a new level")


def _changes(store: Store, series: Series) -> list[Change]:
    import numpy as np  # noqa: PLC0415 - only where used

    from outrider.baselines import change_points, precede  # noqa: PLC0415 - SciPy is slow to import

    at_us, value = store.series.samples(series)
    points = change_points(value)
    releases = store.judgements.releases(series.environment)
    first_runs = [int(index) for index in np.searchsorted(at_us, [one.at_us for one in releases])]
    causes = precede(points, first_runs)
    found = []
    for point, cause in zip(points, causes, strict=True):
        begun, earliest, latest = (int(at_us[index]) for index in (point.index, point.earliest, point.latest))
        release = releases[cause].name if cause is not None else ""
        levels = (point.before, point.after, point.p_value)
        found.append(Change(series.subject, series.step, begun, earliest, latest, *levels, release))
    return found
