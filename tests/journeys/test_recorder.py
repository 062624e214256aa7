"""What a recorder saves is not cut short by the test's time-out, as long as there is time for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.journeys.error_classification import Overdue
from outrider.journeys.recorder import Recorder
from outrider.journeys.worker_messages import AttemptOrder

if TYPE_CHECKING:
    from pathlib import Path


def recorder_of(scratch: Path, *, evidence: bool) -> Recorder:
    order = AttemptOrder("journeys/test_pay.py::test_pay", str(scratch), "ws://", "run-1", evidence=evidence)
    return Recorder(order, lambda _payload: None)


def close_browser(recorder: Recorder, saved: list[str]) -> None:
    """Save a context and then its browser; the time is up during the first."""
    with recorder.saving():
        with recorder.saving():
            assert recorder.holds_back(Overdue("time is up"))
            saved.append("context")
        saved.append("browser")


def close_what_hangs(recorder: Recorder) -> None:
    """Save what takes so long that the run has to end."""
    second = Overdue("second")
    with recorder.saving():
        assert recorder.holds_back(Overdue("first"))
        assert not recorder.holds_back(second)
        raise second


def test_an_interruption_waits_until_everything_is_saved(tmp_path: Path) -> None:
    """Closing a browser closes its contexts: the outermost call is the one that ends with the interruption."""
    saved: list[str] = []

    with pytest.raises(Overdue):
        close_browser(recorder_of(tmp_path, evidence=True), saved)

    assert saved == ["context", "browser"]


def test_a_second_interruption_is_not_held_back(tmp_path: Path) -> None:
    """What hangs while it is saved ends when the run must, and is interrupted by nothing afterwards."""
    recorder = recorder_of(tmp_path, evidence=True)

    with pytest.raises(Overdue, match="second"):
        close_what_hangs(recorder)

    with recorder.saving():
        pass


@pytest.mark.parametrize(("evidence", "saves"), [(False, True), (True, False)])
def test_a_test_is_interrupted_at_once(tmp_path: Path, evidence: bool, saves: bool) -> None:
    """Without evidence no time is reserved for saving; and while a test acts, nothing is being saved."""
    recorder = recorder_of(tmp_path, evidence=evidence)

    if saves:
        with recorder.saving():
            assert not recorder.holds_back(Overdue("time is up"))
    else:
        assert not recorder.holds_back(Overdue("time is up"))
