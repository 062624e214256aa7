"""Delivery of the outbox, at least once: each receiver in a thread of its own, so that none delays another.

The one possible duplicate is a notification whose delivery a crash interrupts between acceptance and our commit; it
is sent again, a minute later, with the same Message-ID, Idempotency-Key or dedup key. A leader that is stopped while it
sends, and goes on within that minute, has sent it once: it is not due for the next leader meanwhile.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, TypeVar
from zlib import crc32

import structlog

from outrider.alerts.breaker import Breaker, backoff_us
from outrider.alerts.message import Message, dump, lightened, load
from outrider.alerts.message_template import write
from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.rendered_message import RecipientsRefused, Undelivered
from outrider.model import Notification, NotLeading, OutriderError, Status, StoreError, new_run_id
from outrider.workspace import gated

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from outrider.alerts.alert_settings import AlertSettings, ReceiverSettings
    from outrider.alerts.message import Enclosure
    from outrider.alerts.rendered_message import LinkMaker, PictureMaker
    from outrider.model import Outbox

_POLL_S = 0.5
_AT_ONCE = 50
_HOUR_US = 3_600_000_000
_GIVE_UP_US = 24 * _HOUR_US
_LEAVE_S = 15.0
_TAKEN_US = 60_000_000
"""Longer than a message takes to be sent, and than a leader that is paused keeps another waiting."""
_log = structlog.get_logger("outrider.alerts")


_Failure = TypeVar("_Failure", bound=Undelivered)
_Result = TypeVar("_Result")


def _now_us() -> int:
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a receiver."""

    receiver: str
    is_dead: bool
    why: str = ""


class Lane:
    """Delivers to one receiver, a notification at a time, in the order in which they were written.

    Args:
        settings: Of the receiver.
        outbox: Where notifications wait.
        now_us: The clock.
        jitter: A number from 0 to 1, anew each time.
        pictures: Draws what a message speaks of: trend and screenshot.
        redact: What a receiver says passes it before it is kept, logged or sent to another.
        acknowledge_link: Makes the links by which recipients acknowledge; None where no page could be reached.
    """

    def __init__(
        self,
        settings: ReceiverSettings,
        outbox: Outbox,
        *,
        now_us: Callable[[], int] = _now_us,
        jitter: Callable[[], float] = random.random,
        pictures: PictureMaker | None = None,
        redact: Callable[[str], str] = gated,
        acknowledge_link: LinkMaker | None = None,
    ) -> None:
        self._settings = settings
        self._acknowledge_link = acknowledge_link
        self._outbox = outbox
        self._now_us = now_us
        self._jitter = jitter
        self._pictures = pictures
        self._redact = redact
        self._breaker = Breaker()
        self._latest_us: dict[str, int] = {}
        """By topic of which recipients were refused: when the latest message that all of them were sent was made."""
        self._unnoted: dict[str, Notification] = {}
        """Rows whose end the store did not take, by id: they are to be noted, and not sent again."""

    @property
    def health(self) -> Health:
        """How the channel does now."""
        return Health(self._settings.name, self._breaker.is_dead, self._breaker.why)

    def deliver_one(self, row: Notification) -> None:
        """Try a row of the outbox now, whatever else is due; one that cannot be read does not hold up the others."""
        try:
            self._try(row)
        except (KeyError, TypeError, ValueError) as error:
            self._note(row, Status.UNDELIVERED, self._redact(f"it cannot be read: {type(error).__name__}: {error}"))

    def work(self) -> int:
        """Try what is due, and return how many rows were looked at."""
        now_us = self._now_us()
        name = self._settings.name
        rows = self._outbox.search(receiver=name, status=Status.QUEUED, due_us=now_us, limit=_AT_ONCE)
        for row in sorted(rows, key=lambda row: row.id in self._unnoted):  # what can still be sent goes first
            if row.id in self._unnoted:
                self._update(self._unnoted[row.id])
            elif self._breaker.is_closed(self._now_us()):
                self.deliver_one(row)
            else:
                self._divert(row, self._breaker.why)
        self._report_suppressed()
        return len(rows)

    def _try(self, row: Notification) -> None:
        message = load(row.message)
        if message.kind not in self._settings.channel.kinds:
            self._note(row, Status.DELIVERED, "this receiver takes no such notifications")
            return
        if self._is_full(message):
            self._note(row, Status.SUPPRESSED, f"more than {self._settings.per_hour} an hour")
            return
        if message.only_to and self._latest_us.get(message.topic, 0) > row.created_us:
            self._note(row, Status.SUPERSEDED, row.note)
            return
        if not self._is_taken(row):
            return
        try:
            rendered = write(message, self._settings, row.id)
            self._settings.channel.deliver(
                replace(rendered, acknowledge_link=self._acknowledge_link, pictures=self._drawn)
            )
        except RecipientsRefused as failure:
            self._refused(row, self._redacted(failure))
        except Undelivered as failure:
            self._failed(row, self._redacted(failure))
        except Exception as error:  # a channel that breaks must not take the lane with it
            self._failed(row, self._redacted(Undelivered(f"{type(error).__name__}: {error}", recoverable=True)))
        else:
            self._breaker = Breaker()
            self._note(replace(row, tries=row.tries + 1), Status.DELIVERED)
            if message.topic in self._latest_us and not message.only_to:
                self._latest_us[message.topic] = row.created_us

    def _is_taken(self, row: Notification) -> bool:
        """Return whether a row is ours to send; a store that cannot be written, such as a full disk, holds none back.

        Raises:
            NotLeading: If another process delivers by now.
        """
        try:
            return _past_a_lost_connection(lambda: self._outbox.take(row.id, self._now_us() + _TAKEN_US))
        except NotLeading:
            raise
        except StoreError:
            return True

    def _redacted(self, failure: _Failure) -> _Failure:
        failure.why = self._redact(failure.why)
        return failure

    def _drawn(self, message: Message) -> tuple[Enclosure, ...]:
        """Return a message's pictures; it goes out without them rather than not at all."""
        try:
            return self._pictures(message) if self._pictures is not None else ()
        except Exception as error:  # whatever a picture does, the alert goes out
            _log.warning("alerts.picture", why=self._redact(f"{type(error).__name__}: {error}"))
            return ()

    def _is_full(self, message: Message) -> bool:
        """Return whether the cap of the hour is reached; resolutions, and the notice of the cap, always go out."""
        if message.kind in {
            NotificationKind.RESOLVED,
            NotificationKind.SUPPRESSED,
            NotificationKind.TEST,
            NotificationKind.REPORT,
        }:
            return False
        since_us = self._now_us() - _HOUR_US
        sent = self._outbox.times(self._settings.name, Status.DELIVERED, since_us)
        return len(sent) >= self._settings.per_hour

    def _refused(self, row: Notification, failure: RecipientsRefused) -> None:
        """Give refused recipients rows of their own, so that those who got the message do not get it again."""
        if not failure.accepted and not (failure.temporary and failure.permanent):
            self._failed(row, failure, is_alive=bool(load(row.message).only_to))
            return
        _log.warning("alerts.recipients-refused", receiver=row.receiver, why=failure.why)
        for recipients in filter(None, (failure.temporary, failure.permanent)):
            own = _row_for(row, recipients)
            self._outbox.add(own)
            if recipients is failure.permanent:
                self._give_up(own, failure.why)
            else:
                due_us = self._now_us() + backoff_us(1, self._jitter())
                self._outbox.update(replace(own, due_us=due_us, note=failure.why))
        self._breaker = Breaker()
        self._latest_us[row.topic] = row.created_us
        status = Status.DELIVERED if failure.accepted else Status.SUPERSEDED
        self._note(replace(row, tries=row.tries + 1), status, failure.why)

    def _failed(self, row: Notification, failure: Undelivered, *, is_alive: bool = False) -> None:
        """Note a failed try; a receiver that `is_alive`, and refuses some of its recipients, is not paused."""
        now_us = self._now_us()
        asked_us = None if failure.retry_after_s is None else int(failure.retry_after_s * 1_000_000)
        row = replace(row, tries=row.tries + 1, note=failure.why)
        _log.warning("alerts.undelivered", receiver=row.receiver, why=failure.why, tries=row.tries)
        if not failure.recoverable:
            self._breaker = replace(self._breaker, why=failure.why)
            self._give_up(row, failure.why)
            return
        if not is_alive:
            self._breaker = self._breaker.failed(failure.why, now_us, asked_us)
        if now_us - row.created_us > _GIVE_UP_US:
            self._give_up(row, failure.why)
        elif not self._divert(row, failure.why):
            wait_us = backoff_us(row.tries, self._jitter(), asked_us)
            self._outbox.update(replace(row, due_us=now_us + wait_us))

    def _divert(self, row: Notification, why: str) -> bool:
        """Hand a row that has waited too long to the fallback; return whether that was done."""
        waited_us = self._now_us() - row.created_us
        if not self._settings.fallback or 0 <= waited_us < self._settings.fallback_after_us:
            return False
        self._give_up(row, why)
        return True

    def _give_up(self, row: Notification, why: str) -> None:
        """End the tries of a row, after handing it to the fallback: a crash sends twice rather than never."""
        if self._settings.fallback:
            message = load(row.message)
            note = f"{self._settings.name} could not be reached ({why})"
            message = replace(message, note=f"{message.note}; {note}" if message.note else note)
            identity = f"{row.id}-{self._settings.fallback}"
            now_us = self._now_us()
            self._outbox.add(
                Notification(
                    identity, self._settings.fallback, row.topic, row.kind, row.created_us, now_us, dump(message)
                )
            )
        self._note(row, Status.UNDELIVERED, why)

    def _note(self, row: Notification, status: Status, note: str = "") -> None:
        kept = lightened(row.message) if row.kind == NotificationKind.REPORT else row.message
        self._update(replace(row, status=status, done_us=self._now_us(), note=note, message=kept))

    def _update(self, ended: Notification) -> None:
        """Note the end of a row; while the store takes nothing, a full disk for one, it is remembered here."""
        self._unnoted[ended.id] = ended
        _past_a_lost_connection(lambda: self._outbox.update(ended))
        del self._unnoted[ended.id]

    def _report_suppressed(self) -> None:
        """Send once an hour how many were held back; the id names the hour, so a crash does not repeat it."""
        now_us = self._now_us()
        name = self._settings.name
        held = self._outbox.times(name, Status.SUPPRESSED, now_us - _HOUR_US)
        if not held:
            return
        identity = f"suppressed-{name}-{held[0] // _HOUR_US}"
        if self._outbox.contains(identity):
            return
        subject = f"{len(held)} notifications are held back"
        note = f"suppressed {len(held)}: more than {self._settings.per_hour} in an hour; outrider incidents lists them"
        message = Message(NotificationKind.SUPPRESSED, identity, subject, "warning", (), now_us, note=note)
        row = Notification(identity, name, identity, NotificationKind.SUPPRESSED.value, now_us, now_us, dump(message))
        self._outbox.add(row)


class Deliverer:
    """All lanes, each in its thread, while the context lasts; what is not delivered stays in the outbox.

    Args:
        settings: With the receivers.
        outbox: Where notifications wait.
        pictures: Draws what a message speaks of.
        while_true: Nothing is delivered while this says no, as in a standby.
        redact: What receivers say passes it.
        acknowledge_link: Makes the links by which recipients acknowledge; None where no page could be reached.
    """

    def __init__(
        self,
        settings: AlertSettings,
        outbox: Outbox,
        *,
        pictures: PictureMaker | None = None,
        while_true: Callable[[], bool] = lambda: True,
        redact: Callable[[str], str] = gated,
        acknowledge_link: LinkMaker | None = None,
    ) -> None:
        self._lanes = {
            name: Lane(receiver, outbox, pictures=pictures, redact=redact, acknowledge_link=acknowledge_link)
            for name, receiver in settings.receivers.items()
        }
        self._redact = redact
        self._outbox = outbox
        self._may_deliver = while_true
        self._has_ended_unknown = False
        self._leaving = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(lane,), name=f"alerts {name}", daemon=True)
            for name, lane in self._lanes.items()
        ]

    def __enter__(self) -> Self:
        if self._may_deliver():
            self._end_unknown()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        ends_s = time.monotonic() + _LEAVE_S
        for thread in self._threads:
            thread.join(max(0.1, ends_s - time.monotonic()))

    def health(self) -> tuple[Health, ...]:
        """Return how each channel does."""
        return tuple(lane.health for lane in self._lanes.values())

    def _end_unknown(self) -> None:
        """End what waits for receivers that are gone; once, as soon as this may deliver."""
        if self._has_ended_unknown:
            return
        for row in self._outbox.search(status=Status.QUEUED, limit=None):
            if row.receiver not in self._lanes:
                note = "this receiver is no longer configured"
                self._outbox.update(replace(row, status=Status.UNDELIVERED, done_us=_now_us(), note=note))
        self._has_ended_unknown = True

    def _work(self, lane: Lane) -> int:
        if not self._may_deliver():
            return 0
        self._end_unknown()
        return lane.work()

    def _run(self, lane: Lane) -> None:
        while not self._leaving.is_set():
            try:
                looked = self._work(lane)
            except NotLeading:
                looked = 0
            except OutriderError as error:
                _log.error("alerts.outbox", why=self._redact(error.what))
                looked = 0
            except Exception as error:  # without its thread a receiver would be silent for ever
                _log.exception("alerts.outbox", why=self._redact(f"{type(error).__name__}: {error}"))
                looked = 0
            if looked < _AT_ONCE:
                self._leaving.wait(_POLL_S)


def _past_a_lost_connection(write: Callable[[], _Result]) -> _Result:
    """Write, once more if the connection was lost: a server ends that of a process which was stopped while it wrote.

    Either write may be done twice. Without the second, who was stopped would not know that it leads no more, nor note
    what it sent before the next leader may send it again.
    """
    try:
        return write()
    except StoreError as error:
        if error.slug != "store-unreachable":
            raise
        return write()


def _row_for(row: Notification, recipients: tuple[str, ...]) -> Notification:
    """Return a row of the same message for some of its recipients; the same ones always have the same row.

    Its topic is its own: it supersedes no later message that waits for all of them.
    """
    mark = f"{crc32(','.join(recipients).encode()):08x}"
    return replace(
        row,
        id=f"{row.id}-{mark}",
        topic=f"{row.topic}-{mark}",
        message=dump(replace(load(row.message), only_to=recipients)),
        tries=1,
    )


def test_row(settings: AlertSettings, receiver: str, *, route: str, workspace: str, now_us: int) -> Notification:
    """Return a row that tries a receiver; its message says that it is a test."""
    text = f"This is a test of the route {route}, sent by hand. Nothing is wrong."
    topic = f"outrider-test-{new_run_id(now_us)}"
    message = Message(
        NotificationKind.TEST,
        topic,
        f"[{workspace}] test: Outrider can reach you",
        "info",
        (),
        now_us,
        workspace,
        text,
        route,
    )
    assert receiver in settings.receivers
    return Notification(new_run_id(now_us), receiver, topic, NotificationKind.TEST.value, now_us, now_us, dump(message))
