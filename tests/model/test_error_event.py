"""Events survive being written as JSON, whatever a later program adds to it."""

from __future__ import annotations

import json
from dataclasses import asdict

from outrider.model import (
    Breadcrumb,
    DebugImage,
    ErrorEvent,
    ErrorException,
    ErrorRequest,
    ErrorThread,
    ErrorUser,
    StackFrame,
    event_from_json,
    event_to_json,
)

_FRAME = StackFrame(
    "shop.cart", "pay", "shop/cart.py", 17, 4, source="raise Declined", before=("a",), locals={"n": "1"}
)
_EVENT = ErrorEvent(
    "ab" * 16, 3, 1_000, 2_000, message="declined", exceptions=(ErrorException("Declined", "card", frames=(_FRAME,)),),
    tags={"plan": "free"}, user=ErrorUser(email="a@b.example"),
    request=ErrorRequest("GET", "/cart", headers={"a": "b"}),
    breadcrumbs=(Breadcrumb(900, "http", data={"status": "500"}),), contexts={"os": {"name": "Linux"}},
    threads=(ErrorThread("1", frames=(_FRAME,)),), fingerprint=("{{ default }}", "x"),
    debug_images=(DebugImage("sourcemap", "cd" * 16),),
)  # fmt: skip


def test_an_event_is_the_same_after_json() -> None:
    """The store keeps events as JSON."""
    assert event_from_json(json.loads(event_to_json(_EVENT))) == _EVENT
    assert event_from_json(json.loads(json.dumps(asdict(_EVENT)))) == _EVENT


def test_names_of_a_later_program_are_left_out() -> None:
    """A downgrade reads what is there."""
    value = asdict(_EVENT) | {"later": 1}
    value["exceptions"][0]["frames"][0]["later"] = 1

    assert event_from_json(value) == _EVENT


def test_a_user_is_told_from_others_by_what_was_sent() -> None:
    """An id first, an address last."""
    assert ErrorUser(id="7", email="a@b.example").key == "7"
    assert ErrorUser(address="192.0.2.1").key == "192.0.2.1"
