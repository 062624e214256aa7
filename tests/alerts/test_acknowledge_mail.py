"""Mails by whose links recipients acknowledge, sent to a real server."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.alerts.test_receivers import rendered

from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.receivers.mail import Mail
from outrider.alerts.rendered_message import RecipientsRefused, RenderedMessage, Undelivered

if TYPE_CHECKING:
    from tests.mail_server import Inbox


def linked(incident: str, recipient: str, notification: str, created_us: int) -> str:
    """Return a link that shows what it was made of."""
    return f"https://watch.example/acknowledge/{incident}.{recipient}.{notification}.{created_us}"


def asking(kind: NotificationKind = NotificationKind.TRIGGER, phase: str = "open") -> RenderedMessage:
    """Return a message of an incident that has a page."""
    plain = rendered(kind)
    item = replace(plain.message.items[0], phase=phase, incident_url="https://watch.example/incidents/i1")
    return replace(plain, message=replace(plain.message, items=(item,)), acknowledge_link=linked)


def test_each_recipient_of_a_mail_gets_a_link_to_acknowledge_by(inbox: Inbox) -> None:
    """Of their own, under the same Message-ID; it can be followed in text and page."""
    to = ("Ada <ada@shop.example>", "ben@shop.example")

    Mail(inbox.server, "outrider@shop.example", to).deliver(asking())

    assert inbox.recipients == [["ada@shop.example"], ["ben@shop.example"]]
    texts = [mail.get_body(("plain",)).get_content() for mail in inbox.mails]  # type: ignore[union-attr]
    links = [re.findall(r"https://watch\.example/acknowledge/\S+", text) for text in texts]
    incident = asking().message.items[0].incident
    assert [len(those) for those in links] == [1, 1]
    assert links[0][0].startswith(f"https://watch.example/acknowledge/{incident}.ada@shop.example.row-1.")
    assert f"{incident}.ben@shop.example.row-1." in links[1][0]
    page = inbox.mails[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert f'href="{links[0][0]}">Acknowledge</a>' in page
    assert inbox.mails[0]["Message-ID"] == inbox.mails[1]["Message-ID"]
    assert inbox.mails[0]["To"] == "Ada <ada@shop.example>, ben@shop.example"


@pytest.mark.parametrize(
    "message",
    [
        asking(NotificationKind.RESOLVED, "resolved"),
        asking(NotificationKind.REMINDER, "acknowledged"),
        replace(asking(), acknowledge_link=None),
    ],
)
def test_a_mail_has_no_link_where_there_is_nothing_to_acknowledge(inbox: Inbox, message: RenderedMessage) -> None:
    """Or no page to do so on: then one mail goes to all."""
    Mail(inbox.server, "outrider@shop.example", ("ada@shop.example", "ben@shop.example")).deliver(message)

    assert inbox.recipients == [["ada@shop.example", "ben@shop.example"]]
    assert "/acknowledge/" not in inbox.mails[0].as_string()


def test_links_can_be_switched_off_for_a_receiver(inbox: Inbox) -> None:
    """A list whose mails are archived in public is no place for them."""
    Mail(inbox.server, "outrider@shop.example", ("list@shop.example",), has_links=False).deliver(asking())

    assert "/acknowledge/" not in inbox.mails[0].as_string()


def test_a_server_that_fails_between_two_recipients_gets_the_rest_again(inbox: Inbox) -> None:
    """Who has the mail is not sent it twice."""
    inbox.answers = ["250 OK", "451 later"]
    to = ("ada@shop.example", "ben@shop.example", "cleo@shop.example")

    with pytest.raises(RecipientsRefused, match="451 later") as caught:
        Mail(inbox.server, "outrider@shop.example", to).deliver(asking())

    assert caught.value.accepted
    assert (caught.value.temporary, caught.value.permanent) == (("ben@shop.example", "cleo@shop.example"), ())
    assert inbox.recipients == [["ada@shop.example"]]


def test_a_server_that_takes_nothing_gets_all_of_it_again(inbox: Inbox) -> None:
    """As a mail without links does."""
    inbox.answers = ["451 later"]

    with pytest.raises(Undelivered, match="451 later") as caught:
        Mail(inbox.server, "outrider@shop.example", ("ada@shop.example", "ben@shop.example")).deliver(asking())

    assert not isinstance(caught.value, RecipientsRefused)
    assert caught.value.recoverable
