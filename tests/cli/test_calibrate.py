"""What a calibration means, in words: how many false alerts there were, whether chance explains them, what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outrider.app import Sensitivity, SeriesSensitivity
from outrider.cli.calibrate import calibration_lines
from outrider.model import Subject

MONTHS = 18.4  # eighty weeks


def sensitivity(by_part: dict[str, int], by_day: dict[str, int], months: float = 5.0) -> Sensitivity:
    alerts = sum(by_part.values())
    return Sensitivity(
        months, alerts / MONTHS, 1.0, 0.1, MONTHS, {part: count / MONTHS for part, count in by_part.items()}, alerts,
        1 / months, 0.001 if alerts > 4 else 0.5, by_day,
    )  # fmt: skip


def series(now: Sensitivity, calmer: int = 0) -> SeriesSensitivity:
    lower = sensitivity({"level": calmer}, {"2026-11-01": calmer}, 15.0)
    return SeriesSensitivity(Subject("probe:home"), "request", lower, now, sensitivity({}, {}, 5 / 3))


SPREAD_OUT = {f"2026-11-{day:02}": 1 for day in range(1, 12)}


@pytest.mark.parametrize(
    ("by_part", "by_day", "calmer", "sentence"),
    [
        ({}, {}, 0, "0 false alerts in 80 simulated weeks, 3.7 expected: as calm as asked for"),
        ({"level": 4}, dict.fromkeys(list(SPREAD_OUT)[:4], 1), 0, "chance explains that (p = 0.50); nothing to do"),
        ({"tail": 11}, {"2026-11-12": 11}, 0, "(p = 0.28); 11 of them began on the runs of 2026-11-12"),
        ({"tail": 8, "level": 3}, SPREAD_OUT, 0, "slow runs come in bursts: months_per_false_alert = 15 is as calm"),
        ({"level": 8, "tail": 3}, SPREAD_OUT, 0, "the level wanders for hours: months_per_false_alert = 15 is as"),
        ({"level": 11}, SPREAD_OUT, 9, "and a lower sensitivity does not help: a higher floor_ms does if the changes"),
        ({"shape": 30}, {**SPREAD_OUT, "2026-11-12": 19}, 0, "19 of them began on the runs of 2026-11-12: if"),
    ],
)  # fmt: skip
def test_what_a_number_of_false_alerts_means_is_told(
    by_part: dict[str, int], by_day: dict[str, int], calmer: int, sentence: str
) -> None:
    """Beside what was asked for, and with what explains it; alerts that share a day are one cluster."""
    lines = list(calibration_lines([series(sensitivity(by_part, by_day), calmer)]))

    assert sentence in lines[4]
    assert all(f"{part} " in lines[2] for part in by_part)
    assert "A false alert here is one on your own past" in lines[-1]


def test_all_series_are_summed_up() -> None:
    """What no single one shows, many may."""
    few = series(sensitivity({"level": 6}, dict.fromkeys(list(SPREAD_OUT)[:6], 1)))
    few = replace(few, now=replace(few.now, chance=0.17))

    alone, together = (list(calibration_lines([few] * count)) for count in (1, 8))

    assert "chance explains that" in alone[4]
    assert together[-2].startswith("all 8 series: 48 false alerts in 640 simulated weeks, 29.4 expected: more than")
