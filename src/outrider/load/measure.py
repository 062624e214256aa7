"""Measures load profiles: one load, in a Locust of its own."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Protocol

from outrider.load.load_crew import LoadCrew
from outrider.load.load_outcome import End, Facts, abort_reason, assess
from outrider.load.load_samples import load_errors, load_omissions, load_samples, load_steps
from outrider.load.process import LocustProcess
from outrider.load.profile import DURATION_S
from outrider.load.progress_writer import ProgressWriter
from outrider.load.shapes import Arrivals
from outrider.load.timeline import LoadTimeline
from outrider.load.wire import Aim, LoadConfig, Ready, Stop, write
from outrider.model import ArtifactFile, ArtifactKind, Measurement, Outcome
from outrider.workspace import LoadSettings, Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from outrider.load.profile import Profile
    from outrider.model import AttemptTrace, CheckId, LoadInterval, LoadProgressLog, LoadShareLog, Order, TraceGrant

_TICK_S = 0.2
_QUIET_END_S = 15.0
"""How long Locust may take to let its users end when their time is up."""

_SWIFT_END_S = 1.5
"""How long it may take where the load has to stop at once."""

_LOG_BYTES = 1 << 20
_WINDOW = 60
_WORKERS_WAIT_S = 60
_LED_ELSEWHERE = (
    'a load with workers_at is led by the service, which a worker of a location cannot: locations = ["local"]'
)


class Listener(Protocol):
    """Receives progress of a load."""

    def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:
        """Receive the latest seconds, at most a minute of them, and how long the load still takes, if that is known."""
        ...


@dataclass(frozen=True, slots=True)
class _Listeners:
    """Several listeners as one."""

    listeners: Sequence[Listener]

    def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:
        for listener in self.listeners:
            listener.second(so_far, left_s)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where Locust runs.

    Attributes:
        root: Of the workspace, or of a copy of it.
        environment: All of it, secrets included.
        grant_traces: Allows an attempt to begin traces; None where requests name none.
    """

    root: Path
    environment: Mapping[str, str]
    settings: LoadSettings = field(default_factory=LoadSettings)
    redactor: Redactor = field(default_factory=Redactor)
    grant_traces: Callable[[Order], TraceGrant] | None = None


class LoadMeasure:
    """Carries out load profiles; see `Measure` for what it promises.

    An interrupt (Ctrl-C) ends the load and not the measuring: what was measured so far is returned, and `interrupted`
    is true from then on.

    Args:
        profiles: By check.
        surroundings: Where Locust runs.
        listener: Receives every second.
        enough: Decides from all its seconds whether a load may end before its time.
        broken: Why checks without a profile have none.
        progress: Where seconds are kept while a load is under way; nowhere if absent.
        shares: Where workers in locations are asked for; loads that want some are set-up errors if absent.
    """

    def __init__(
        self,
        profiles: Mapping[CheckId, Profile],
        surroundings: Surroundings,
        listener: Listener | None = None,
        enough: Callable[[Sequence[LoadInterval]], bool] | None = None,
        *,
        broken: Mapping[CheckId, str] | None = None,
        progress: LoadProgressLog | None = None,
        shares: LoadShareLog | None = None,
    ) -> None:
        self._shares = shares
        self._profiles = profiles
        self._broken = broken or {}
        self._progress = progress
        self._surroundings = surroundings
        self._listener = listener
        self._enough = enough
        self.interrupted = False

    def measure(self, order: Order) -> Measurement:
        """Carry out one load; one without a usable profile is a setup error."""
        if (reason := self._broken.get(order.check.id)) is not None:
            return Measurement(Outcome.SETUP_ERROR, reason, time.time_ns() // 1000, 0.0)
        profile = self._profiles[order.check.id]
        if profile.workers_at and self._shares is None:
            return Measurement(Outcome.SETUP_ERROR, _LED_ELSEWHERE, time.time_ns() // 1000, 0.0)
        log = order.scratch / "locust.log"
        timeline = LoadTimeline(self._surroundings.redactor)
        started_us = time.time_ns() // 1000
        deadline_s = time.monotonic() + order.deadline_s
        with (
            self._followed(order) as listener,
            self._locust(profile, log, order) as locust,
            self._crew(profile, order) as crew,
        ):
            attempt = LoadAttempt(
                locust, timeline, profile, deadline_s, listener=listener, enough=self._enough, crew=crew
            )  # fmt: skip
            try:
                end = attempt.attend()
            except KeyboardInterrupt:
                self.interrupted = True
                end = End.INTERRUPTED
                attempt.finish(_SWIFT_END_S)
            code = locust.code()
            attempt.note_absence()
        facts = self._facts(profile, attempt, end, log, code)
        began_us = started_us if timeline.started_s is None else round(timeline.started_s * 1_000_000)
        return self._measurement(facts, log, began_us, timeline.traces())

    @contextmanager
    def _followed(self, order: Order) -> Iterator[Listener]:
        """Yield what receives the seconds of an attempt."""
        listeners = [self._listener] if self._listener is not None else []
        if self._progress is None:
            yield _Listeners(listeners)
            return
        with ProgressWriter(self._progress, order) as writer:
            yield _Listeners([*listeners, writer])

    @contextmanager
    def _crew(self, profile: Profile, order: Order) -> Iterator[LoadCrew | None]:
        """Yield the workers that a load has in locations; None if it has none."""
        settings = self._surroundings.settings
        if not profile.workers_at or self._shares is None or settings.master is None:
            yield None
            return
        config = write(config_of(profile, settings)).decode()
        with LoadCrew(
            self._shares, profile.workers_at, order.check.id,
            master=settings.master, config=config, within_s=order.deadline_s,
        ) as crew:  # fmt: skip
            yield crew

    def _locust(self, profile: Profile, log: Path, order: Order) -> LocustProcess:
        around = self._surroundings
        grant = around.grant_traces(order) if around.grant_traces and around.settings.trace_every else None
        (around.root / profile.folder).mkdir(parents=True, exist_ok=True)  # copies have no empty folders
        return LocustProcess(
            arguments_of(profile, around.root, around.settings.master),
            config_of(profile, around.settings, grant),
            folder=around.root / profile.folder,
            environment=around.environment,
            log=log,
        )

    def _facts(self, profile: Profile, attempt: LoadAttempt, end: End, log: Path, code: int | None) -> Facts:
        timeline = attempt.timeline
        end_s = attempt.end_s
        ready, ended = timeline.ready, timeline.ended
        return Facts(
            profile=profile,
            settings=self._surroundings.settings,
            result=timeline.result(end_s),
            end=end,
            abort=attempt.abort,
            away=attempt.away,
            started=timeline.started_s is not None,
            took_s=end_s - timeline.started_s if timeline.started_s is not None else None,
            workers=timeline.workers,
            spawned=timeline.spawned,
            lost=tuple(timeline.lost(end_s)) if timeline.started_s else (),
            unheard=max(0, profile.generators - timeline.reporters) if profile.workers or profile.processes > 1 else 0,
            refused=tuple(timeline.refused),
            code=ended.code if ended and code is None else code,
            ended=ended,
            log=_tail(log),
            activities=timeline.activities,
            ready=ready or Ready(own_shape=False),
        )

    def _measurement(self, facts: Facts, log: Path, started_us: int, traces: tuple[AttemptTrace, ...]) -> Measurement:
        outcome, reason = assess(facts)
        result, profile = facts.result, facts.profile
        root = f"{self._surroundings.root}/"
        artifacts = (ArtifactFile(ArtifactKind.LOG, "locust.log", "text/plain", log),)
        measurement = Measurement(
            outcome=outcome,
            reason=reason.replace(root, ""),
            started_us=started_us,
            duration_ms=result.length_s * 1000,
            steps=load_steps(result),
            samples=load_samples(result),
            errors=load_errors(result),
            artifacts=() if outcome is Outcome.PASSED else artifacts,
            attributes={
                "locust": version("locust"),
                "users": str(profile.wanted_users or result.most_users),
                "duration_s": f"{result.length_s:.0f}",
                "processes": str(profile.generators),
                "asked": " ".join(facts.ready.hosts),
            },
            traces=traces,
            load=result,
            omitted=load_omissions(result),
        )
        return self._surroundings.redactor.measurement(measurement)


class LoadAttempt:
    """One load in progress: receives messages from Locust, sets the number of users and decides when to stop."""

    def __init__(
        self,
        locust: LocustProcess,
        timeline: LoadTimeline,
        profile: Profile,
        deadline_s: float,
        *,
        listener: Listener | None,
        enough: Callable[[Sequence[LoadInterval]], bool] | None,
        crew: LoadCrew | None = None,
    ) -> None:
        self.timeline = timeline
        self.abort = ""
        self.away = ""
        self._crew = crew
        self._alive_s = time.time()
        self._stopped_s: float | None = None
        self._locust = locust
        self._profile = profile
        self._deadline_s = deadline_s
        self._listener = listener
        self._enough = enough
        self._aimed: int | None = None
        self._reported = -1

    @property
    def end_s(self) -> float:
        """When the load ended: what Locust needs to stop its users afterwards is no load time."""
        ends = (self._stopped_s, self.timeline.stopping_s, self._alive_s)
        return min(end_s for end_s in ends if end_s is not None)

    def attend(self) -> End:
        """Follow the load until it ends; return how it ended."""
        while True:
            if self._receive(time.monotonic() + _TICK_S):
                return End.ITSELF if self.timeline.ended else End.DIED
            if self.timeline.refused:
                self.finish(_SWIFT_END_S)
                return End.REFUSED
            if self._crew and self.timeline.started_s is None and (away := self._crew.problem()):
                self.away = away
                self.finish(_SWIFT_END_S)
                return End.AWAY
            if time.monotonic() > self._deadline_s:
                self.finish(_SWIFT_END_S)
                return End.OVERDUE
            if self.timeline.started_s is not None and (end := self._steer(time.time() - self.timeline.started_s)):
                self.finish(_SWIFT_END_S if end is End.ABORTED else self._quiet_end_s())
                return end

    def note_absence(self) -> None:
        """Note which workers did not come to a load that did not begin."""
        if self._crew and self.timeline.started_s is None and not self.away:
            self.away = self._crew.absence()

    def finish(self, patience_s: float) -> None:
        """Stop the load and wait up to `patience_s` for the last messages of Locust."""
        self._stopped_s = time.time()
        self._locust.send(Stop(at_once=patience_s < _QUIET_END_S))
        until_s = time.monotonic() + patience_s
        while time.monotonic() < until_s and not self._receive(until_s):
            pass

    def _receive(self, until_s: float) -> bool:
        """Receive messages until then; return whether the load is over."""
        while (message := self._locust.receive(until_s)) is not None:
            self.timeline.receive(message)
            self._alive_s = time.time()  # a process that sends is alive: its last seconds count
        if self.timeline.ended is None and self._locust.is_running:
            self._alive_s = time.time()
            return False
        return self.timeline.ended is not None or self._locust.is_silent

    def _steer(self, at_s: float) -> End | None:
        if self._profile.shape is not None and (users := self._profile.shape.users_at(at_s)) != self._aimed:
            self._locust.send(Aim(users))
            self._aimed = users
        duration_s = self._duration_s()
        ready = self.timeline.ready
        run_time_s = ready.run_time_s if ready else None
        ends = [end_s for end_s in (duration_s, run_time_s) if end_s is not None]
        if int(at_s) > self._reported:
            self._reported = int(at_s)
            if end := self._look_back(min(ends) - at_s if ends else None):
                return end
        return End.TIME if duration_s is not None and at_s >= duration_s else None

    def _quiet_end_s(self) -> float:
        ready = self.timeline.ready
        return _QUIET_END_S + (ready.stop_timeout_s if ready else 0.0)

    def _duration_s(self) -> float | None:
        """Return when to end the load; None where the locustfile's shape or Locust's own --run-time does."""
        ready = self.timeline.ready
        ends_itself = ready is not None and ((ready.own_shape and not self._profile.shape) or ready.run_time_s)
        return self._profile.duration_s or (None if ends_itself else DURATION_S)

    def _look_back(self, left_s: float | None) -> End | None:
        """Report the last whole second; return how the load ends if it has to end now."""
        whole_s = float(int(time.time()) - 1)
        window_s = self._profile.abort.window_s if self._profile.abort else 0.0
        latest = self.timeline.intervals(whole_s, max(_WINDOW, int(window_s) + 2))
        if not latest:
            return None
        if self._listener is not None:
            self._listener.second(latest[-_WINDOW:], left_s)
        self.abort = abort_reason(latest, self._profile)
        if self.abort:
            return End.ABORTED
        return End.ENOUGH if self._enough and self._enough(self.timeline.intervals(whole_s)) else None


def config_of(profile: Profile, settings: LoadSettings, grant: TraceGrant | None = None) -> LoadConfig:
    """Return the configuration of each process of a load."""
    shape = profile.shape
    arrivals = shape if isinstance(shape, Arrivals) else None
    return LoadConfig(
        allowed_hosts=(*settings.allowed_hosts, *profile.allowed_hosts),
        shaped=shape is not None,
        users=shape.users_at(0.0) if shape else 0,
        rate=arrivals.rate / profile.generators if arrivals else 0.0,
        ramp_s=arrivals.ramp_s if arrivals else 0.0,
        trace_every=settings.trace_every if grant else 0,
        trace_claim=grant.claim if grant else "",
        trace_key=grant.key if grant else "",
    )


def arguments_of(profile: Profile, root: Path, master: tuple[str, int] | None = None) -> list[str]:
    """Return Locust's arguments for a profile; what it leaves open, the locustfile's own settings decide.

    Args:
        profile: Of the load.
        root: Of the workspace, or of a copy of it.
        master: Where workers of locations find the master that this is.
    """
    arguments = ["-f", str(root / profile.file), "--headless", "--only-summary"]
    for flag, value in (("-H", profile.host), ("-u", profile.users), ("-r", profile.spawn_rate)):
        if value is not None and not (flag == "-u" and profile.shape):
            arguments += [flag, str(value)]
    for flag, values in (("-T", profile.tags), ("-E", profile.exclude_tags)):
        arguments += [flag, *values] if values else []
    if profile.workers:
        arguments += ["--master", "--expect-workers", str(profile.workers)]
        arguments += ["--expect-workers-max-wait", str(_WORKERS_WAIT_S)]
        if profile.workers_at and master is not None:
            arguments += ["--master-bind-port", str(master[1])]
    elif profile.processes > 1:
        port = str(_free_port())
        arguments += ["--processes", str(profile.processes), "--master-bind-port", port, "--master-port", port]
    return [*arguments, *profile.arguments, *profile.classes]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _tail(log: Path) -> str:
    """Return the end of what Locust printed, and cut the file to that."""
    data = log.read_bytes() if log.exists() else b""
    if len(data) > _LOG_BYTES:
        left_out = f"[{len(data) - _LOG_BYTES:,} bytes before this are left out]\n".encode()
        data = left_out + data[-_LOG_BYTES:]
        log.write_bytes(data)
    return data.decode(errors="replace")
