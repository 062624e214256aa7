"""Which passing runs take a picture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outrider.journeys import PictureTimes
from outrider.model import Check, CheckId, Kind, Policy

PAY = Check(CheckId("journey:pay"), Kind.JOURNEY, "test_pay.py", "test_pay", "test_pay.py::test_pay")
TRIAL = replace(PAY, policy=Policy(environment="production-trial"))


def test_a_check_takes_one_after_a_start_and_then_at_intervals() -> None:
    """Each check by its own, and each environment."""
    now_s = [0.0]
    pictures = PictureTimes(3_600.0, lambda: now_s[0])

    first = pictures.is_due(PAY)
    pictures.note(PAY)
    now_s[0] = 3_599.0
    early, other = pictures.is_due(PAY), pictures.is_due(TRIAL)
    now_s[0] = 3_600.0

    assert (first, early, other, pictures.is_due(PAY)) == (True, False, True, True)


@pytest.mark.parametrize(("every_s", "is_due"), [(0.0, True), (None, False)])
def test_it_may_be_every_run_or_none(every_s: float | None, is_due: bool) -> None:
    """Zero is no interval; without one nothing is taken."""
    pictures = PictureTimes(every_s)
    pictures.note(PAY)

    assert pictures.is_due(PAY) is is_due
