"""Personal data and secrets never leave the reader; what merely looks like them stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model import printable
from outrider.telemetry.scrubber import HIDDEN, Scrubber

MOST = 1_000

PERSONAL = [
    ("mail to ada.l+x@mail.example.org bounced", "ada.l+x@mail.example.org"),
    ("card 4242 4242 4242 4242 declined", "4242 4242 4242 4242"),
    ("card 378282246310005", "378282246310005"),
    ("pan=5555-5555-5555-4444;", "5555-5555-5555-4444"),
    ("pay DE89 3704 0044 0532 0130 00 now", "DE89 3704 0044 0532 0130 00"),
    ("pay GB82WEST12345698765432", "GB82WEST12345698765432"),
    ("ssn 078-05-1120.", "078-05-1120"),
    ("Authorization: Bearer abcdefghijklm1234567890", "abcdefghijklm1234567890"),
    ("GET https://ada:hunter2@shop.example/x", "hunter2"),
    ('{"password": "hunter2"}', "hunter2"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"),
]

HARMLESS = [
    "shop@1.0.0 deployed",
    "took 1732799999123 us at 2026-11-28 20:15:00.123456",
    "trace 4bf92f3577b34da6a3ce929d0e0e4736",
    "order 4242424242424241 and 0000000000000000",
    "version 1.2.3-4567",
    "commit DE12ABCD ref 078-05-11203",
    "peer 203.0.113.7:443",
]


@pytest.mark.parametrize(("text", "secret"), PERSONAL)
def test_personal_data_is_hidden(text: str, secret: str) -> None:
    """What identifies a person or opens a door is covered, and the rest of the text stays."""
    scrubbed = Scrubber().text(text, MOST)

    assert secret not in scrubbed
    assert HIDDEN in scrubbed


@pytest.mark.parametrize("text", HARMLESS)
def test_what_looks_like_personal_data_stays(text: str) -> None:
    """Releases, times, ids and numbers whose check digit is wrong are left as they are."""
    assert Scrubber().text(text, MOST) == text


def test_addresses_of_the_internet_are_hidden_on_request() -> None:
    """They stay by default, since operators search for them."""
    assert Scrubber(hide_addresses=True).text("peer 203.0.113.7:443, v1.2.3.4.5", MOST) == "peer ***:443, v1.2.3.4.5"


@pytest.mark.parametrize(
    ("name", "is_hidden"),
    [
        ("http.request.header.authorization", True),
        ("db.password", True),
        ("API_KEY", True),
        ("enduser.token", True),
        ("session.id", False),
        ("messaging.kafka.message.key", False),
        ("http.route", False),
    ],
)
def test_an_attribute_is_hidden_by_its_name(name: str, is_hidden: bool) -> None:
    """The value of what is named as a credential is hidden, whatever it is."""
    assert Scrubber().hides(name) is is_hidden


@given(st.text(st.characters(), max_size=400), st.integers(60, 200))
def test_any_text_becomes_storable_and_bounded(text: str, most: int) -> None:
    """Whatever a service logs can be encoded, holds no control character, and is told to be cut where it is."""
    scrubbed = Scrubber().text(text, most)

    assert scrubbed.encode().decode() == printable(scrubbed) == scrubbed
    assert len(text) <= most or f"[cut: {len(text)} characters]" in scrubbed
