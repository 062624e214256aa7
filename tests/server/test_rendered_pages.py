"""Pages that were rendered a moment ago."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier, Event

import pytest
from starlette.requests import Request

from outrider.server.rendered_pages import RenderedPages

LONG = "<p>all is well</p>" * 500


def request(**headers: str) -> Request:
    fields = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": fields})


class Rendering:
    """Pages on a clock of their own, and how often they were made."""

    def __init__(self) -> None:
        self.now_s = 10.0
        self.mark = "1"
        self.pages = RenderedPages(lambda: self.mark, lambda: self.now_s)
        self.made: list[str] = []

    def make(self) -> str:
        self.made.append(LONG)
        return LONG


def test_a_page_is_made_once_for_all_until_the_store_changes_or_two_seconds_have_passed() -> None:
    """What does not come from the store, such as the queue, is not older than that."""
    scene = Rendering()

    counts = []
    for key, mark, seconds in [("/", "1", 0), ("/", "1", 1.9), ("/x", "1", 0), ("/", "2", 0), ("/", "2", 2.1)]:
        scene.now_s += seconds
        scene.mark = mark
        scene.pages.read(key, scene.make)
        counts.append(len(scene.made))

    assert counts == [1, 1, 2, 3, 4]


def test_whoever_asks_while_a_page_is_made_waits_for_it() -> None:
    """A hundred dashboards that hear of one change cause one rendering."""
    scene = Rendering()
    all_ask, is_made = Barrier(9), Event()
    pages = RenderedPages(map(str, count()).__next__, lambda: scene.now_s)

    def ask(*, is_first: bool) -> bytes:
        def make() -> str:
            is_made.wait(30)
            return scene.make()

        all_ask.wait(30)
        if is_first:
            is_made.set()
        return pages.read("/", make).content

    with ThreadPoolExecutor(9) as threads:
        answers = list(threads.map(lambda number: ask(is_first=not number), range(9)))

    assert len(scene.made) == 1
    assert set(answers) == {LONG.encode()}


def test_an_error_is_nobody_elses() -> None:
    """The next who asks has the page made."""
    scene = Rendering()

    def fail() -> str:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it has no message
        scene.pages.read("/", fail)

    assert scene.pages.read("/", scene.make).content == LONG.encode()


def test_pages_that_nobody_asks_for_again_are_forgotten() -> None:
    """Whatever stands in addresses, memory is bounded."""
    scene = Rendering()

    for number in range(1_000):
        scene.pages.read(f"/?q={number}", scene.make)
    scene.pages.read("/?q=0", scene.make)

    assert len(scene.made) == 1_001


def test_an_unchanged_page_is_not_sent_again() -> None:
    """And it is compressed once, for those who can read that."""
    page = RenderedPages(str).read("/", lambda: LONG)

    whole, small, same = (page.answer(request(**headers)) for headers in (
        {}, {"accept_encoding": "gzip, br"}, {"if_none_match": f'"x", W/{page.etag}'},
    ))  # fmt: skip

    assert whole.body == LONG.encode()
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(bytes(small.body)) == LONG.encode()
    assert (same.status_code, same.body) == (304, b"")
    assert {answer.headers["etag"] for answer in (whole, small, same)} == {page.etag}
