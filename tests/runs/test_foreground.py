"""The journey beside a load: which of its runs the load has taken too much of the host from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from outrider.model import (
    Check,
    CheckId,
    HostLoad,
    Kind,
    LoadInterval,
    Measurement,
    Order,
    Outcome,
    Run,
    new_run_id,
)
from outrider.runs import Foreground

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.model import Measure

JOURNEY = Check(CheckId("journey:x"), Kind.JOURNEY, "x.py", "x", "x")


@dataclass
class Passing:
    """A journey that passes while others use so much of the host."""

    other_share: float

    def measure(self, order: Order) -> Measurement:
        return Measurement(Outcome.PASSED, "", 0, 1.0, host=HostLoad(2, 1.0, 0.1, self.other_share, 1 << 30))


def never(measure: Measure, check: Check) -> Run:
    raise AssertionError


@pytest.mark.parametrize(
    ("other_share", "starved_above", "outcome"),
    [(0.98, 1.0, Outcome.PASSED), (0.98, 0.9, Outcome.INCONCLUSIVE), (0.1, 0.9, Outcome.PASSED)],
)
def test_more_than_the_whole_host_is_never_used(
    tmp_path: Path, other_share: float, starved_above: float, outcome: Outcome
) -> None:
    """What others and the generator use is measured in different seconds, so that their sum may exceed all."""
    foreground = Foreground(JOURNEY, Passing(other_share), never, starved_above=starved_above)
    foreground.second([LoadInterval(0.0, 1.0, 4, 1, 0.9, 1.0, 0.0, ())], None)

    measured = foreground.measure(Order(new_run_id(1), JOURNEY, 1, 60.0, tmp_path))

    assert measured.outcome == outcome, measured.reason
