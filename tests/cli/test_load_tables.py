"""What the terminal shows of a load."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from tests.builders import run_of

from outrider.cli.load_tables import as_json, print_knee, print_load
from outrider.model import (
    EndpointLoad,
    FailureGroup,
    Histogram,
    LoadInterval,
    LoadResult,
    Measurement,
    Outcome,
)

NOW_US = 1_800_000_000_000_000


def test_errors_are_not_throughput_in_the_table() -> None:
    """A rate is that of requests that succeeded; a load that only fails has no knee."""
    part = EndpointLoad("GET /", Histogram(), Histogram({100: 400}))
    result = LoadResult(tuple(LoadInterval(float(at), 1.0, 4, 1, 0.1, 1.0, 0.0, (part,)) for at in range(4)))
    out = StringIO()

    print_knee(Console(file=out, width=200), result, None)

    assert as_json(result, None)["endpoints"][0]["requests_per_s"] == 0.0  # type: ignore[index]
    assert "knee: none: no request succeeded at any number of users" in out.getvalue()


def test_levels_that_were_too_short_are_no_failures() -> None:
    """Requests succeeded, and no number of users lasted long enough to be a level."""
    part = EndpointLoad("GET /", Histogram({100: 400}), Histogram())
    result = LoadResult((LoadInterval(0.0, 1.0, 4, 1, 0.1, 1.0, 0.0, (part,)),))
    out = StringIO()

    print_knee(Console(file=out, width=200), result, None)

    assert "knee: not reached: the load went through too few levels" in out.getvalue()


def test_kinds_of_failure_beyond_the_first_are_counted() -> None:
    """A terminal shows the first few and says how many there are."""
    run = run_of(Measurement(Outcome.FAILED, "", NOW_US, 0.0), "load:shop")
    failures = tuple(FailureGroup("GET /", f"error {number}", 2, ()) for number in range(100))
    out = StringIO()

    print_load(Console(file=out, width=200), run, LoadResult(failures=failures))

    shown = out.getvalue().count("x  GET /:")
    assert f"{2 * (100 - shown)} x  {100 - shown} more kinds" in out.getvalue()


def test_names_beyond_the_limit_and_rows_beyond_the_table_differ() -> None:
    """`others` counts requests whose names were too many; the last row counts endpoints that have a name."""
    run = run_of(Measurement(Outcome.PASSED, "", NOW_US, 0.0), "load:shop")
    names = ["others", *(f"GET /item/{number}" for number in range(20))]
    parts = tuple(EndpointLoad(name, Histogram({100: 400 - at}), Histogram()) for at, name in enumerate(names))
    result = LoadResult(tuple(LoadInterval(float(at), 1.0, 4, 1, 0.1, 1.0, 0.0, parts) for at in range(4)))
    out = StringIO()

    print_load(Console(file=out, width=200), run, result)

    assert "others (names beyond the limit)" in out.getvalue()
    assert "9 more endpoints" in out.getvalue()
    assert "9 others" not in out.getvalue()
