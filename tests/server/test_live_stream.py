"""The stream of changes, from a real server over a real store."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from tests.builders import new_store, run_of
from tests.waiting import until

from outrider.model import CheckId, Measurement, Outcome, StoreError, new_run_id
from outrider.server import Background, listen
from outrider.server.live_stream import LiveStream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence
    from pathlib import Path

    from starlette.responses import StreamingResponse

    from outrider.model import StoredChanges
    from outrider.store import Store

A, B = CheckId("probe:a"), CheckId("probe:b")


def record(store: Store, check: CheckId) -> None:
    store.runs.record(run_of(Measurement(Outcome.PASSED, "", 1, 1.0), check, id=new_run_id(1)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as store:
        record(store, A)
        yield store


@contextmanager
def served(stream: LiveStream) -> Iterator[str]:
    listener = listen("127.0.0.1", 0)
    server = Background(Starlette(routes=[Route("/live", stream.answer)]), listener)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/live"
    finally:
        server.close()


def fields(lines: Iterator[str]) -> dict[str, str]:
    """Return the fields of the next event."""
    event: dict[str, str] = {}
    for line in lines:
        if not line and "data" in event:
            return event
        name, _, value = line.partition(": ")
        event[name] = value
    raise AssertionError(event)


@contextmanager
def reading(address: str, **headers: str) -> Iterator[Iterator[str]]:
    """The lines of a stream, from after the first of its own, so that it is known to have begun."""
    with httpx.stream("GET", address, headers=headers, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines).startswith("retry: ")
        yield lines


def changed(store: Store, lines: Iterator[str], check: CheckId) -> dict[str, Any]:
    """Record runs of a check until the stream tells of one, and return what it tells."""
    record(store, check)
    event = fields(lines)
    assert event["event"] == "change"
    data: dict[str, Any] = json.loads(event["data"])
    return data


def test_every_reader_hears_which_checks_have_new_runs(store: Store) -> None:
    """Whichever process stored them; one look serves all."""
    stream = LiveStream(store.history, look_s=0.01)
    with served(stream) as address, reading(address) as first, reading(address) as second:
        until(lambda: bool(stream.mark))

        heard = changed(store, first, B)

        assert heard == {"checks": [B], "others": False}
        assert json.loads(fields(second)["data"]) == heard


def test_a_browser_that_missed_something_is_told_to_fetch_everything(store: Store) -> None:
    """And nothing where it has heard all: the mark of an event is what it comes again with."""
    stream = LiveStream(store.history, look_s=0.01)
    with served(stream) as address, reading(address) as first:
        until(lambda: bool(stream.mark))
        changed(store, first, B)
        mark = store.history.changes_since("").mark

        with reading(address, **{"Last-Event-ID": "1.00000000"}) as late:
            missed = fields(late)
        with reading(address, **{"Last-Event-ID": mark}) as punctual:
            heard = changed(store, punctual, A)

    assert (missed["id"], json.loads(missed["data"])) == (mark, {"everything": True})
    assert heard == {"checks": [A], "others": False}


def test_a_reader_who_signs_out_hears_no_more(store: Store) -> None:
    """Within a look, though nothing changes; others hear on, and an error of that question is a no."""
    gone: set[str] = set()

    def may_read(request: Request) -> bool:
        name = request.headers["x-name"]
        if name == "broken" and gone:
            raise RuntimeError
        return name not in gone

    stream = LiveStream(store.history, may_read, look_s=0.01, admit_s=0.0)
    with (
        served(stream) as address,
        reading(address, **{"X-Name": "ada"}) as ada,
        reading(address, **{"X-Name": "bea"}) as bea,
        reading(address, **{"X-Name": "broken"}) as broken,
    ):
        until(lambda: bool(stream.mark))
        gone.add("ada")

        assert "".join(ada) == ""
        assert "".join(broken) == ""
        assert changed(store, bea, B) == {"checks": [B], "others": False}


def test_a_stream_ends_by_itself(store: Store) -> None:
    """Its browser comes again, and whether it may still read is decided anew."""
    with served(LiveStream(store.history, look_s=0.01, lasting_s=0.05)) as address, reading(address) as lines:
        assert [line for line in lines if line and not line.startswith(":")] == []


def test_streams_leave_connections_to_others(store: Store) -> None:
    """One too many is refused, and its page goes on asking now and then."""
    with served(LiveStream(store.history, most=1)) as address, reading(address):
        refused = httpx.get(address, timeout=30)

    assert refused.status_code == 503


def test_streams_that_begin_at_once_are_not_more_than_others(store: Store) -> None:
    """Of those that were let in before one of them was counted, one too many ends, and comes again later."""
    stream = LiveStream(store.history, most=1)
    request = Request({"type": "http", "method": "GET", "path": "/live", "headers": []})

    async def begin() -> tuple[Sequence[object], Sequence[object]]:
        answers = [cast("StreamingResponse", stream.answer(request)) for _ in range(2)]
        first, second = (answer.body_iterator for answer in answers)
        begun = [await anext(aiter(first))]
        refused = [part async for part in second]
        await cast("AsyncGenerator[str]", first).aclose()
        return begun, refused

    begun, refused = asyncio.run(begin())

    assert begun == ["retry: 3000\n\n"]
    assert refused == ["retry: 30000\n\n"]


class Away:
    """A history that cannot be read while it is away."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_away = False
        self.refused = 0

    def changes_since(self, mark: str) -> StoredChanges:
        if self.is_away:
            self.refused += 1
            raise StoreError("the disk is gone", slug="store-unreachable")
        return self._store.history.changes_since(mark)

    def bell(self) -> None:
        """Say that nothing rings."""


def test_a_store_that_is_away_ends_no_stream(store: Store) -> None:
    """What changed meanwhile is told when it is back."""
    away = Away(store)
    stream = LiveStream(away, look_s=0.01)
    with served(stream) as address, reading(address) as lines:
        until(lambda: bool(stream.mark))
        away.is_away = True
        until(lambda: away.refused > 1)
        record(store, B)
        away.is_away = False

        assert json.loads(fields(lines)["data"])["checks"] == [B]


def test_while_somebody_reads_pages_are_marked_by_what_readers_were_told(store: Store) -> None:
    """So that a page is rendered once for all of them, however much is stored between two looks."""
    stream = LiveStream(store.history, look_s=3_600.0)
    before = stream.present_mark()
    with served(stream) as address, reading(address):
        until(lambda: bool(stream.mark))
        record(store, B)
        during = stream.present_mark()
    until(lambda: stream.present_mark() != before)

    assert before == during
