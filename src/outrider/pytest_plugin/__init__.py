"""What Outrider adds to plain pytest: the `step` fixture, and `--outrider`, which prints the steps of each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.journeys.steps import STEP_LISTENER, STEP_LOG, StepLog

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def step(request: pytest.FixtureRequest) -> StepLog:
    """Name a part of a journey: `with step("pay"): …`. Its duration becomes a series of its own."""
    log = StepLog(request.node.stash.get(STEP_LISTENER, None))
    request.node.stash[STEP_LOG] = log
    return log
