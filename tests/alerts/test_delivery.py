"""What happens between the outbox and a channel that does not take it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.alerts.conftest import MINUTE_US, NOW_US, SECOND_US, Drawer, receivers

from outrider.alerts.alert_settings import AlertSettings, ReceiverSettings
from outrider.alerts.breaker import Breaker, backoff_us
from outrider.alerts.delivery import Deliverer, Lane
from outrider.alerts.message import Enclosure, Item, Message, dump, load
from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.rendered_message import RecipientsRefused, RenderedMessage, Undelivered
from outrider.model import Notification, NotLeading, Status, StoreError

if TYPE_CHECKING:
    from outrider.store import Store

AGAIN = Undelivered("it is down", recoverable=True)
NEVER = Undelivered("it does not know us", recoverable=False)


def message(topic: str = "topic", kind: NotificationKind = NotificationKind.TRIGGER) -> Message:
    sent_item = Item("i", "home: refused", (("since", "today"),), "open", NOW_US)
    return Message(kind, topic, "[critical] home: refused", "critical", (sent_item,), NOW_US)


def row(
    number: int, receiver: str = "mail", *, kind: NotificationKind = NotificationKind.TRIGGER, topic: str = ""
) -> Notification:
    content = message(topic or f"topic-{number}", kind)
    return Notification(f"n{number}", receiver, content.topic, kind.value, NOW_US, NOW_US, dump(content))


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_us = NOW_US

    def __call__(self) -> int:
        return self.now_us


class Full:
    """An outbox that takes no changes, as on a full disk, until there is room."""

    def __init__(self, store: Store) -> None:
        self._outbox = store.outbox
        self.has_room = False

    def update(self, notification: Notification) -> None:
        if not self.has_room:
            raise StoreError("no room left", slug="store-full")
        self._outbox.update(notification)

    def take(self, notification_id: str, until_us: int) -> bool:
        if not self.has_room:
            raise StoreError("no room left", slug="store-full")
        return self._outbox.take(notification_id, until_us)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outbox, name)


def lane(store: Store, drawer: Drawer, clock: Clock | None = None, **more: Any) -> Lane:
    settings = ReceiverSettings("mail", drawer, **more)
    return Lane(settings, store.outbox, now_us=clock or Clock(), jitter=lambda: 1.0)


def statuses(store: Store, receiver: str | None = None) -> list[Status]:
    return [row.status for row in store.outbox.search(receiver=receiver, limit=100_000)]


def test_what_is_taken_is_noted(store: Store, drawer: Drawer) -> None:
    """It is not sent again."""
    store.outbox.add(row(1))
    mail_lane = lane(store, drawer)

    mail_lane.work()
    mail_lane.work()

    assert [rendered.id for rendered in drawer.delivered] == ["n1"]
    assert drawer.delivered[0].body.startswith("home: refused\n  since: today")
    assert statuses(store) == [Status.DELIVERED]


def test_a_channel_that_is_down_is_tried_again_later_with_the_same_id(store: Store, drawer: Drawer) -> None:
    """And later each time."""
    store.outbox.add(row(1))
    clock = Clock()
    mail_lane = lane(store, drawer, clock)
    drawer.refusals = [AGAIN, AGAIN]

    waits = []
    for _ in range(2):
        mail_lane.work()
        (waiting,) = store.outbox.search(status=Status.QUEUED)
        waits.append((waiting.due_us - clock.now_us) // SECOND_US)
        clock.now_us = waiting.due_us
    mail_lane.work()

    assert waits == [2, 4]
    assert [rendered.id for rendered in drawer.delivered] == ["n1"]


def test_a_channel_says_when_it_wants_to_be_asked_again(store: Store, drawer: Drawer) -> None:
    """429 with Retry-After: the breaker waits too."""
    store.outbox.add(row(1))
    store.outbox.add(row(2))
    clock = Clock()
    drawer.refusals = [Undelivered("too much", recoverable=True, retry_after_s=90)]
    mail_lane = lane(store, drawer, clock)

    mail_lane.work()
    clock.now_us += 89 * SECOND_US
    mail_lane.work()
    assert drawer.delivered == []
    clock.now_us += 2 * SECOND_US
    mail_lane.work()

    assert [rendered.id for rendered in drawer.delivered] == ["n1", "n2"]


def test_what_was_sent_while_the_store_takes_nothing_is_not_sent_again(store: Store, drawer: Drawer) -> None:
    """People would get the same message twice a second for as long as the disk is full."""
    store.outbox.add(row(1))
    store.outbox.add(row(2))
    outbox = Full(store)
    tried = Lane(ReceiverSettings("mail", drawer), outbox, now_us=Clock(), jitter=lambda: 1.0)
    for _ in range(5):
        with pytest.raises(StoreError):
            tried.work()
    assert [rendered.id for rendered in drawer.delivered] == ["n1", "n2"]

    outbox.has_room = True
    tried.work()

    assert statuses(store) == [Status.DELIVERED, Status.DELIVERED]
    assert len(drawer.delivered) == 2


def test_a_leader_that_was_replaced_while_it_was_paused_sends_nothing(store: Store, drawer: Drawer) -> None:
    """The next leader sends what it has read; what it was sending is its own for a minute, and noted as delivered."""
    store.outbox.add(row(1))
    store.outbox.add(row(2))
    first = store.led_by("ada")
    store.schedule.lead("ada", 0, None)
    clock, replaced = Clock(), []

    class Paused(Drawer):
        def deliver(self, rendered: RenderedMessage) -> None:
            super().deliver(rendered)
            replaced.append(store.schedule.lead("bob", 1, store.schedule.leadership()))
            lane(store.led_by("bob"), drawer, clock).work()

    paused = Paused()
    with pytest.raises(NotLeading):
        Lane(ReceiverSettings("mail", paused), first.outbox, now_us=clock, jitter=lambda: 1.0).work()

    assert replaced == [True]
    assert [rendered.id for rendered in (*paused.delivered, *drawer.delivered)] == ["n1", "n2"]
    clock.now_us += 61 * SECOND_US
    lane(store.led_by("bob"), drawer, clock).work()
    assert [rendered.id for rendered in drawer.delivered] == ["n2"]
    assert statuses(store) == [Status.DELIVERED] * 2


def test_a_dead_channel_is_left_alone_and_noticed(store: Store, drawer: Drawer) -> None:
    """A single notification asks how it does; the first that gets through ends it."""
    for number in range(8):
        store.outbox.add(row(number))
    clock = Clock()
    drawer.refusals = [AGAIN] * 5
    mail_lane = lane(store, drawer, clock)

    mail_lane.work()
    assert (mail_lane.health.is_dead, mail_lane.health.why) == (True, "it is down")
    assert drawer.delivered == []
    clock.now_us += 20 * SECOND_US
    mail_lane.work()

    assert not mail_lane.health.is_dead
    assert len(drawer.delivered) == 8


def test_what_cannot_be_delivered_goes_to_another_channel_and_is_visible(store: Store, drawer: Drawer) -> None:
    """At once if trying again is of no use, else after a while."""
    store.outbox.add(row(1))
    store.outbox.add(row(2))
    clock = Clock()
    drawer.refusals = [NEVER, AGAIN, AGAIN]
    mail_lane = lane(store, drawer, clock, fallback="chat", fallback_after_us=MINUTE_US)

    mail_lane.work()
    assert statuses(store, "mail") == [Status.UNDELIVERED, Status.QUEUED]
    clock.now_us += 2 * MINUTE_US
    mail_lane.work()

    assert statuses(store, "mail") == [Status.UNDELIVERED, Status.UNDELIVERED]
    handed = store.outbox.search(receiver="chat")
    assert [sent_item.topic for sent_item in handed] == ["topic-1", "topic-2"]
    assert "mail could not be reached (it does not know us)" in handed[0].message
    assert [row.note for row in store.outbox.search(receiver="mail")] == ["it does not know us", "it is down"]


def test_a_channel_that_breaks_is_a_failure_like_any_other(store: Store, drawer: Drawer) -> None:
    """It does not take the others with it."""
    store.outbox.add(row(1))
    drawer.refusals = [KeyError("oops")]

    lane(store, drawer).work()

    (waiting,) = store.outbox.search(status=Status.QUEUED)
    assert "KeyError" in waiting.note


def test_a_flood_is_cut_off_with_one_notice(store: Store, drawer: Drawer) -> None:
    """The end of what was told is told all the same."""
    for number in range(10):
        store.outbox.add(row(number))
    store.outbox.add(row(11, kind=NotificationKind.RESOLVED))
    mail_lane = lane(store, drawer, per_hour=3)

    mail_lane.work()
    mail_lane.work()
    mail_lane.work()

    assert [rendered.message.kind for rendered in drawer.delivered] == [
        *[NotificationKind.TRIGGER] * 3,
        NotificationKind.RESOLVED,
        NotificationKind.SUPPRESSED,
    ]
    assert drawer.delivered[-1].body.startswith("suppressed 7: more than 3 in an hour")
    assert statuses(store).count(Status.SUPPRESSED) == 7


@pytest.mark.slow
def test_ten_thousand_that_waited_are_told_in_their_latest_state_and_capped(store: Store, drawer: Drawer) -> None:
    """After an outage of the channel nobody gets ten thousand messages."""
    from outrider.model import AlertChanges

    for start in range(0, 10_000, 1_000):
        rows = tuple(row(start + number, topic=f"topic-{number}") for number in range(1_000))
        store.incidents.record(AlertChanges(notifications=rows))
    mail_lane = lane(store, drawer, per_hour=60)

    while mail_lane.work():
        pass

    assert statuses(store).count(Status.SUPERSEDED) == 9_000
    assert statuses(store).count(Status.SUPPRESSED) == 940
    assert len(drawer.delivered) == 61
    assert drawer.delivered[-1].message.kind is NotificationKind.SUPPRESSED


def test_a_template_that_fails_still_tells(store: Store, drawer: Drawer) -> None:
    """In plain words, with what is wrong with it."""
    store.outbox.add(row(1))

    lane(store, drawer, subject="{{ message.nothing }}", body="{{ 1 / 0 }}").work()

    (rendered,) = drawer.delivered
    assert rendered.subject == "[critical] home: refused"
    assert rendered.body.startswith("home: refused")
    assert "The template of mail is wrong: UndefinedError" in rendered.body


def test_a_template_says_it_in_other_words(store: Store, drawer: Drawer) -> None:
    """With everything that the message knows."""
    store.outbox.add(row(1))
    body = "{% for item in items %}{{ item.headline }} ({{ message.severity }}){% endfor %}"

    lane(store, drawer, subject="Alarm: {{ message.subject }}", body=body).work()

    (rendered,) = drawer.delivered
    assert (rendered.subject, rendered.body) == ("Alarm: [critical] home: refused", "home: refused (critical)")


def test_a_template_cannot_reach_into_the_machine(store: Store, drawer: Drawer) -> None:
    """Templates come from a reviewed file, and are held in a sandbox all the same."""
    store.outbox.add(row(1))

    lane(store, drawer, body="{{ ''.__class__.__mro__ }}").work()

    assert "SecurityError" in drawer.delivered[0].body


def test_what_a_channel_does_not_want_is_passed_over(store: Store, drawer: Drawer) -> None:
    """People need not be told that one of them took it on."""
    drawer.kinds = frozenset({NotificationKind.TRIGGER})
    store.outbox.add(row(1, kind=NotificationKind.ACKNOWLEDGED))

    lane(store, drawer).work()

    assert drawer.delivered == []
    assert statuses(store) == [Status.DELIVERED]


def picture_of(message: Message) -> Enclosure:
    return Enclosure.of(f"{message.topic}.png", "image/png", message.topic.encode())


def test_a_picture_goes_with_the_message(store: Store, drawer: Drawer) -> None:
    """Drawn when it is sent, so that the outbox stays small."""
    store.outbox.add(row(1))
    settings = ReceiverSettings("mail", drawer)

    Lane(settings, store.outbox, now_us=Clock(), pictures=lambda message: (picture_of(message),)).work()

    (delivered,) = drawer.delivered
    assert delivered.pictures is not None
    assert delivered.pictures(delivered.message)[0].content == b"topic-1"
    assert "topic-1.png" not in store.outbox.search()[0].message


def test_a_picture_that_cannot_be_drawn_holds_nothing_up(store: Store, drawer: Drawer) -> None:
    """The message goes out without it."""
    store.outbox.add(row(1))

    def broken(_: Message) -> tuple[Enclosure, ...]:
        raise ZeroDivisionError

    Lane(ReceiverSettings("mail", drawer), store.outbox, now_us=Clock(), pictures=broken).work()

    (delivered,) = drawer.delivered
    assert delivered.pictures is not None
    assert delivered.pictures(delivered.message) == ()


def test_a_row_that_cannot_be_read_holds_up_nobody(store: Store, drawer: Drawer) -> None:
    """It is visible."""
    store.outbox.add(replace(row(1), message='{"version": 99}'))
    store.outbox.add(row(2))

    lane(store, drawer).work()

    assert statuses(store) == [Status.UNDELIVERED, Status.DELIVERED]


def test_rows_of_a_receiver_that_is_gone_are_visible(store: Store, drawer: Drawer) -> None:
    """Somebody removed it while it was dead."""
    store.outbox.add(row(1, "gone"))

    with Deliverer(AlertSettings(receivers=receivers(ReceiverSettings("mail", drawer))), store.outbox):
        pass

    (left,) = store.outbox.search(receiver="gone")
    assert (left.status, left.note) == (Status.UNDELIVERED, "this receiver is no longer configured")


def test_a_channel_that_hangs_holds_up_nobody_else(store: Store, drawer: Drawer) -> None:
    """Each has a thread of its own."""
    import threading

    leave, got = threading.Event(), threading.Event()

    class Hanging(type(drawer)):  # type: ignore[misc]
        def deliver(self, rendered: Any) -> None:
            leave.wait(30)

    class Quick(type(drawer)):  # type: ignore[misc]
        def deliver(self, rendered: Any) -> None:
            got.set()

    store.outbox.add(row(1, "slow"))
    store.outbox.add(row(2, "quick"))
    both = receivers(ReceiverSettings("slow", Hanging()), ReceiverSettings("quick", Quick()))

    with Deliverer(AlertSettings(receivers=both), store.outbox):
        assert got.wait(10)
        leave.set()


@pytest.mark.parametrize(("tries", "seconds"), [(1, 2), (2, 4), (5, 32), (12, 600), (1_000, 600)])
def test_waiting_grows_to_ten_minutes(tries: int, seconds: int) -> None:
    """With jitter it is down to half as long."""
    assert backoff_us(tries, 1.0) == seconds * SECOND_US
    assert backoff_us(tries, 0.0) == seconds * SECOND_US / 2


def test_a_breaker_does_not_wait_for_a_clock_that_was_set_back() -> None:
    """It waits for ten minutes at most."""
    dead = Breaker()
    for _ in range(6):
        dead = dead.failed("down", NOW_US)

    assert not dead.is_closed(NOW_US)
    assert dead.is_closed(NOW_US - 3600 * SECOND_US)
    assert replace(dead, until_us=0).is_closed(NOW_US)


def refusal(*, temporary: tuple[str, ...] = (), permanent: tuple[str, ...] = (), accepted: bool) -> RecipientsRefused:
    return RecipientsRefused("refused", temporary=temporary, permanent=permanent, accepted=accepted)


def test_a_recipient_that_is_refused_is_tried_again_alone(store: Store, drawer: Drawer) -> None:
    """Those who got the message do not get it twice."""
    clock = Clock()
    drawer.refusals = [refusal(temporary=("ben@x",), accepted=True)]
    store.outbox.add(row(1))
    tried = lane(store, drawer, clock)

    tried.work()
    clock.now_us += MINUTE_US
    tried.work()

    assert [rendered.message.only_to for rendered in drawer.delivered] == [("ben@x",)]
    assert statuses(store) == [Status.DELIVERED, Status.DELIVERED]
    assert not tried.health.why


def test_a_recipient_that_is_refused_for_long_holds_up_no_others(store: Store, drawer: Drawer) -> None:
    """A mail server that puts off one of three for minutes (greylisting) takes the mails of the others."""
    clock = Clock()
    drawer.refusals = [refusal(temporary=("ben@x",), accepted=True)]
    drawer.refusals += [refusal(temporary=("ben@x",), accepted=False) for _ in range(8)]
    store.outbox.add(row(1))
    tried = lane(store, drawer, clock)
    for _ in range(9):
        tried.work()
        clock.now_us += 20 * MINUTE_US

    store.outbox.add(replace(row(2), due_us=clock.now_us))
    tried.work()

    assert (tried.health.is_dead, drawer.refusals) == (False, [])
    assert [rendered.id for rendered in drawer.delivered][-1] == "n2"


def test_a_recipient_that_is_refused_for_good_goes_to_the_fallback(store: Store, drawer: Drawer) -> None:
    """With the reason, and without those who got it."""
    drawer.refusals = [refusal(permanent=("ben@x",), accepted=True)]
    store.outbox.add(row(1))

    lane(store, drawer, fallback="chat").work()

    assert statuses(store, "mail") == [Status.DELIVERED, Status.UNDELIVERED]
    assert [row.note for row in store.outbox.search(receiver="mail")] == ["refused", "refused"]
    (handed,) = store.outbox.search(receiver="chat")
    assert "mail could not be reached (refused)" in load(handed.message).note


def test_recipients_that_are_all_refused_are_told_apart(store: Store, drawer: Drawer) -> None:
    """One of them may be taken later, the other never; before that nobody was."""
    clock = Clock()
    drawer.refusals = [refusal(temporary=("ada@x",), permanent=("ben@x",), accepted=False)]
    store.outbox.add(row(1))
    tried = lane(store, drawer, clock)

    tried.work()
    clock.now_us += MINUTE_US
    tried.work()

    assert statuses(store) == [Status.SUPERSEDED, Status.DELIVERED, Status.UNDELIVERED]
    assert [rendered.message.only_to for rendered in drawer.delivered] == [("ada@x",)]


def test_a_refusal_that_a_crash_repeats_makes_no_more_rows(store: Store, drawer: Drawer) -> None:
    """The rows of recipients have ids of their own that stay the same."""
    drawer.refusals = [refusal(temporary=("ben@x",), accepted=True)] * 2
    store.outbox.add(row(1))
    (queued,) = store.outbox.search()

    for _ in range(2):
        lane(store, drawer).deliver_one(queued)

    assert len(store.outbox.search()) == 2


def test_a_recipient_that_got_a_later_message_does_not_get_the_earlier_one(store: Store, drawer: Drawer) -> None:
    """After the resolution nobody wants to read of the failure."""
    clock = Clock()
    drawer.refusals = [refusal(temporary=("ben@x",), accepted=True)]
    store.outbox.add(row(1, topic="topic"))
    tried = lane(store, drawer, clock)
    tried.work()
    store.outbox.add(replace(row(2, topic="topic", kind=NotificationKind.RESOLVED), created_us=NOW_US + 1))

    tried.work()
    clock.now_us += MINUTE_US
    tried.work()

    assert [rendered.message.kind for rendered in drawer.delivered] == [NotificationKind.RESOLVED]
    assert statuses(store) == [Status.DELIVERED, Status.SUPERSEDED, Status.DELIVERED]
