"""Options that count or measure telemetry instead of listing it."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from outrider.app import duration_s
from outrider.cli.echo import echo
from outrider.cli.option_types import TypedValue
from outrider.cli.run_tables import console
from outrider.cli.telemetry_tables import measured_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model import RecordKind, TelemetryReader

C = TypeVar("C", bound="Callable[..., Any]")


@dataclass(frozen=True, slots=True)
class Measurement:
    """What is measured, by which keys and in which periods."""

    measure: str
    by: tuple[str, ...]
    every_s: int

    def show(self, telemetry: TelemetryReader, kind: RecordKind, query: str, timezone: str, *, as_json: bool) -> None:
        """Print the measure of what matches."""
        measured = telemetry.measure(kind, query, measure=self.measure, by=self.by, every_s=self.every_s)
        if as_json:
            echo(json.dumps([dict(zip(measured.columns, row, strict=True)) for row in measured.rows]))
        else:
            console().print(measured_table(measured, timezone))
        if not measured.is_complete:
            echo("there are more groups", err=True)


def measure_options(command: C) -> C:
    """Add --measure, --by and --every to a command, which is handed a `Measurement`, or None without any of them."""

    @functools.wraps(command)
    def measuring(*arguments: Any, measure: str, by: str, every: float | None, **options: Any) -> Any:
        keys = tuple(key.strip() for key in by.split(",")) if by else ()
        if every is not None and every < 1:
            raise click.BadParameter("a period has a second at least", param_hint="'--every'")
        is_asked = measure or keys or every
        measurement = Measurement(measure or "count", keys, round(every or 0)) if is_asked else None
        return command(*arguments, measurement=measurement, **options)

    for option in (
        click.option("--every", type=TypedValue("duration", duration_s), help="Length of the periods to measure by."),
        click.option("--by", default="", help="Keys to measure by, with commas between them."),
        click.option("--measure", default="", help="Measure instead, such as count, rate or p95(duration)."),
    ):
        option(measuring)
    return measuring  # type: ignore[return-value]  # click reads its options from it
