"""What executes runs on this host: probes side by side, what would slow its neighbour one at a time."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from outrider.model import Kind
from outrider.scheduler import FleetExecutor, Killable, TurnsExecutor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.app.execution.runtime import Runtime
    from outrider.model import Check, HeartbeatLog, LoadProgressLog, LoadShareLog
    from outrider.scheduler import Executor, RetryingRecorder, Work


class HostExecutors:
    """Executors of one runtime.

    Args:
        checks: All that may be executed.
        recorder: Takes finished runs.
        heartbeats: Calls of jobs.
        progress: Takes seconds of loads under way; None to keep none.
        shares: Where loads find workers in locations; None where they find none.

    Attributes:
        by_kind: An executor of each kind of check.
    """

    def __init__(
        self,
        runtime: Runtime,
        checks: Sequence[Check],
        recorder: RetryingRecorder,
        *,
        heartbeats: HeartbeatLog,
        progress: LoadProgressLog | None,
        shares: LoadShareLog | None,
    ) -> None:
        stop = {Kind.JOURNEY: runtime.workers.end_worker}
        measures = {
            kind: Killable(measure, stop.get(kind, _do_nothing))
            for kind, measure in runtime.measures({check.kind for check in checks}, progress, shares).items()
        }

        def prepare(check: Check) -> None:
            if check.kind == Kind.JOURNEY:
                runtime.measure.prepare(check)

        self._stack = ExitStack()
        fleet = self._stack.enter_context(runtime.fleet(heartbeats, recorder))
        self.fleet = FleetExecutor(fleet, runtime.workspace.service.probes_at_once)
        self.turns = TurnsExecutor(
            measures,
            recorder,
            runtime.turns,
            scratch=runtime.scratch,
            circumstances=runtime.circumstances,
            prepare=prepare,
            redactor=runtime.redactor,
        )
        self.by_kind: Mapping[Kind, Executor] = {Kind.PROBE: self.fleet, **dict.fromkeys(measures, self.turns)}

    def close(self, within_s: float) -> Sequence[Work]:
        """Wait for the runs under way, at most so long, and return what is not finished then."""
        until_s = time.monotonic() + within_s
        unfinished = [*self.turns.close(within_s), *self.fleet.close(max(0.0, until_s - time.monotonic()))]
        self._stack.close()
        return unfinished


def _do_nothing() -> None:
    """Leave a measure alone that ends by its own time-out."""
