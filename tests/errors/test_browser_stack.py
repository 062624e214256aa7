"""Stacks of browsers are read as they are written, and any text is read without harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.errors import browser_frames

APP = "https://shop.test/app.js"
CHROMIUM = f"""TypeError: bad
    at first (x:1:2)
    at pay ({APP}?v=1#top:10:5)
    at async Cart.total [as sum] ({APP}:20:6)
    at new Form ({APP}:21:1)
    at Array.map (<anonymous>)
    at async Promise.all (index 0)
    at eval (eval at load ({APP}:30:7), <anonymous>:1:1)
    at https://cdn.test/node_modules/@scope/lib.js:40:8"""
FIREFOX = f"""pay@{APP}?v=1:10:5
async*total@{APP}:20:6
run@{APP} line 30 > eval:1:1
@https://cdn.test/node_modules/@scope/lib.js:40:8
"""
WEBKIT = f"pay@{APP}:10:5\nmap@[native code]\nglobal code@{APP}:20:6"


@pytest.mark.parametrize(
    ("stack", "calls"),
    [
        (
            CHROMIUM,
            [
                ("", "https://cdn.test/node_modules/@scope/lib.js", 40, 8, False),
                ("eval", APP, 30, 7, True),
                ("Promise.all", "<anonymous>", 0, 0, False),
                ("Array.map", "<anonymous>", 0, 0, False),
                ("new Form", APP, 21, 1, True),
                ("Cart.total", APP, 20, 6, True),
                ("pay", APP, 10, 5, True),
            ],
        ),
        (
            FIREFOX,
            [
                ("", "https://cdn.test/node_modules/@scope/lib.js", 40, 8, False),
                ("run", APP, 30, 0, True),
                ("total", APP, 20, 6, True),
                ("pay", APP, 10, 5, True),
            ],
        ),
        (WEBKIT, [("global code", APP, 20, 6, True), ("map", "[native code]", 0, 0, False), ("pay", APP, 10, 5, True)]),
    ],
)
def test_stacks_of_browsers_are_read(stack: str, calls: list[tuple[object, ...]]) -> None:
    """The outermost call comes first, addresses lose their query, and what is no call of a script is passed over."""
    frames = browser_frames(stack)

    assert [(own.function, own.path, own.line, own.column, own.in_app) for own in frames] == calls


def test_a_message_that_looks_like_a_call_is_none() -> None:
    """Chromium writes the message before the calls."""
    message = f"Error: no stock\n    at home ({APP}:1:1)"

    frames = browser_frames(f"{message}\n    at pay ({APP}:2:3)", message)

    assert [own.function for own in frames] == ["pay"]


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z_$][\w$]{0,20}", fullmatch=True), st.integers(1, 10**9 - 1), st.integers(1, 999)
        ),
        max_size=9,
    ),
    st.booleans(),
)
def test_what_is_written_is_read(calls: list[tuple[str, int, int]], is_chromium: bool) -> None:
    """In both forms, in the opposite order."""
    form = "    at {} ({}:{}:{})" if is_chromium else "{}@{}:{}:{}"
    stack = "\n".join(form.format(function, APP, line, column) for function, line, column in calls)

    frames = browser_frames(stack)

    assert [(own.function, own.line, own.column) for own in reversed(frames)] == calls


@given(
    st.lists(
        st.sampled_from(
            ["at ", "@", "(", ")", ":", " (", "eval at ", " > ", " line ", "://", "1", "\0", "\ud800", "é", "\n"]
        )
    )
)
def test_any_text_is_read(parts: list[str]) -> None:
    """Pieces of stacks in any order give frames that have a place."""
    for frame in browser_frames("".join(parts)):
        assert frame.path
        assert frame.line or not frame.in_app


@pytest.mark.parametrize(
    ("stack", "count"),
    [
        (f"at f ({APP}:{'9' * 5_000}:1)", 0),
        (f"at {'f' * 1_000_000} ({APP}:1:1)", 0),
        ("at " + "(" * 1_000_000, 0),
        (":1" * 1_000_000, 0),
        (f"at f ({APP}:1:1)\n" * 100_000, 250),
    ],
)
def test_a_stack_beyond_all_bounds_is_bounded(stack: str, count: int) -> None:
    """Numbers, lines, names and depth have a limit each."""
    assert len(browser_frames(stack)) == count
