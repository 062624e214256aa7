"""What keeps the telemetry of a service up, when its store refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from outrider.app.telemetry.telemetry_service import TelemetryUpkeep
from outrider.model import StoreError
from outrider.telemetry_store import TelemetryRetention

if TYPE_CHECKING:
    from outrider.telemetry_store import TelemetryStore


class _StartingStore:
    """A store whose engine does not answer yet."""

    def __init__(self) -> None:
        self.asked = 0

    def restart_engine(self) -> bool:
        return False

    def roll_up_calls(self) -> int:
        self.asked += 1
        raise StoreError("the engine does not answer", slug="telemetry-engine")


def test_a_store_that_refuses_is_asked_again_after_a_while() -> None:
    """Upkeep looks each second; an engine that takes a minute to start is not sixty lines of the log."""
    store, now_s = _StartingStore(), 100.0
    upkeep = TelemetryUpkeep(cast("TelemetryStore", store), TelemetryRetention(), lambda: now_s)

    for second in range(21):
        now_s = 100.0 + second
        upkeep.look()

    assert store.asked == 3
