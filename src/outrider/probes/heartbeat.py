"""Probes of kind heartbeat: a job calls a URL when it is done; its silence is the failure."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outrider.model import CheckId
from outrider.probes.call_rhythm import Rhythm, judge_beats
from outrider.probes.probe_result import Blame, Failure, ProbeResult
from outrider.workspace import Cron, Refused, as_duration, as_text

if TYPE_CHECKING:
    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_table import ProbeTable

_TOKEN = re.compile(r"[A-Za-z0-9._-]{4,200}")
_SLUG = re.compile(r"[a-z0-9_-]{1,100}")
_RESERVED = {"start", "success", "fail", "log"}
_CRON_FIX = 'write five fields, such as "0 3 * * mon-fri": minute, hour, day, month, weekday'


@dataclass(frozen=True, slots=True)
class HeartbeatProbe:
    """A job that must call in its rhythm.

    Attributes:
        token: The last part of the URL that it calls; empty if it calls by name only.
        ping_key: What stands before its name in the other URL; empty if it calls by token only.
        slug: Its name there.
    """

    check: CheckId
    rhythm: Rhythm
    token: str = field(default="", repr=False)
    ping_key: str = field(default="", repr=False)
    slug: str = ""
    host: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """What its URLs end with; who knows one can call."""
        by_name = f"{self.ping_key}/{self.slug}" if self.ping_key else ""
        return tuple(key for key in (self.token, by_name) if key)

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:  # noqa: ARG002
        """Look when the job called last, and what it said."""
        if context.heartbeats is None:
            nowhere = Failure(Blame.PROBER, "there is no store that could hold the calls")
            return ProbeResult(0.0, (nowhere,), is_timed=False)
        if context.run is None:
            beats = await asyncio.to_thread(context.heartbeats.get, self.check)
        else:
            beats = await asyncio.to_thread(context.heartbeats.look, self.check, context.run)
        return judge_beats(beats, context.now_us(), self.rhythm)


def read_heartbeat(entry: ProbeTable) -> HeartbeatProbe:
    """Read a probe of kind heartbeat; report problems to its table."""
    token = entry.text("token", _as_token, "")
    ping_key = entry.text("ping_key", _as_token, "")
    if not (token or ping_key or {"token", "ping_key"} & entry.table.data.keys()):
        example = 'add token = "${NIGHTLY_TOKEN}", or ping_key = "${PING_KEY}", which the job\'s URL holds'
        entry.table.report("token", "is missing", example, "missing-key")
    return HeartbeatProbe(
        check=CheckId(entry.check),
        rhythm=_read_rhythm(entry),
        token=token,
        ping_key=ping_key,
        slug=_read_slug(entry) if ping_key else "",
    )


def _read_rhythm(entry: ProbeTable) -> Rhythm:
    table = entry.table
    if "schedule" in table.data and "period" in table.data:
        table.report("schedule", "stands beside period", "keep one of the two", "period-beside-schedule")
    period_s = 1.0
    if "schedule" not in table.data:
        period_s = table.require("period", as_duration, 1.0, '"1d", how often the job calls, or a schedule')
    else:
        table.read("period", as_duration, 1.0)
    timezone = table.read("timezone", _as_timezone, entry.timezone)
    grace_s = table.read("grace", as_duration, 0.0)
    return Rhythm(
        period_s=period_s,
        grace_s=grace_s,
        longest_s=table.read("longest", as_duration, grace_s or None),
        cron=table.read("schedule", lambda value: _as_cron(value, timezone), None),
        timezone=timezone,
        schedule=table.read("schedule", as_text, ""),
    )


def _read_slug(entry: ProbeTable) -> str:
    name = entry.check.rpartition("::")[2].rpartition(":")[2]
    if "slug" in entry.table.data:
        return entry.text("slug", _as_slug, "")
    if not _SLUG.fullmatch(name) or name in _RESERVED:
        fix = 'add slug = "…" of lower-case letters, digits, hyphens and underscores'
        entry.table.report("slug", f'is missing, and "{name}" cannot be a part of a URL', fix, "missing-key")
    return name


def _as_token(text: str) -> str:
    fix = "use letters, digits, dots, underscores and hyphens, four to 200 of them"
    if not _TOKEN.fullmatch(text):
        raise Refused("is no token", fix, "bad-token")
    return text


def _as_slug(text: str) -> str:
    if not _SLUG.fullmatch(text) or text in _RESERVED or text.isdigit():
        reserved = ", ".join(sorted(_RESERVED))
        fix = f"use lower-case letters, digits, hyphens and underscores, and not only digits, {reserved}"
        raise Refused("is no name of a heartbeat", fix, "bad-token")
    return text


def _as_timezone(value: object) -> str:
    name = as_text(value)
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        fix = 'write an IANA name, such as "Europe/Berlin"'
        raise Refused("is not a time zone of this machine", fix, "unknown-timezone") from None
    return name


def _as_cron(value: object, timezone: str) -> Cron:
    try:
        cron = Cron(as_text(value), timezone)
    except ValueError as error:
        raise Refused(f"cannot be read: {error}", _CRON_FIX, "bad-cron") from None
    if cron.after(0) is None:
        raise Refused("never comes true", "correct the day or the month", "cron-never")
    return cron
