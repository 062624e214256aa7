"""Probes of kind heartbeat: a job calls a URL when it is done, and its silence is the failure."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.model import CheckId, Sample
from outrider.probes.findings import Blame, Failure, Findings
from outrider.workspace import Refused, as_duration, format_duration

if TYPE_CHECKING:
    from outrider.probes.probe_table import ProbeTable
    from outrider.probes.tools import Tools
    from outrider.store import Beats

_SHORTEST_TOKEN = 4


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

    async def attempt(self, tools: Tools, limit_s: float, *, evidence: bool) -> Findings:  # noqa: ARG002
        """Look when the job called last."""
        if tools.heartbeats is None:
            return Findings(0.0, (Failure(Blame.PROBER, "there is no store that could hold the calls"),))
        known = await asyncio.to_thread(tools.heartbeats.beats, self.check)
        return judge_beats(known, tools.now_us(), self.period_s, self.grace_s)


def judge_beats(known: Beats, now_us: int, period_s: float, grace_s: float) -> Findings:
    """Judge when a job called last. Pure."""
    limit_us = (period_s + grace_s) * 1_000_000
    beat = known.last
    if beat is None:
        waited_us = now_us - (known.since_us if known.since_us is not None else now_us)
        if waited_us <= limit_us:
            reason = f"waits for the first call, for another {format_duration(round((limit_us - waited_us) / 1e6))}"
            return Findings(0.0, (Failure(Blame.WAITING, reason),))
        return Findings(0.0, (Failure(Blame.TARGET, f"has never called, in {_round(waited_us)}"),))
    silence_us = max(0, now_us - beat.at_us)
    failures = []
    if silence_us > limit_us:
        expected = f"every {format_duration(period_s)}" + (f" + {format_duration(grace_s)}" if grace_s else "")
        failures.append(Failure(Blame.TARGET, f"silent for {_round(silence_us)}, expected {expected}"))
    elif beat.exit_code:
        note = f": {beat.note}" if beat.note else ""
        failures.append(Failure(Blame.TARGET, f"the job said that it failed, with exit code {beat.exit_code}{note}"))
    return Findings(0.0, tuple(failures), (Sample("", "silence_ms", silence_us / 1000),))


def _round(us: float) -> str:
    return format_duration(round(us / 1_000_000))


def read_heartbeat(entry: ProbeTable) -> HeartbeatProbe:
    """Read a probe of kind heartbeat; problems are left with its table."""
    return HeartbeatProbe(
        check=CheckId(entry.check),
        period_s=entry.table.require("period", as_duration, 1.0, '"1d", how often the job calls'),
        grace_s=entry.table.read("grace", as_duration, 0.0),
        token=entry.needed_text("token", _as_token, "", '"${NIGHTLY_TOKEN}", which the job\'s URL ends with'),
    )


def _as_token(text: str) -> str:
    fix = "use letters, digits, dots, underscores and hyphens, at least four"
    if len(text) < _SHORTEST_TOKEN or not all(one.isascii() and (one.isalnum() or one in "._-") for one in text):
        raise Refused("is no token", fix, "bad-token")
    return text
