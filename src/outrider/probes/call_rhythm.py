"""How often a job calls, and what its calls and its silence say. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from outrider.model import Sample, Step, StepKind
from outrider.probes.probe_result import Blame, Failure, ProbeResult
from outrider.workspace import format_duration

if TYPE_CHECKING:
    from outrider.model import Beat, Beats
    from outrider.workspace import Cron

STEP: Final = "job"
"""The step that a run of the job is, from its start to its end."""

_SECOND_US: Final = 1_000_000
_PAUSE_US: Final = 60 * _SECOND_US
"""Calls that are tried again, as by `curl --retry`, outlast a pause of the listener that is no longer."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a job calls.

    Attributes:
        period_s: At least so often; zero if a cron says it.
        cron: When it is due, if no period says it.
        grace_s: How late its call may be.
        longest_s: How long a run of it may take, if it calls when it starts; None for any time.
        timezone: IANA name, of the times in messages.
        schedule: The cron as it was written.
    """

    period_s: float = 0.0
    grace_s: float = 0.0
    longest_s: float | None = None
    cron: Cron | None = None
    timezone: str = "UTC"
    schedule: str = ""

    def deadline_us(self, after_us: int) -> int | None:
        """Return when a call after this time is overdue; None if none is ever due."""
        due_us = self._due_us(after_us)
        return None if due_us is None else due_us + round(self.grace_s * _SECOND_US)

    def earliest_us(self, after_us: int) -> int | None:
        """Return from when on the call after this time may come."""
        if self.cron is None:
            return after_us + round(self.period_s * _SECOND_US / 2)
        due_us = self._due_us(after_us)
        return None if due_us is None else due_us - _PAUSE_US

    def __str__(self) -> str:
        """Return how often, for a reader."""
        often = f"every {format_duration(self.period_s)}" if self.cron is None else f'by "{self.schedule}"'
        return often + (f" and {format_duration(self.grace_s)} of grace" if self.grace_s else "")

    def at(self, at_us: int) -> str:
        """Return a time for a reader."""
        moment = datetime.fromtimestamp(at_us / _SECOND_US, ZoneInfo(self.timezone))
        return f"{moment:%Y-%m-%d %H:%M:%S %Z}"

    def _due_us(self, after_us: int) -> int | None:
        """Return when the call after one at this time is due; one shortly before its schedule was that of it."""
        if self.cron is None:
            return after_us + round(self.period_s * _SECOND_US)
        due_us = self.cron.after(after_us)
        if due_us is None:
            return None
        following_us = self.cron.after(due_us) if due_us - after_us < _PAUSE_US else None
        if following_us is not None and 2 * (due_us - after_us) < following_us - due_us:
            due_us = following_us
        return self._once(self.cron, due_us)

    def _once(self, cron: Cron, due_us: int) -> int | None:
        """Return when a call is due at the latest that clocks being put back would make due twice.

        Crons differ: most run such a job once, at the first or at the second time (cron(8) of Debian). What is due
        more often than clocks are put back goes on through that hour.
        """
        moment = datetime.fromtimestamp(due_us / _SECOND_US, ZoneInfo(self.timezone))
        twin_us = round(moment.replace(fold=1 - moment.fold).timestamp() * _SECOND_US)
        first_us, second_us = sorted((due_us, twin_us))
        is_once = first_us < second_us and cron.after(2 * first_us - second_us - 1) == first_us
        if not is_once:
            return due_us
        return second_us if due_us == first_us else cron.after(second_us)


def judge_beats(beats: Beats, now_us: int, rhythm: Rhythm) -> ProbeResult:
    """Judge what is known of a job's calls.

    A failure that no run has seen yet fails this one, also if a success followed. Silence fails it once a call is
    overdue, unless the call may have come while nobody listened.
    """
    failures = [*_reported(beats, rhythm), *_too_long(beats, now_us, rhythm)]
    if not failures:
        failures = _silence(beats, now_us, rhythm)
    ended = [beat for beat in beats.unseen if beat.duration_us is not None and not beat.exit_code]
    durations_ms = [beat.duration_us / 1000 for beat in ended[-1:] if beat.duration_us is not None]
    samples = [Sample(STEP, "duration_ms", duration_ms) for duration_ms in durations_ms]
    if beats.last is not None:
        samples.append(Sample("", "silence_ms", max(0, now_us - beats.last.at_us) / 1000))
    steps = tuple(Step(STEP, STEP, StepKind.NAMED, 0.0, duration_ms) for duration_ms in durations_ms)
    return ProbeResult(0.0, tuple(failures), tuple(samples), steps, is_timed=False)


def _reported(beats: Beats, rhythm: Rhythm) -> list[Failure]:
    """Return the failures that the job reported: the last word, and what no run has seen yet."""
    failures = []
    if beats.last is not None and beats.last.exit_code:
        failures.append(f"the job reports {_code(beats.last)}")
    failures += [
        f"the job reported, at {rhythm.at(beat.at_us)}, {_code(beat)}"
        for beat in beats.unseen
        if beat.exit_code and beat != beats.last
    ]
    return [Failure(Blame.TARGET, reason) for reason in failures]


def _code(beat: Beat) -> str:
    return f"exit code {beat.exit_code}" + (f": {beat.note}" if beat.note else "")


def _too_long(beats: Beats, now_us: int, rhythm: Rhythm) -> list[Failure]:
    """Return that a run of the job takes too long."""
    if not _is_running(beats) or beats.started is None or rhythm.longest_s is None:
        return []
    took_us = now_us - beats.started.at_us
    if took_us <= rhythm.longest_s * _SECOND_US:
        return []
    reason = f"has been running for {_rounded(took_us)}, expected at most {format_duration(rhythm.longest_s)}"
    return [Failure(Blame.TARGET, reason)]


def _is_running(beats: Beats) -> bool:
    return beats.started is not None and (beats.last is None or beats.started.at_us >= beats.last.at_us)


def _silence(beats: Beats, now_us: int, rhythm: Rhythm) -> list[Failure]:
    """Return what the time since the last call says."""
    if beats.started is not None and _is_running(beats) and rhythm.longest_s is not None:
        return []  # it shows life, and has its own limit
    since_us = beats.last.at_us if beats.last is not None else beats.since_us
    since_us = now_us if since_us is None else since_us
    deadline_us = rhythm.deadline_us(since_us)
    if deadline_us is None or now_us <= deadline_us:
        return [] if beats.last is not None else [_waiting(deadline_us, now_us)]
    heard_us = _heard_since_us(beats, since_us, now_us, rhythm)
    fresh_us = rhythm.deadline_us(heard_us)
    if heard_us > since_us and (fresh_us is None or now_us <= fresh_us):
        until = f"until {rhythm.at(heard_us)}" if heard_us < now_us else "now"
        reason = f"nobody listened for calls {until}, so that {_rounded(now_us - since_us)} of silence say nothing"
        return [Failure(Blame.PROBER, reason)]
    if beats.last is None:
        return [Failure(Blame.TARGET, f"has never called, in {_rounded(now_us - since_us)}")]
    return [Failure(Blame.TARGET, f"silent for {_rounded(now_us - since_us)}, expected {rhythm}")]


def _waiting(deadline_us: int | None, now_us: int) -> Failure:
    left = f", for another {_rounded(deadline_us - now_us)}" if deadline_us is not None else ""
    return Failure(Blame.WAITING, f"waits for the first call{left}")


def _heard_since_us(beats: Beats, since_us: int, now_us: int, rhythm: Rhythm) -> int:
    """Return from when on silence counts: after the last pause in which the call that was due may have come."""
    ends = (*beats.listening, (now_us, now_us)) if beats.listening else ((now_us, now_us),)
    starts = (since_us, *(until_us for _, until_us in beats.listening))
    for pause_us, (resumed_us, _) in zip(starts, ends, strict=True):
        deadline_us, earliest_us = rhythm.deadline_us(since_us), rhythm.earliest_us(since_us)
        if resumed_us - pause_us <= _PAUSE_US or deadline_us is None or earliest_us is None:
            continue
        if resumed_us > earliest_us and pause_us < deadline_us:
            since_us = max(since_us, resumed_us)
    return since_us


def _rounded(us: float) -> str:
    return format_duration(round(us / _SECOND_US))
