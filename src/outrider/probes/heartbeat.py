"""Probes of kind heartbeat: a job calls a URL when it is done; its silence is the failure."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.model import CheckId, Sample
from outrider.probes.probe_result import Blame, Failure, ProbeResult
from outrider.workspace import Refused, as_duration, format_duration

if TYPE_CHECKING:
    from outrider.model import Beats
    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_table import ProbeTable

_TOKEN = re.compile(r"[A-Za-z0-9._-]{4,}")


@dataclass(frozen=True, slots=True)
class HeartbeatProbe:
    """A job that must call at least every `period_s`, and may be late by `grace_s`.

    Attributes:
        token: The last part of the URL that it calls; who knows it can call.
    """

    check: CheckId
    period_s: float
    grace_s: float
    token: str = field(repr=False)
    host: str = ""

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:  # noqa: ARG002
        """Look when the job called last."""
        if context.heartbeats is None:
            return ProbeResult(0.0, (Failure(Blame.PROBER, "there is no store that could hold the calls"),))
        beats = await asyncio.to_thread(context.heartbeats.get, self.check)
        return judge_beats(beats, context.now_us(), self.period_s, self.grace_s)


def judge_beats(beats: Beats, now_us: int, period_s: float, grace_s: float) -> ProbeResult:
    """Judge when a job called last. Pure."""
    limit_us = (period_s + grace_s) * 1_000_000
    beat = beats.last
    if beat is None:
        waited_us = now_us - (beats.since_us if beats.since_us is not None else now_us)
        if waited_us <= limit_us:
            reason = f"waits for the first call, for another {format_duration(round((limit_us - waited_us) / 1e6))}"
            return ProbeResult(0.0, (Failure(Blame.WAITING, reason),), is_timed=False)
        return ProbeResult(0.0, (Failure(Blame.TARGET, f"has never called, in {_round(waited_us)}"),), is_timed=False)
    silence_us = max(0, now_us - beat.at_us)
    failures = []
    if silence_us > limit_us:
        expected = f"every {format_duration(period_s)}" + (f" + {format_duration(grace_s)}" if grace_s else "")
        failures.append(Failure(Blame.TARGET, f"silent for {_round(silence_us)}, expected {expected}"))
    elif beat.exit_code:
        note = f": {beat.note}" if beat.note else ""
        failures.append(Failure(Blame.TARGET, f"the job reports exit code {beat.exit_code}{note}"))
    return ProbeResult(0.0, tuple(failures), (Sample("", "silence_ms", silence_us / 1000),), is_timed=False)


def _round(us: float) -> str:
    return format_duration(round(us / 1_000_000))


def read_heartbeat(entry: ProbeTable) -> HeartbeatProbe:
    """Read a probe of kind heartbeat; report problems to its table."""
    return HeartbeatProbe(
        check=CheckId(entry.check),
        period_s=entry.table.require("period", as_duration, 1.0, '"1d", how often the job calls'),
        grace_s=entry.table.read("grace", as_duration, 0.0),
        token=entry.needed_text("token", _as_token, "", '"${NIGHTLY_TOKEN}", which the job\'s URL ends with'),
    )


def _as_token(text: str) -> str:
    fix = "use letters, digits, dots, underscores and hyphens, at least four"
    if not _TOKEN.fullmatch(text):
        raise Refused("is no token", fix, "bad-token")
    return text
