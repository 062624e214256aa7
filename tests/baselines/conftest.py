"""Series of a kind that every test of this room may need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pytest

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray, TimeArray

DAY = 288


class MakeSeries(Protocol):
    def __call__(self, seed: int, days: int, *, every_s: int = 300) -> tuple[TimeArray, FloatArray]: ...


def _series(seed: int, days: int, *, every_s: int = 300) -> tuple[TimeArray, FloatArray]:
    rng = np.random.default_rng(seed)
    runs = days * 86_400 // every_s
    at = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(runs) * np.timedelta64(every_s, "s")
    season = 0.08 * np.sin(2 * np.pi * np.arange(runs) * every_s / 86_400)
    tail = np.where(rng.random(runs) < 0.02, 0.3 + rng.exponential(0.4, runs), 0.0)
    return at, 800 * np.exp(season + 0.1 * rng.standard_normal(runs) + tail)


@pytest.fixture
def make_series() -> MakeSeries:
    return _series
