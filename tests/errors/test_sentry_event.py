"""Events of Sentry's clients, well formed and broken, are read, bounded and scrubbed."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.errors import (
    BadEnvelope,
    EventScrubber,
    ReceivedEvent,
    group,
    read_envelope,
    read_reports,
    read_sentry_event,
    title_of_event,
)
from outrider.telemetry import Scrubber

if TYPE_CHECKING:
    from outrider.model import ErrorEvent

NOW_US = 1_795_000_000_000_000
RECEIVED = ReceivedEvent("a" * 32, 1, "shop", "production", NOW_US)


def read(document: dict[str, Any]) -> ErrorEvent:
    scrubber = Scrubber()
    scrubbed = EventScrubber(scrubber.text, scrubber.hides).document(document)
    return read_sentry_event(json.loads(json.dumps(scrubbed)), RECEIVED)


def test_items_are_found_with_and_without_their_length() -> None:
    """An item without one ends at its line; payloads may hold line feeds and bytes."""
    attachment, event = b'{"type":"attachment","length":3}\n\n\xff\n\n', b'{"type":"event"}\n{"a":1}\n'
    data = b'{"event_id":"x"}\n' + attachment + event + b'{"type":"x","length":0}\n'

    items = read_envelope(data).items

    assert [(item.type, item.payload) for item in items] == [
        ("attachment", b"\n\xff\n"), ("event", b'{"a":1}'), ("x", b""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data", [b"", b"[]\n", b"{}\n{x\n", b'{}\n{"type":"event","length":9}\nab', b'{}\n{"length":-1}\n']
)
def test_a_damaged_envelope_says_so(data: bytes) -> None:
    """Nothing of it is guessed."""
    with pytest.raises(BadEnvelope):
        read_envelope(data)


def test_a_chain_is_read_with_its_frames() -> None:
    """As the client of Python sends it; what is the application's own is told by its path where nobody says."""
    frames = [
        {"module": "flask.app", "function": "wsgi", "abs_path": "/x/site-packages/flask/app.py", "lineno": 7},
        {"module": "shop.cart", "function": "pay", "filename": "shop/cart.py", "in_app": True, "vars": {"total": "3"}},
    ]
    event = read({
        "timestamp": NOW_US / 1e6 - 5, "platform": "python", "environment": "staging", "release": "shop@1.0.0",
        "exception": {"values": [
            {"type": "KeyError", "value": "'x'"},
            {"type": "PaymentError", "value": "no", "mechanism": {"type": "flask", "handled": False},
             "stacktrace": {"frames": frames}},
        ]},
        "tags": [["region", "eu"], ["api_token", "abc"]],
        "contexts": {"trace": {"trace_id": "b" * 32, "span_id": "c" * 16}},
        "user": {"id": 7, "ip_address": "203.0.113.77"}, "sdk": {"name": "sentry.python", "version": "2.75.0"},
    })  # fmt: skip

    raised = event.exceptions[1]
    assert (raised.type, raised.handled, raised.mechanism) == ("PaymentError", False, "flask")
    assert [frame.in_app for frame in raised.frames] == [False, True]
    assert raised.frames[1].locals == {"total": "3"}
    assert (event.environment, event.release, event.trace_id, event.span_id) == (
        "staging",
        "shop@1.0.0",
        "b" * 32,
        "c" * 16,
    )
    assert event.tags == {"region": "eu", "api_token": "***"}
    assert (event.user.id, event.user.address, event.sdk) == ("7", "203.0.113.0", "sentry.python 2.75.0")
    assert event.at_us == NOW_US - 5_000_000


def test_secrets_are_hidden_at_every_depth() -> None:
    """Names, forms of values, query strings, cookies and command lines; before the document is kept."""
    text = json.dumps(asdict(read({
        "request": {"url": "https://shop.example/pay?card=SECRET", "query_string": "a=SECRET", "cookies": {"s": "x"},
                    "headers": {"Authorization": "SECRET", "Cookie": "SECRET"}},
        "extra": {"sys.argv": ["run", "SECRET"], "deep": {"deeper": {"password": "SECRET"}}, "mail": "ada@example.org"},
        "exception": {"values": [{"stacktrace": {"frames": [{"vars": {"password": "SECRET"}}]}}]},
    })))  # fmt: skip

    scrubber = Scrubber()
    kept = EventScrubber(scrubber.text, scrubber.hides, ["lang"]).document({
        "request": {"url": "/pay?card=SECRET&lang=de#SECRET", "query_string": {"a": "SECRET", "lang": "de"},
                    "cookies": {"lang": "SECRET"}, "headers": [["Referer", "https://shop.example/?a=SECRET"]]},
        "breadcrumbs": [{"data": {"from": "/?token=SECRET", "to": "#SECRET", "http.query": "?a=SECRET&lang=de"}},
                        {"data": {"href": "pay?a=SECRET", "url.fragment": "SECRET", "url": ["/?a=SECRET"]}}],
        "spans": [{"data": {"url.full": "https://shop.example/?lang=de&a=SECRET", "url.query": [["lang", "SECRE"]]}}],
        "exception": [{"stacktrace": {"frames": [{"abs_path": "https://shop.example/cart?a=SECRET",
                                                  "filename": "C#/what?.py"}]}}],
        "extra": {"text": "https://shop.example/?SECRE=T", "filename": "https://shop.example/?SECRE=T"},
        "csp": read_reports(b'{"csp-report": {"document-uri": "https://shop.example/?SECRET", "blocked-uri": '
                            b'"https://evil.example/?SECRET", "effective-directive": "img-src"}}'),
    })  # fmt: skip

    assert "SECRET" not in text + json.dumps(kept)
    assert "ada@example.org" not in text
    assert (kept["request"]["url"], kept["request"]["query_string"]["lang"]) == ("/pay?lang=de", "de")
    assert kept["breadcrumbs"][0]["data"]["http.query"] == "lang=de"
    assert kept["spans"][0]["data"] == {"url.full": "https://shop.example/?lang=de", "url.query": [["lang", "SECRE"]]}
    assert kept["exception"][0]["stacktrace"]["frames"][0]["filename"] == "C#/what?.py"
    assert kept["extra"] == {"text": "https://shop.example/?SECRE=T", "filename": "https://shop.example/"}


@pytest.mark.parametrize("document", [{}, {"message": None}, {"exception": {"values": []}}, {"message": {}}])
def test_an_event_that_says_nothing_is_one_still(document: dict[str, Any]) -> None:
    """It has a title, and all of one place belong together."""
    event, other = read({**document, "transaction": "/pay"}), read({**document, "transaction": "/cart"})

    assert title_of_event(event) == ("(no message)", "", "/pay")
    assert group(event).key == group(read({"transaction": "/pay"})).key != group(other).key


@pytest.mark.parametrize("timestamp", [4_102_444_800, "2100-01-01T00:00:00Z", 0, -1e300, "yesterday", None, [], 1e400])
def test_a_time_that_makes_no_sense_is_when_it_came_in(timestamp: object) -> None:
    """The year 2100, 1970, and what is no time."""
    assert read({"timestamp": timestamp}).at_us == NOW_US


def test_what_is_too_large_is_cut_and_its_ends_are_kept() -> None:
    """1,000 exceptions of a chain, 10,000 frames, frames of 1 MB, half characters and NUL."""
    chain = [{"type": f"E{number}"} for number in range(1_000)]
    frames = [{"function": f"f{number}"} for number in range(10_000)]
    event = read({"exception": chain, "message": "a\0b\ud800"})
    deep = read({"exception": [{"type": "R", "stacktrace": {"frames": frames}}]})
    wide = read(
        {
            "exception": [
                {"type": "R", "stacktrace": {"frames": [{"context_line": "x" * 10**6, "vars": {"a": "y" * 10**6}}]}}
            ]
        }
    )

    assert (len(event.exceptions), event.exceptions[0].type, event.exceptions[-1].type) == (50, "E0", "E999")
    assert (len(deep.exceptions[0].frames), deep.exceptions[0].frames[-1].function) == (250, "f9999")
    assert len(json.dumps(asdict(wide))) < 10_000
    event.message.encode()
    assert "\0" not in event.message


@settings(max_examples=150, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([
        "exception", "values", "stacktrace", "frames", "lineno", "vars", "message", "params", "tags", "user", "request",
        "breadcrumbs", "contexts", "trace", "fingerprint", "debug_meta", "images", "timestamp", "level", "threads",
    ]), inner, max_size=6), max_leaves=40,
))  # fmt: skip
def test_no_shape_is_too_odd(value: Any) -> None:
    """Whatever stands where, an event comes out, and it can be stored as text."""
    document = (
        value if isinstance(value, dict) else {"exception": value, "message": value, "tags": value, "threads": value}
    )

    json.dumps(asdict(read(document))).encode()


def test_a_report_of_a_browser_is_a_warning() -> None:
    """Of the directive and what it blocked, as both forms of the standard have it."""
    old = read_reports(
        b'{"csp-report":{"document-uri":"https://shop.example/","violated-directive":"script-src","blocked-uri":"https://evil.example/x.js"}}'
    )
    new = read_reports(
        b'[{"type":"csp-violation","url":"https://shop.example/","body":{"effectiveDirective":"script-src","blockedURL":"https://evil.example/x.js"}}]'
    )

    first, second = read(old[0]), read(new[0])
    assert (first.level, first.message) == ("warning", "Blocked script-src from https://evil.example/x.js")
    assert first.fingerprint == second.fingerprint == ("csp", "script-src", "evil.example")
    assert first.request.url == "https://shop.example/"


PARTS = (
    "ada@example.org", "4242 4242 4242 4242", "DE89 3704 0044 0532 0130 00", "078-05-1120", "Bearer abcdefgh12345678",
    "password", "token=", "Authorization:", "s3cr3t9", "-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0B",
    "https://a:b@c", "AUTH", "LOGIN ada", "\n", "\r\n", " ", "\u202e", "\ud800", '"', ": ", "order 17 failed",
    "user ada", "pass x1",
    "x" * 150,
)  # fmt: skip


@given(st.lists(st.lists(st.sampled_from(PARTS), max_size=4).map("".join), min_size=3, max_size=12))
def test_texts_of_a_document_are_scrubbed_as_if_they_stood_alone(texts: list[str]) -> None:
    """At least: what is hidden in a text alone is hidden beside others, whatever they hold; and twice is as once."""
    scrubber = Scrubber()
    events = EventScrubber(scrubber.text, scrubber.hides)

    scrubbed = [events.document({"values": texts})["values"] for _ in range(2)]

    alone = [Scrubber().text(text, 8_192) for text in texts]
    assert scrubbed == [alone, alone]
