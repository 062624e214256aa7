"""New runtimes are built beside the service: its ticks go on while a changed workspace is loaded."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from outrider.model import ConfigError, OutriderError
from outrider.scheduler.maintenance_windows import Windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.scheduler.health import Health
    from outrider.scheduler.scheduled_runtime import RuntimeFactory, ScheduledRuntime

log = structlog.get_logger("outrider.scheduler")

_LOOK_EVERY_S = 2.0
_RETRY_S = 10.0
_LONGEST_RETRY_S = 300.0
_SUBJECT = "reload"
_SEEING = "workspace files"


@dataclass(frozen=True, slots=True)
class BuiltRuntime:
    """A runtime that is ready to run checks, with its maintenance windows."""

    runtime: ScheduledRuntime
    windows: Windows


class RuntimeBuilder:
    """Builds a runtime whenever the workspace has changed, one at a time, in a thread of its own.

    What is built waits until the service takes it; if the workspace changes first, the newer one replaces it. A state
    that is wrong is refused until it changes again. Whatever else prevents a build is tried again, ever more rarely.

    Args:
        factory: Makes runtimes.
        health: Takes why a state is refused.
        steady_s: Returns monotonic seconds.
    """

    def __init__(
        self, factory: RuntimeFactory, health: Health, *, steady_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._factory = factory
        self._health = health
        self._steady_s = steady_s
        self._lock = threading.Lock()  # guards _built and _closed, which the service's thread uses too
        self._built: BuiltRuntime | None = None
        self._closed = False
        self._has_built = False
        self._retry_at_s: float | None = steady_s()
        self._retry_s = _RETRY_S
        self._stopped = threading.Event()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="runtime builder", daemon=True)

    def start(self) -> None:
        """Build in a thread of its own, until `close`."""
        self._thread.start()

    def take(self) -> BuiltRuntime | None:
        """Return what was built since the last call, which is the caller's to close; None if nothing was."""
        with self._lock:
            built, self._built = self._built, None
        return built

    def hurry(self) -> None:
        """Look at once whether the workspace has changed; may be called by any thread and by a signal handler."""
        self._hurry.set()

    def stop(self) -> None:
        """Begin no more builds."""
        self._stopped.set()
        self._hurry.set()

    def close(self, within_s: float) -> None:
        """Build no more, and close what nobody took; waits for a build under way, at most so long."""
        self.stop()
        with self._lock:
            self._closed = True
        if self._thread.is_alive():
            self._thread.join(within_s)
        if (built := self.take()) is not None:
            built.runtime.close(0.0)

    def look(self) -> None:
        """Build if the workspace has changed, or if it is time to try again; called from one thread."""
        is_changed = self._factory.changed()
        is_retry = self._retry_at_s is not None and self._steady_s() >= self._retry_at_s
        if not (is_changed or is_retry):
            return
        try:
            built = self._build()
        except ConfigError as error:
            self._refuse(str(error), is_final=self._has_built)
        except (OutriderError, OSError) as error:
            self._refuse(str(error), is_final=False)
        except Exception as error:  # a state that breaks the prober must not end the watching
            log.exception("workspace.unbuilt", error=str(error))
            self._refuse(f"{type(error).__name__}: {error}", is_final=False)
        else:
            self._accept(built)

    def _build(self) -> BuiltRuntime:
        runtime = self._factory.make()
        try:
            return BuiltRuntime(runtime, Windows(runtime.workspace.maintenance, runtime.workspace.timezone))
        except BaseException:
            runtime.close(0.0)
            raise

    def _accept(self, built: BuiltRuntime) -> None:
        self._has_built, self._retry_at_s, self._retry_s = True, None, _RETRY_S
        self._health.well(_SUBJECT)
        with self._lock:
            unused = built if self._closed else self._built
            if not self._closed:
                self._built = built
        if unused is not None:
            unused.runtime.close(0.0)

    def _refuse(self, why: str, *, is_final: bool) -> None:
        self._retry_at_s = None if is_final else self._steady_s() + self._retry_s
        self._retry_s = min(2 * self._retry_s, _LONGEST_RETRY_S)
        self._health.count("reloads_refused")
        effect = "the state before it keeps running" if self._has_built else "nothing runs until it is corrected"
        self._health.wrong(_SUBJECT, f"the workspace as it is now is refused, {effect}: {why}")

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                self.look()
            except Exception as error:  # looking at files must not end the watching either
                log.exception("workspace.unseen", error=str(error))
                self._health.wrong(_SEEING, f"changes of the workspace are not seen: {type(error).__name__}: {error}")
            else:
                self._health.well(_SEEING)
            self._hurry.wait(_LOOK_EVERY_S)
            self._hurry.clear()
