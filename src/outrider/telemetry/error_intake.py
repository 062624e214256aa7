"""One request of Sentry's clients, from its bytes to the spool: authorised, within limits, scrubbed; no HTTP.

A line of the spool is a document with where and when it came in. It is read later (`error_digestion`), so that what is
acknowledged waits on the disk, whatever it holds.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

import brotli

from outrider.errors import (
    ATTACHMENT,
    LOG_ITEMS,
    METRIC_ITEMS,
    SESSION_ITEMS,
    SPAN_ITEMS,
    BadEnvelope,
    EventScrubber,
    attachment_to_json,
    event_id,
    faro_documents,
    faro_logs,
    faro_others,
    json_object,
    kept_attachments,
    losses,
    read_envelope,
    read_reports,
    session_agent,
    session_counts,
    time_us,
)
from outrider.model import KeyPurpose
from outrider.real_users import browser_family
from outrider.telemetry.limits import USUAL_LIMITS, Limits, Tally
from outrider.telemetry.minute_counts import MinuteCounts
from outrider.telemetry.otlp_body import BadTelemetry, inflated
from outrider.telemetry.spool import SpoolFull

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.errors import EnvelopeItem, SentAttachment
    from outrider.model import ErrorProject, ProjectKey
    from outrider.telemetry.spool import Spool

ERRORS: Final = "errors"
SESSIONS: Final = "sessions"
_EVENTS: Final = frozenset({"event", "error"})
_REPORT: Final = "client_report"
_SPANS: Final = "span"
_REPLAY: Final = frozenset({"replay_event", "replay_recording"})
_TELEMETRY: Final = SPAN_ITEMS | LOG_ITEMS | METRIC_ITEMS
_READ: Final = _TELEMETRY | SESSION_ITEMS | {_REPORT}
_EVENT_BYTES: Final = 4 << 20
_QUICK_BYTES: Final = 16 << 10
_DAY_S: Final = 86_400
_FULL_S: Final = 30
_KNOWN_ITEMS: Final = frozenset(
    {
        "transaction", "span", "session", "sessions", "log", "trace_metric", "client_report", "attachment", "check_in",
        "profile", "profile_chunk", "user_report", "feedback", "statsd",
        "metric_buckets",
    }
)  # fmt: skip


class RefusedErrors(Exception):
    """A request is refused.

    Attributes:
        status: Of the answer.
        retry_s: After which it may be tried again; 0 for never.
    """

    def __init__(self, why: str, status: int, retry_s: int = 0) -> None:
        super().__init__(why)
        self.status = status
        self.retry_s = retry_s


class KnownKeys(Protocol):
    """Which keys there are; asked for by many threads."""

    def find(self, key: str) -> tuple[ErrorProject, ProjectKey] | None:
        """Return a key with its project; None if there is none that is valid."""
        ...

    def remembers(self, key: str) -> bool:
        """Return whether a key is found without asking anybody."""
        ...


@dataclass(frozen=True, slots=True)
class ErrorRequestHead:
    """What is known of a request beside its body.

    Attributes:
        project: The number in its address.
        key: What it is authorised by; "" if only the envelope may say.
        origin: Of the page that sends; "" for a program.
        address: Of the client.
        is_declined: Whether the browser asks not to be followed (Do Not Track, Global Privacy Control).
    """

    project: int
    key: str
    origin: str
    address: str
    encoding: str = ""
    is_declined: bool = False


class ErrorIntake:
    """Takes requests; safe between threads.

    Args:
        pass_on: Keeps an item of an envelope that is telemetry, such as a transaction; returns whether it did.
        replays: Keeps a part of a replay: what Sentry calls its event, and its recording; raises `RefusedErrors`.
        keeps_attachments: Whether files that come along with an event are kept.
        telemetry_per_day: Most bytes of spans, logs, metrics and sessions that pages of a project send in a UTC day.
        room: Raises `SpoolFull` while the disk is nearly full.
        now_s: Seconds since 1970.
    """

    def __init__(
        self,
        spool: Spool,
        keys: KnownKeys,
        scrubber: EventScrubber,
        tally: Tally,
        *,
        pass_on: Callable[[ErrorProject, str, dict[str, Any]], bool] = lambda _project, _item, _document: False,
        replays: Callable[[ErrorProject, dict[str, Any], bytes], None] | None = None,
        room: Callable[[], None] = lambda: None,
        keeps_attachments: bool = True,
        telemetry_per_day: int | None = None,
        limits: Limits = USUAL_LIMITS,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._spool = spool
        self._keys = keys
        self._scrubber = scrubber
        self._tally = tally
        self._pass_on = pass_on
        self._replays = replays
        self._room = room
        self._keeps_attachments = keeps_attachments
        self._telemetry_per_day = telemetry_per_day
        self._limits = limits
        self._now_s = now_s
        self._see_spans: Callable[[ErrorRequestHead, dict[str, Any]], None] = lambda _head, _document: None
        self._spent = MinuteCounts(now_s)

    @property
    def most_bytes(self) -> int:
        """Most bytes of a body, as it is sent."""
        return self._limits.body_bytes

    def watch_spans(self, see: Callable[[ErrorRequestHead, dict[str, Any]], None]) -> None:
        """Have the spans of pages seen by who reads vitals in them, too."""
        self._see_spans = see

    def is_quick(self, head: ErrorRequestHead, size: int) -> bool:
        """Return whether a body of so many bytes is kept in a moment, so that a thread for it would cost more."""
        return size <= _QUICK_BYTES and self._keys.remembers(head.key)

    def take_envelope(self, head: ErrorRequestHead, data: bytes) -> str:
        """Keep the errors of an envelope, count what else it brings, and return the id of its event, or "".

        Raises:
            RefusedErrors: If nothing is kept.
        """
        envelope = self._read(lambda: read_envelope(self._inflated(data, head.encoding)))
        key = head.key or _key_of(envelope.headers.get("dsn"))
        project, known = self._authorised(head, key)
        if self._is_dropped(head):
            return event_id(envelope.headers.get("event_id"))
        payloads = [item.payload for item in envelope.items if item.type in _EVENTS]
        self._bound(payloads)
        documents: list[tuple[str, dict[str, Any]]] = []
        for document in self._read(lambda: [json_object(payload, "the event") for payload in payloads]):
            named = event_id(document.get("event_id")) or event_id(envelope.headers.get("event_id"))
            documents.append((named or uuid.uuid4().hex, document))
        sent_us = time_us(envelope.headers.get("sent_at"))
        files = self._attachments(envelope.items, len(documents))
        self._keep(head, project, known, documents, sent_us, files=files)
        for item in envelope.items:
            if item.type not in _EVENTS | _REPLAY | {ATTACHMENT}:
                self._take_other(item, head, project, known)
        self._take_replay([item for item in envelope.items if item.type in _REPLAY], head, project, known)
        return documents[0][0] if documents else event_id(envelope.headers.get("event_id"))

    def take_event(self, head: ErrorRequestHead, data: bytes) -> str:
        """Keep one event as older clients send it, and return its id.

        Raises:
            RefusedErrors: If it is not kept.
        """
        project, known = self._authorised(head, head.key)
        content = self._inflated(data, head.encoding)
        self._bound([content])
        document = self._read(lambda: json_object(content, "the event"))
        name = event_id(document.get("event_id")) or uuid.uuid4().hex
        if not self._is_dropped(head):
            self._keep(head, project, known, [(name, document)], None)
        return name

    def take_reports(self, head: ErrorRequestHead, data: bytes) -> None:
        """Keep reports of a browser.

        Raises:
            RefusedErrors: If they are not kept.
        """
        project, known = self._authorised(head, head.key)
        documents = self._read(lambda: read_reports(self._inflated(data, head.encoding)))
        if not self._is_dropped(head):
            self._keep(head, project, known, [(uuid.uuid4().hex, document) for document in documents], None)

    def take_otlp(self, head: ErrorRequestHead, data: bytes, signal: str) -> bool:
        """Pass a request of OTLP on, of `traces` or `logs`; return whether somebody keeps it.

        Raises:
            RefusedErrors: If it is not taken.
        """
        project, key = self._authorised(head, head.key)
        what = "the request, which has to be OTLP as JSON (http/json),"
        content = self._inflated(data, head.encoding)
        document = self._read(lambda: json_object(content, what))
        return self._is_dropped(head) or self._pass_within(
            head, (project, key), signal, document, f"requests of OTLP {signal}", size=len(content)
        )

    def take_faro(self, head: ErrorRequestHead, data: bytes) -> dict[str, Any]:
        """Keep the exceptions of a payload of Faro, pass its logs and traces on, and count what nobody takes.

        Returns:
            The payload; an empty one if the browser declines.

        Raises:
            RefusedErrors: If nothing is kept.
        """
        project, key = self._authorised(head, head.key)
        if self._is_dropped(head):
            return {}
        content = self._inflated(data, head.encoding)
        self._bound([content])
        payload: dict[str, Any] = self._read(lambda: json_object(content, "the payload"))
        documents = [(uuid.uuid4().hex, document) for document in self._read(lambda: faro_documents(payload))]
        self._keep(head, project, key, documents, None)
        logs = faro_logs(payload)
        if logs["items"]:
            self._pass_within(
                head, (project, key), "log", logs, "logs of Faro", size=len(content), count=len(logs["items"])
            )
        if isinstance(traces := payload.get("traces"), dict):
            self._pass_within(head, (project, key), "traces", traces, "traces of Faro", size=len(content))
        for kind, count in faro_others(payload).items():
            self._tally.add(f"{kind} of Faro skipped", count)
        return payload

    def _pass_within(
        self, head: ErrorRequestHead, whose: tuple[ErrorProject, ProjectKey], item: str, document: dict[str, Any],
        what: str, *, size: int, count: int = 1,
    ) -> bool:  # fmt: skip
        """Pass telemetry on within the limits of minute and day, and count it; return whether somebody keeps it."""
        project, key = whose
        is_within = self._is_within(head, key, "telemetry") and self._is_within_day(project, key, size)
        is_passed = is_within and self._pass_on(project, item, document)
        self._tally.add(f"{what} {'passed on' if is_passed else 'skipped'}", count)
        return is_passed

    def _take_other(self, item: EnvelopeItem, head: ErrorRequestHead, project: ErrorProject, key: ProjectKey) -> None:
        """Pass telemetry on and count losses that a client tells of; what else is no error is counted."""
        kind = item.type if item.type in _KNOWN_ITEMS else "unknown"
        try:
            is_wanted = kind in _READ and len(item.payload) <= _EVENT_BYTES
            document = json_object(item.payload, "an item") if is_wanted else {}
        except BadEnvelope:
            self._tally.add(f"{kind} items left out, not readable")
            return
        if kind == _REPORT:
            for category, reason, count in losses(document):
                self._tally.add(f"client lost {category}, {reason}", count)
        size = len(item.payload)
        if kind in SESSION_ITEMS and is_wanted and self._is_within(head, key, "telemetry"):
            if self._is_within_day(project, key, size):
                self._keep_sessions(document, project, key)
        elif kind in _TELEMETRY and is_wanted:
            self._pass_within(head, (project, key), kind, document, f"{kind} items", size=size)
            if kind == _SPANS and key.purpose is KeyPurpose.BROWSER:
                self._see_spans(head, document)
        else:
            self._tally.add(f"{kind} items skipped")

    def _keep_sessions(self, document: dict[str, Any], project: ErrorProject, key: ProjectKey) -> None:
        """Keep counts of sessions, which lead to nobody; what is left out is counted.

        Sums are of servers alone: whoever has a public key could tell of a million sessions at once.
        """
        if key.purpose is KeyPurpose.BROWSER and "aggregates" in document:
            self._tally.add("sessions left out, sums of a page")
            return
        counts = list(session_counts(document, project.id, round(self._now_s() * 1_000_000)))
        named = [count._replace(environment=count.environment or project.environment) for count in counts]
        agent = session_agent(document)
        if not named or (agent and browser_family(agent).is_robot):
            self._tally.add(f"sessions left out, {'of a robot' if named else 'no release'}")
            return
        try:
            self._room()
            self._spool.append(SESSIONS, b"".join(json.dumps(count).encode() + b"\n" for count in named))
        except SpoolFull:
            self._tally.add("sessions left out, no room")
        else:
            self._tally.add("sessions taken", len(named))

    def _take_replay(
        self, items: Sequence[EnvelopeItem], head: ErrorRequestHead, project: ErrorProject, key: ProjectKey
    ) -> None:
        """Keep a part of a replay, which is two items; what comes of it is counted, and refuses nothing else."""
        payloads = {item.type: item.payload for item in items if len(item.payload) <= _EVENT_BYTES}
        what = "skipped"
        if self._replays is not None and payloads.keys() == _REPLAY:
            try:
                if self._is_within(head, key, "replays"):
                    event = json_object(payloads["replay_event"], "the event of a replay")
                    self._replays(project, event, payloads["replay_recording"])
                    what = "kept"
            except (BadEnvelope, RefusedErrors):
                what = "left out"
        for item in items:
            self._tally.add(f"{item.type} items {what}")

    def _attachments(self, items: Sequence[EnvelopeItem], events: int) -> list[SentAttachment]:
        """Return the attachments that are kept, with one event; others are counted."""
        sent = sum(item.type == ATTACHMENT for item in items)
        is_wanted = sent and events == 1 and self._keeps_attachments
        kept = kept_attachments(items, self._scrubber.text) if is_wanted else []
        for what, count in (("taken", len(kept)), ("left out", sent - len(kept))):
            if count:
                self._tally.add(f"attachments {what}", count)
        return kept

    def _is_dropped(self, head: ErrorRequestHead) -> bool:
        """Return whether a browser asks not to be followed; what it sends is counted, and goes nowhere."""
        if head.is_declined:
            self._tally.add("requests dropped, browser declines")
        return head.is_declined

    def _is_within(self, head: ErrorRequestHead, key: ProjectKey, what: str) -> bool:
        """Count an item of a minute; return whether it is within the limits of key and address."""
        limits = self._spent.limits(key, head.address, what)
        if self._spent.reached(limits) is not None:
            return False
        self._spent.add(limits)
        return True

    def _is_within_day(self, project: ErrorProject, key: ProjectKey, size: int) -> bool:
        """Count bytes of telemetry that pages send; return whether they are within the day of their project."""
        counted = f"project {project.id} bytes of telemetry"
        if self._telemetry_per_day is None or key.purpose is not KeyPurpose.BROWSER:
            return True
        if self._tally.add(counted, size) <= self._telemetry_per_day:
            return True
        self._tally.add(counted, -size)
        self._tally.add(f"project {project.id} telemetry beyond the limit of the day")
        return False

    def _bound(self, payloads: Sequence[bytes]) -> None:
        if any(len(payload) > _EVENT_BYTES for payload in payloads):
            self._tally.add("events refused, too large", len(payloads))
            raise RefusedErrors(f"an event has more than {_EVENT_BYTES:,} bytes", 413)

    def _read(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except BadEnvelope as problem:
            self._tally.add("requests refused, not readable")
            raise RefusedErrors(str(problem), 400) from None

    def _inflated(self, data: bytes, encoding: str) -> bytes:
        try:
            if encoding.strip().lower() == "br":
                return _without_brotli(data, self._limits.inflated_bytes)
            return inflated(data, encoding, self._limits)
        except BadTelemetry as refusal:
            self._tally.add("requests refused, not readable")
            raise RefusedErrors(str(refusal).replace("gzip, deflate", "br, gzip, deflate"), refusal.status) from None

    def _authorised(self, head: ErrorRequestHead, key: str) -> tuple[ErrorProject, ProjectKey]:
        known = self._keys.find(key) if key else None
        if known is None:
            self._tally.add("requests refused, no valid key")
            raise RefusedErrors(
                "the key is missing or not valid: outrider project keys lists the DSNs", 401 if not key else 403
            )
        if known[0].id != head.project:
            self._tally.add("requests refused, key of another project")
            raise RefusedErrors("the key is one of another project", 403)
        if not known[1].allows(head.origin):
            self._tally.add("requests refused, origin not allowed")
            raise RefusedErrors("pages of this origin may not send with this key", 403)
        return known

    def _keep(
        self, head: ErrorRequestHead, project: ErrorProject, key: ProjectKey,
        documents: list[tuple[str, dict[str, Any]]], sent_us: int | None, *, files: Sequence[SentAttachment] = (),
    ) -> None:  # fmt: skip
        if not documents:
            return
        self._spend(head, project, key, len(documents))
        received_us = round(self._now_s() * 1_000_000)
        lines: list[dict[str, Any]] = [
            {"id": name, "project": project.id, "service": project.service, "environment": project.environment,
             "received_us": received_us, "sent_us": sent_us, "document": self._scrubber.document(document)}
            for name, document in documents
        ]  # fmt: skip
        if files:
            lines[0]["attachments"] = [attachment_to_json(own) for own in files]
        try:
            self._room()
            self._spool.append(
                ERRORS, b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
            )
        except SpoolFull as full:
            self._tally.add("events refused, no room", len(documents))
            raise RefusedErrors(str(full), 429, _FULL_S) from None
        self._tally.add("events taken", len(documents))

    def _spend(self, head: ErrorRequestHead, project: ErrorProject, key: ProjectKey, count: int) -> None:
        """Count events against the limits of key, address and day."""
        limits = self._spent.limits(key, head.address)
        if (reached := self._spent.reached(limits, count)) is not None:
            self._tally.add(f"events refused, limit of the {reached.whose}", count)
            raise RefusedErrors(f"more than {reached.most:,} events a minute", 429, self._spent.left_s())
        if self._tally.add(f"project {project.id} events", count) > project.per_day:
            self._tally.add(f"project {project.id} events", -count)
            self._tally.add("events refused, limit of the day", count)
            self._tally.add(f"project {project.id} events beyond the limit of the day", count)
            left_s = int(_DAY_S - self._now_s() % _DAY_S) + 1
            raise RefusedErrors(f"more than {project.per_day:,} events today", 429, left_s)
        self._spent.add(limits, count)


def _key_of(dsn: object) -> str:
    """Return the key of a DSN; "" if it is none."""
    try:
        return urlsplit(dsn).username or "" if isinstance(dsn, str) else ""
    except ValueError:
        return ""


def _without_brotli(data: bytes, most: int) -> bytes:
    machine = brotli.Decompressor()
    pieces: list[bytes] = []
    size = 0
    try:
        piece = machine.process(data, output_buffer_limit=1 << 20)
        while piece:
            pieces.append(piece)
            size += len(piece)
            if size > most:
                raise BadTelemetry(f"the body inflates to more than {most:,} bytes", 413)
            piece = b"" if machine.can_accept_more_data() else machine.process(b"", output_buffer_limit=1 << 20)
    except brotli.error:
        raise BadTelemetry("the body is not br") from None
    if not machine.is_finished():
        raise BadTelemetry("the br of the body is cut short")
    return b"".join(pieces)
