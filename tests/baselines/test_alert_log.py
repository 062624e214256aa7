"""Every alert of a series, with the part that fired and how rare its evidence was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from outrider.baselines import Part, judged_alerts, replay

if TYPE_CHECKING:
    from tests.baselines.conftest import MakeSeries

DAY = 288


@pytest.mark.slow
def test_alerts_are_those_of_a_replay_and_say_which_part_fired(make_series: MakeSeries) -> None:
    """A step, then wider spread; the runs for which an alert is open are the same (seed 41)."""
    at, value = make_series(41, 40)
    value[20 * DAY : 21 * DAY] *= 1.5
    wide = slice(30 * DAY, 31 * DAY)
    value[wide] *= np.exp(0.4 * np.random.default_rng(41).standard_normal(DAY))

    alerts = judged_alerts(at, value)

    open_runs = np.zeros(len(value), dtype=bool)
    for alert in alerts:
        open_runs[alert.start : alert.end] = True
    assert (open_runs == replay(at, value)).all()
    assert alerts[0].part in {Part.LEVEL, Part.SHAPE}
    assert Part.SPREAD in {alert.part for alert in alerts}
    assert max(alerts[0].chance_months) > 1000


def test_a_steady_series_has_no_alerts(make_series: MakeSeries) -> None:
    """Nor has an empty one."""
    assert judged_alerts(*make_series(1, 21)) == []
    assert judged_alerts(np.zeros(0, "datetime64[s]"), np.zeros(0)) == []
