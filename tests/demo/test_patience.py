"""A demo waits as long as its checks go on, shows what comes meanwhile, and ends when nothing goes on any more."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from demo.patience import ENOUGH_RUNS, IDLE_S, Patience, mail_about
from demo.postbox import Postbox

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW_RUN_S = IDLE_S - 1


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with Postbox() as opened:
        yield opened


def send(postbox: Postbox, subject: str, text: str) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, "outrider@shop.example", "ops@shop.example"
    mail.set_content(text)
    host, port = postbox.url.removeprefix("smtp://").split(":")
    with smtplib.SMTP(host, int(port)) as client:
        client.send_message(mail)


def looks(runs: list[int], seconds: list[float]) -> list[bool]:
    """What patience answers at each look, the first of which is at its begin."""
    patience = Patience(iter(runs).__next__, clock=iter(seconds).__next__)
    return [patience.lasts() for _ in runs[1:]]


def test_patience_lasts_while_a_busy_machine_measures_something() -> None:
    """Twenty runs that take five minutes each are slow, and no end."""
    runs = list(range(7, 7 + 21))

    assert looks(runs, [run * SLOW_RUN_S for run in runs]) == [True] * 20


def test_patience_ends_when_nothing_is_measured_any_more() -> None:
    """From the latest run on."""
    assert looks([0, 1, 1, 1], [0, SLOW_RUN_S, 2 * SLOW_RUN_S, 3 * SLOW_RUN_S]) == [True, True, False]


def test_patience_ends_when_enough_was_measured() -> None:
    """What nobody tells of after so many runs is not told of any more."""
    assert looks([3, 2 + ENOUGH_RUNS, 3 + ENOUGH_RUNS], [0, 1, 2]) == [True, False]


def test_a_mail_about_something_else_is_shown_and_not_taken(postbox: Postbox) -> None:
    """On a busy machine another incident is over first."""
    send(postbox, "warning: checkout is slow", "last release: v2.3")
    send(postbox, "resolved: checkout", "last release: v2.3")
    send(postbox, "resolved: home", "last release: v2.4")
    send(postbox, "resolved: health", "last release: v2.4")
    shown: list[str] = []

    mail = mail_about(
        postbox,
        ("resolved", "last release: v2.4"),
        Patience(lambda: 0),
        lambda mail: shown.append(str(mail["Subject"])),
    )

    assert mail is not None
    assert shown == ["warning: checkout is slow", "resolved: checkout", "resolved: home"]


def test_there_is_no_mail_once_patience_ends(postbox: Postbox) -> None:
    """Then nobody waits any longer."""
    shown: list[EmailMessage] = []
    runs = iter([0, ENOUGH_RUNS])

    assert mail_about(postbox, ("resolved", ""), Patience(runs.__next__), shown.append) is None
    assert shown == []
