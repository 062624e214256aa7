"""A listener of the service that looks for something every fifteen seconds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Run
    from outrider.runs import Judgement

_EVERY_US: Final = 15 * 1_000_000


class PeriodicWatch(ABC):
    """Looks at the first tick, and fifteen seconds after each look; also when the clock was set back."""

    def __init__(self) -> None:
        self._looked_us: int | None = None

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:  # noqa: B027 - to ignore runs is no duty
        """Ignore runs."""

    def ticked(self, now_us: int) -> None:
        """Look, if it is time."""
        if self._looked_us is None or not 0 <= now_us - self._looked_us < _EVERY_US:
            self._looked_us = now_us
            self.look(now_us)

    @abstractmethod
    def look(self, now_us: int) -> None:
        """Look now."""
