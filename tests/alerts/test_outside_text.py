"""Alerts leave whatever text they hold, and one damaged row holds up no other."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.alerts.conftest import NOW_US, Story, symptom

from outrider.alerts import read_incidents
from outrider.alerts.alert_settings import ReceiverSettings
from outrider.alerts.incident_tracker import IncidentTracker
from outrider.alerts.message import Item, Message, dump, load
from outrider.alerts.message_template import write
from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.receivers.mail import Mail, envelope
from outrider.model import AlertChanges, AlertState, StoredIncident

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.store import Store

ANY_TEXT = st.text(st.characters(codec=None), max_size=30)
MAIL = Mail("smtp://localhost", "outrider@shop.test", ("ops@shop.test",))


@pytest.mark.slow
@settings(max_examples=100)
@given(ANY_TEXT)
def test_a_mail_leaves_whatever_text_it_holds(text: str) -> None:
    """Half a surrogate pair from a target stood in a mail that no server was ever given."""
    item = Item("i", f"home: {text}", (("reason", text), (text, "")), "open", NOW_US, labels={text: text}, title=text)
    message = Message(NotificationKind.TRIGGER, "t", f"home: {text}", "critical", (item,), NOW_US, note=text)
    settings = ReceiverSettings("mail", MAIL, body="{{ text }}", subject="{{ message.subject }}")

    rendered = write(load(dump(message)), settings, "n1")
    mail = message_from_bytes(envelope(rendered, MAIL.sender, MAIL.to).as_bytes(policy=SMTP), policy=SMTP)

    assert mail["Subject"].startswith("home:")
    assert mail.get_body(("plain",)) is not None


def test_a_damaged_incident_keeps_no_other_from_its_reader(story: Callable[..., Story]) -> None:
    """Neither in a list nor in the service that follows them."""
    followed = story()
    followed.observe(symptom(True, NOW_US))
    (good, *_) = [incident for changes in followed.changes for incident in changes.incidents]
    damaged = replace(good, id="damaged", state='{"lead": 7}')
    gone: list[StoredIncident] = []

    listed = read_incidents([damaged, good], gone.append)
    tracker = IncidentTracker(followed.tracker.settings, AlertState((damaged, good), (), ()))

    assert [incident.id for incident in listed] == list(tracker.incidents) == [good.id]
    assert gone == [damaged]


def test_an_incident_with_half_a_character_is_stored_and_read(store: Store, story: Callable[..., Story]) -> None:
    """In the words of its finding, in its labels and in its topic."""
    followed = story()
    followed.observe(symptom(True, NOW_US, what="$.status is \ud800bad", labels={"team": "\udfff"}))
    incidents = [incident for changes in followed.changes for incident in changes.incidents][-1:]

    store.incidents.record(AlertChanges(incidents=tuple(incidents)))

    (incident,) = read_incidents(store.incidents.search())
    assert incident.lead.what == "$.status is \\ud800bad"
    assert incident.labels["team"] == "\\udfff"
