"""One cause is one issue whoever calls, in every build and browser; two causes are two; and it is said why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from benchmarks.error_grouping.cases import CAUSES, Cause
from hypothesis import given
from hypothesis import strategies as st

from outrider.errors import VERSION, group, message_form
from outrider.errors.frame_form import path_form
from outrider.model import ErrorEvent, ErrorException, ErrorRules, FingerprintRule, StackFrame

_SPLIT = frozenset({"message: a path", "message: names of people, unquoted"})
_TEXTS = st.text(max_size=40)
_FRAMES = st.builds(StackFrame, _TEXTS, _TEXTS, _TEXTS, in_app=st.booleans())
_EXCEPTIONS = st.builds(ErrorException, _TEXTS, _TEXTS, frames=st.lists(_FRAMES, max_size=5).map(tuple))
_EVENTS = st.builds(
    ErrorEvent, st.just("0" * 32), st.just(1), st.just(0), st.just(0), message=_TEXTS,
    exceptions=st.lists(_EXCEPTIONS, max_size=3).map(tuple), platform=st.sampled_from(["python", "javascript", "java"]),
    fingerprint=st.lists(st.sampled_from(["{{ default }}", "a", "{{ type }}"]), max_size=3).map(tuple),
)  # fmt: skip


def _event(*frames: StackFrame, type_: str = "Declined", value: str = "card 17") -> ErrorEvent:
    exception = ErrorException(type_, value, frames=frames)
    return ErrorEvent("0" * 32, 1, 0, 0, exceptions=(exception,), platform="python", service="pay")


@pytest.mark.parametrize("cause", [own for own in CAUSES if own.name not in _SPLIT], ids=lambda own: own.name)
def test_events_of_one_cause_have_one_key_of_their_own(cause: Cause) -> None:
    """The cases of `python -m benchmarks.error_grouping` but for two that are known to split."""
    others = {group(event).key for other in CAUSES if other is not cause for event in other.events}

    keys = {group(event).key for event in cause.events}

    assert len(keys) == 1
    assert not keys & others


@given(_EVENTS, st.integers(1, 10_000), st.integers(1, 500))
def test_a_line_and_a_column_never_count(event: ErrorEvent, line: int, column: int) -> None:
    """Whatever is sent, it is grouped, and lines that moved change nothing."""
    moved = tuple(
        replace(own, frames=tuple(replace(frame, line=line, column=column) for frame in own.frames))
        for own in event.exceptions
    )

    grouping = group(event)

    assert grouping == group(replace(event, exceptions=moved))
    assert (len(grouping.key), grouping.version) == (32, VERSION)
    assert grouping.reason
    assert grouping.parts


def test_a_client_groups_by_its_fingerprint_and_may_refine_what_would_be() -> None:
    """`{{ default }}` alone changes nothing; beside a text it divides."""
    event = _event(StackFrame("pay", "charge"))
    divided = [group(replace(event, fingerprint=("{{ default }}", shop))) for shop in ("a", "b")]

    assert group(replace(event, fingerprint=("{{default}}",))) == group(event)
    assert len({own.key for own in (*divided, group(event))}) == 3
    assert divided[0].reason == "the fingerprint that the client sent"
    assert "fingerprint a" in divided[0].parts
    assert group(replace(event, fingerprint=("x",))).key == group(replace(_event(), fingerprint=("x",))).key


def test_the_first_rule_that_matches_comes_before_the_client() -> None:
    """All its conditions have to."""
    no = FingerprintRule(("no",), type="Declined", service="shop")
    rule = FingerprintRule(("pay", "{{ type }}"), type="Decl*", message="*card*", module="pay", where="errors.toml:3")
    rules = ErrorRules((no, rule))
    event = replace(_event(StackFrame("pay", "charge")), fingerprint=("x",))

    grouping = group(event, rules)

    assert grouping.reason == "a rule of yours (errors.toml:3)"
    assert grouping.parts == ("fingerprint pay", "fingerprint Declined")
    assert group(replace(event, service="shop"), rules).parts == ("fingerprint no",)


@pytest.mark.parametrize(
    ("message", "form"),
    [
        ("order 17 of anna@shop.example failed", "order <n> of <email> failed"),
        ("\n  at 10:11:12 0x7fff\nsecond line", "at <time> <id>"),
        ("'NoneType' object has no attribute 'price'", "<text> object has no attribute price"),
        ('can\'t read "a"', "can't read <text>"),
        ("5f0e3c1a-9b7d-4e2f-8a6b-1c2d3e4f5a6b", "<id>"),
        ("défaut 3,14 %", "défaut <n> %"),
    ],
)
def test_a_message_is_left_with_its_form(message: str, form: str) -> None:
    """What differs from event to event goes; words and names of code stay."""
    assert message_form(message) == form


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("https://shop.example/assets/index-B3kd92ka.js?v=1", "assets/index.js"),
        ("/static/js/main.4d3b2a1c.chunk.js", "js/main.js"),
        ("webpack:///./src/pay/card.ts", "pay/card.ts"),
        ("C:\\build\\17\\src\\Pay.cs", "src/Pay.cs"),
        ("https://unpkg.example/react-dom@16.13.1/umd/react-dom.production.min.js", "umd/react-dom.js"),
        ("/app/node_modules/@shop/cart2/index.js", "cart2/index.js"),
    ],
)
def test_a_path_is_left_without_what_a_build_adds(path: str, form: str) -> None:
    """Hosts, folders of a deployment, hashes and versions."""
    assert path_form(path) == form
