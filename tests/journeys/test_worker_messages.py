"""A worker and its keeper understand each other."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.journeys.worker_messages import (
    AttemptOrder,
    AttemptResult,
    Channel,
    Collect,
    CollectedTest,
    Collection,
    CollectStart,
    ContextFiles,
    Message,
    Phase,
    Ready,
    StartPytest,
    StepEvent,
    TypedPassword,
    decode,
    encode,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

text = st.text()
texts = st.lists(text, max_size=3)
numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(min_value=0)
plain = st.dictionaries(text, text | numbers | st.booleans() | st.none() | texts, max_size=3)
tests = st.builds(CollectedTest, target=text, path=text, name=text, line=counts, marks=texts, overrides=plain)
phase = st.builds(Phase, when=text, outcome=text, duration_ms=numbers, expected=st.booleans(), message=text)
files = st.builds(ContextFiles, traces=texts, har=text)
MESSAGES: dict[type[Message], st.SearchStrategy[Message]] = {
    StartPytest: st.builds(StartPytest, paths=texts, options=texts, ignored=texts),
    Collect: st.builds(Collect, paths=texts),
    CollectStart: st.builds(CollectStart, path=text),
    AttemptOrder: st.builds(
        AttemptOrder,
        target=text,
        scratch=text,
        endpoint=text,
        label=text,
        evidence=st.booleans(),
        state=text,
        fault=text,
    ),
    Ready: st.builds(Ready),
    Collection: st.builds(
        Collection, tests=st.lists(tests, max_size=3), errors=st.lists(st.lists(text, min_size=2, max_size=2))
    ),
    StepEvent: st.builds(
        StepEvent,
        name=text,
        start_ms=numbers,
        duration_ms=numbers | st.none(),
        parent=text | st.none(),
        error=text | st.none(),
    ),
    TypedPassword: st.builds(TypedPassword, value=text),
    Phase: phase,
    AttemptResult: st.builds(
        AttemptResult,
        started_ms=numbers,
        duration_ms=numbers,
        phases=st.lists(phase, max_size=3),
        contexts=st.lists(files, max_size=3),
        documents=st.lists(plain, max_size=3),
        screenshots=texts,
        videos=texts,
        connections=counts,
        browser=text,
        log=text,
        overdue=st.booleans(),
    ),
}


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    """Return a channel and the bare socket at its other end."""
    here, there = socket.socketpair()
    with here, there:
        yield Channel(here), there


def test_every_kind_of_message_is_tested() -> None:
    """A new kind has to join the round trip."""
    kinds = set(get_args(Message))

    tested = set(MESSAGES)

    assert tested == kinds


@given(message=st.one_of(*MESSAGES.values()))
def test_a_message_comes_back_as_it_was_sent(message: Message) -> None:
    """Whatever stands in it, it is one line and loses nothing."""
    line = encode(message)

    returned = decode(line)

    assert returned == message
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


def test_messages_are_told_apart_however_they_arrive(ends: tuple[Channel, socket.socket]) -> None:
    """A socket keeps no borders: two at once, and one in pieces."""
    channel, other = ends
    sent: list[Message] = [Ready(), TypedPassword("ä\n"), TypedPassword("x" * 1000)]
    line = b"".join(map(encode, sent))

    other.sendall(line[:100])
    first = [channel.receive(), channel.receive()]
    other.sendall(line[100:])
    other.shutdown(socket.SHUT_WR)
    rest = list(channel)

    assert first + rest == sent


def test_a_message_that_was_cut_off_is_not_received(ends: tuple[Channel, socket.socket]) -> None:
    """A worker that died in the middle of a word has ended, no more."""
    channel, other = ends
    other.sendall(encode(Ready()) + encode(TypedPassword("x"))[:-3])
    other.close()

    received = list(channel)

    assert received == [Ready()]


def test_silence_ends_at_the_time_out(ends: tuple[Channel, socket.socket]) -> None:
    """The caller gets the standard error."""
    channel, _ = ends

    with pytest.raises(TimeoutError):
        channel.receive(timeout_s=0.001)


def test_what_one_channel_sends_another_receives() -> None:
    """Closing ends the other side's loop."""
    here, there = socket.socketpair()
    sender, receiver = Channel(here), Channel(there)

    sender.send(TypedPassword("x"))
    sender.close()

    assert list(receiver) == [TypedPassword("x")]
    receiver.close()
