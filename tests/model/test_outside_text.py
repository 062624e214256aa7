"""Text from outside is storable and printable, whatever it holds."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model import bounded, printable, printable_json, spreadsheet_cell, tail

ANY_TEXT = st.text(st.characters(codec=None))
LEAVES = st.none() | st.integers() | ANY_TEXT
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner))
BIDIRECTIONAL = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.slow
def test_no_code_point_reaches_a_terminal_that_it_would_obey() -> None:
    """All 1,114,112 of them: the result encodes, is one line, and turns no text around."""
    shown = printable("".join(f"<{chr(code)}>" for code in range(0x110000) if chr(code) != "\n"))

    assert shown.encode().decode() == shown
    assert shown.splitlines() == [shown]
    assert {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"} == {"Cc"}
    assert {character for character in shown if unicodedata.category(character) == "Cc"} == {"\t"}
    assert {unicodedata.bidirectional(character) for character in shown}.isdisjoint(BIDIRECTIONAL)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\ud800bad", "\\ud800bad"),
        ("a\0b", "a\\x00b"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x9b31mred", "\\x9b31mred"),
        ("if admin\u202e", "if admin\\u202e"),
        ("one\u2028two", "one\\u2028two"),
        ("over\rwritten", "over\\x0dwritten"),
        ("windows\r\nlines\n", "windows\nlines\n"),
        ("\U0001fffe", "\\U0001fffe"),
        ("tab\tstays, 日本語, عربى, 👩‍👧 too", "tab\tstays, 日本語, عربى, 👩‍👧 too"),
    ],
)
def test_what_cannot_be_shown_becomes_an_escape(text: str, shown: str) -> None:
    """Scripts that are written from right to left, and joined emoji, stay as they are."""
    assert printable(text) == shown


@given(ANY_TEXT)
def test_doing_it_twice_changes_nothing(text: str) -> None:
    """What passes several boundaries is the same as after the first, and the very same object."""
    once = printable(text)

    assert printable(once) is once


@pytest.mark.parametrize(
    ("text", "shown"), [("short", "short"), ("a long log", "… [5 characters before this are left out]\ng log")]
)
def test_the_end_of_a_log_says_what_is_before_it(text: str, shown: str) -> None:
    """A reader of the end knows that there was a beginning."""
    assert tail(text, 5) == shown


@given(ANY_TEXT, st.integers(40, 60))
def test_a_long_text_is_cut_with_its_length(text: str, characters: int) -> None:
    """The mark tells how much was there."""
    cut = bounded(text * 5, characters)

    assert len(text * 5) <= characters or cut.endswith(f"… [cut: {len(text * 5)} characters]")


@pytest.mark.slow
@given(
    st.recursive(st.none() | st.integers() | ANY_TEXT, lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner))
)
def test_json_is_printable_in_keys_and_values(value: object) -> None:
    """Its escapes can stand for anything that text from outside can hold."""
    shown = printable_json(json.loads(json.dumps(value)))

    assert json.dumps(shown, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        ("+A1", "'+A1"), ("\t=1", "'\t=1"), ("\uff1d1", "'\uff1d1"), ("-", "'-"),
        ("+310 ms", "+310 ms"), ("-3.5 %", "-3.5 %"), ("+1", "+1"), ("-1,234.5", "-1,234.5"),
        ("a=1", "a=1"), ("", ""), (-3.5, -3.5), (None, None),
    ],
)  # fmt: skip
def test_a_spreadsheet_computes_nothing(value: object, cell: object) -> None:
    """An apostrophe makes a formula a text; signed numbers stay, since they do nothing."""
    assert spreadsheet_cell(value) == cell
