"""One part of a replay, from its bytes to the store: within limits, scrubbed, nothing in it could run; no HTTP.

It does not wait in a spool: parts are few and large, and a browser is told that one is taken when it is stored.
"""

from __future__ import annotations

import gzip
import re
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from outrider.errors import event_id, time_us
from outrider.model import ReplaySegment, StoreError
from outrider.real_users import BadReplay, bare_url, read_replay
from outrider.telemetry.error_intake import RefusedErrors
from outrider.telemetry.limits import Limits
from outrider.telemetry.otlp_body import BadTelemetry, inflated
from outrider.telemetry.spool import SpoolFull

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model import ErrorProject, ReplayLog
    from outrider.telemetry.beacon_intake import BeaconHead
    from outrider.telemetry.limits import Tally

MOST_REPLAY_BYTES: Final = 1 << 20
MOST_SESSION_BYTES: Final = 10 << 20
_LIMITS: Final = Limits(body_bytes=MOST_REPLAY_BYTES, inflated_bytes=8 << 20)
_SESSION: Final = re.compile(r"[0-9a-f]{32}")
_RECORDING: Final = re.compile(r"[0-9a-f]{16}")
_MOST_NUMBER: Final = 10_000
_MOST_ERRORS: Final = 50
_WAIT_S: Final = 10.0
_AGAIN_S: Final = 30
_DAY_S: Final = 86_400
_DAY_US: Final = 86_400_000_000
_ONE_RECORDING: Final = "0" * 16


@dataclass(frozen=True, slots=True)
class ReplayPlace:
    """Which part of which replay a body is, as its sender says.

    Attributes:
        sent_ms: When it was sent, by the clock of the browser; 0 if it does not say.
        page: On which it begins; "" where the part itself says it.
        error_ids: Of events of errors that happened in it.
    """

    session: str
    recording: str
    number: int
    sent_ms: int = 0
    page: str = ""
    error_ids: tuple[str, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether it could be one."""
        return bool(
            _SESSION.fullmatch(self.session) and _RECORDING.fullmatch(self.recording) and self.session.strip("0")
        ) and 0 <= self.number <= _MOST_NUMBER  # fmt: skip


class ReplayIntake:
    """Takes parts of replays; safe between threads, of which one reads at a time: a part may be large.

    Args:
        replays: Where they are kept.
        admit: Returns the project of a page's key, None if the browser declines; raises `RefusedErrors`.
        scrub: Returns a text without secrets and personal data, of at most so many characters.
        per_day: Most bytes of a project within a UTC day.
        is_on: Whether replays are kept at all.
        is_erased: Whether a session is one of somebody who was erased.
        room: Raises `SpoolFull` while the disk is nearly full.
        now_s: Seconds since 1970.
    """

    def __init__(
        self,
        replays: ReplayLog,
        admit: Callable[[BeaconHead], ErrorProject | None],
        scrub: Callable[[str, int], str],
        tally: Tally,
        *,
        per_day: int,
        is_on: Callable[[], bool] = lambda: True,
        is_erased: Callable[[str], bool] = lambda _session: False,
        room: Callable[[], None] = lambda: None,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._replays = replays
        self._admit = admit
        self._scrub = scrub
        self._tally = tally
        self._per_day = per_day
        self._is_on = is_on
        self._is_erased = is_erased
        self._room = room
        self._now_s = now_s
        self._reading = threading.Lock()

    def take(self, head: BeaconHead, place: ReplayPlace, data: bytes) -> None:
        """Keep a part that our own script sent; what a browser that declines sends is dropped.

        Raises:
            RefusedErrors: If it is not kept.
        """
        project = self._admit(head)
        if project is not None:
            self._keep(project, place, data, head.request.origin)

    def take_of_sentry(self, project: ErrorProject, event: dict[str, Any], recording: bytes) -> None:
        """Keep a part that a client of Sentry sent: its `replay_event`, and its `replay_recording`.

        https://develop.sentry.dev/sdk/telemetry/replays/. Such a client numbers parts across documents.

        Raises:
            RefusedErrors: If it is not kept.
        """
        session = str(event.get("replay_id", "")).replace("-", "").lower()
        number, sent_ms = event.get("segment_id"), (time_us(event.get("timestamp")) or 0) // 1000
        place = ReplayPlace(session, _ONE_RECORDING, number if type(number) is int else -1, sent_ms)
        urls = event.get("urls")
        first = urls[0] if isinstance(urls, list) and urls else ""
        page = bare_url(first[:2_000]) if isinstance(first, str) else ""
        ids = event.get("error_ids")
        errors = [event_id(name) for name in ids[:_MOST_ERRORS]] if isinstance(ids, list) else []
        place = replace(place, page=page, error_ids=tuple(filter(None, errors)))
        self._keep(project, place, recording.partition(b"\n")[2], "")

    def _keep(self, project: ErrorProject, place: ReplayPlace, data: bytes, origin: str) -> None:
        if not self._is_on():
            raise self._refused("switched off", "replays are switched off: [capabilities] replays", 403)
        if not place.is_valid:
            raise self._refused("not readable", "it does not name its session, its recording and its number", 400)
        if len(data) > MOST_REPLAY_BYTES:
            raise self._refused("too large", f"a part has more than {MOST_REPLAY_BYTES:,} bytes", 413)
        if self._is_erased(place.session):
            self._tally.add("parts of replays dropped, erased session")
            return
        if not self._reading.acquire(timeout=_WAIT_S):
            raise self._refused("busy", "other replays are being read", 429, _AGAIN_S)
        try:
            self._read(project, place, data, origin)
        except BadTelemetry as problem:
            raise self._refused("not readable", str(problem), problem.status) from None
        except BadReplay as problem:
            raise self._refused("not readable", f"no part of a replay: {problem}", 400) from None
        except SpoolFull as full:
            raise self._refused("no room", str(full), 429, _AGAIN_S) from None
        except StoreError as error:
            raise self._refused("store away", f"the store takes nothing now: {error.slug}", 503, _AGAIN_S) from None
        finally:
            self._reading.release()

    def _read(self, project: ErrorProject, place: ReplayPlace, data: bytes, origin: str) -> None:
        is_plain = data[:1] == b"["
        part = read_replay(inflated(data, "" if is_plain else "gzip", _LIMITS), self._scrub)
        if origin and part.page and not part.page.startswith(f"{origin}/"):
            raise self._refused("page of another origin", "the page is of another origin than who sends", 403)
        packed = gzip.compress(part.content, 6, mtime=0)
        self._spend(project, place, len(packed))
        start_us = self._start_us(place, part.first_ms, part.last_ms)
        segment = ReplaySegment(
            place.session, place.recording, place.number, project.id, start_us,
            start_us + (part.last_ms - part.first_ms) * 1000, part.has_snapshot, part.events,
            part.page or place.page, place.error_ids,
        )  # fmt: skip
        self._room()
        with tempfile.NamedTemporaryFile(suffix=".json.gz") as file:
            file.write(packed)
            file.flush()
            is_new = self._replays.add(segment, Path(file.name))
        self._tally.add("parts of replays taken" if is_new else "parts of replays that were sent again")
        if part.left_out:
            self._tally.add("events of replays left out", part.left_out)

    def _start_us(self, place: ReplayPlace, first_ms: int, last_ms: int) -> int:
        """Reckon back from when a part came in: clocks of browsers may be anywhere; a day at most."""
        sent_ms = max(place.sent_ms, last_ms)
        return round(self._now_s() * 1e6) - min((sent_ms - first_ms) * 1000, _DAY_US)

    def _spend(self, project: ErrorProject, place: ReplayPlace, size: int) -> None:
        if self._replays.session_bytes(place.session) + size > MOST_SESSION_BYTES:
            raise self._refused("session too large", f"a replay has more than {MOST_SESSION_BYTES:,} bytes", 413)
        name = f"project {project.id} bytes of replays"
        if self._tally.add(name, size) > self._per_day:
            self._tally.add(name, -size)
            self._tally.add(f"project {project.id} replays beyond the limit of the day")
            left_s = int(_DAY_S - self._now_s() % _DAY_S) + 1
            why = f"more than {self._per_day:,} bytes of replays today"
            raise self._refused("limit of the day", why, 429, left_s)

    def _refused(self, reason: str, why: str, status: int, retry_s: int = 0) -> RefusedErrors:
        self._tally.add(f"parts of replays refused, {reason}")
        return RefusedErrors(why, status, retry_s)
