"""What the subject of a report's mail tells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from outrider.reports.facts import Change, Light, Verdict
from outrider.reports.report_email import mail_subject

if TYPE_CHECKING:
    from .conftest import Bench

SLOWER = Change("journey:shop", "Pay", 0, 0, 0, 100.0, 130.0, "2.2.0", 800)
PROBE_SLOWER = replace(SLOWER, step="request", release="")


def verdict(missed: int = 0, unsure: int = 0, met: int = 0, **more: int | None) -> Verdict:
    return Verdict(Light.RED, "", "", missed, unsure, met, more.pop("without_data", 0) or 0, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdict", "changes", "subject"),
    [
        (
            verdict(4, 19, 27),
            (SLOWER, replace(SLOWER, step="Search")),
            "4 of 50 checks missed 99.5 %, 2 steps slower (Pay +30 %, since 2.2.0)",
        ),
        (verdict(0, 19, 31), (), "19 of 50 checks may have missed 99.5 %"),
        (
            verdict(0, 0, 3, affected_us=60_000_000, open_incidents=1),
            (),
            "all 3 checks met 99.5 %, down for 1 min, 1 incident still open",
        ),
        (verdict(0, 0, 0, seldom=2, without_data=1), (), "2 of 3 checks ran too seldom to say"),
        (verdict(0, 0, 2, without_data=1), (), "2 of 3 checks met 99.5 %"),
        (verdict(without_data=3), (), "nothing was measured"),
        (verdict(without_data=1, broken=2), (), "nothing was measured, 2 checks broken"),
        (verdict(0, 0, 3), (replace(SLOWER, ended_us=1),), "all 3 checks met 99.5 %"),
        (
            verdict(0, 0, 1),
            (replace(SLOWER, step="request", release=""),),
            "the only check met 99.5 %, 1 step slower (journey:shop +30 %)",
        ),
    ],
)
def test_a_subject_tells_what_the_week_was(
    bench: Bench, verdict: Verdict, changes: tuple[Change, ...], subject: str
) -> None:
    """An outage or an open incident does not hide behind an objective that was met."""
    report = replace(bench.report(), title="Milepost", verdict=verdict, changes=changes)

    assert mail_subject(report) == f"Milepost, 8-15 Jan: {subject}"
