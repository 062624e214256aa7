"""What people read is written in plain words and short sentences; `make docs` checks its spelling."""

from __future__ import annotations

import re

import pytest
from tests.cli.documented_commands import ROOT, documents

LONG_WINDED = (
    "aforementioned", "blazing", "commence", "cutting-edge", "e.g.", "easily", "effortlessly", "facilitate",
    "functionality", "i.e.", "in order to", "leverage", "leverages", "leveraging", "myriad", "obviously",
    "of course", "performant",
    "plethora", "powerful", "prior to", "seamless", "seamlessly", "simply", "state-of-the-art",
    "subsequently", "utilise", "utilize",
    "whilst", "with regard to",
)  # fmt: skip
"""Words that say little, or have a plainer one."""
MOST_WORDS = 20
"""Of a sentence, on average over a page."""

_WORDS = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, LONG_WINDED))})(?![\w-])", re.IGNORECASE)
_CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
_SENTENCE_END = re.compile(r"[.!?:;](?:\s|$)|\n\s*\n|\n[-|#]")
PAGES = [*documents(), *sorted((ROOT / "src").rglob("*runbooks/*.md"))]


def long_winded(text: str) -> list[str]:
    """Return the words of a text that say little, or have a plainer one."""
    return [match[0].lower() for match in _WORDS.finditer(_CODE.sub("X", text))]


def words_a_sentence(text: str) -> float:
    """Return how many words the sentences of a text have, on average."""
    counts = [len(sentence.split()) for sentence in _SENTENCE_END.split(_CODE.sub("X", text))]
    return sum(counts) / max(sum(count > 2 for count in counts), 1)


def test_pages_are_written_in_plain_words() -> None:
    """A word of sales or of offices costs its reader time."""
    assert {page.name: words for page in PAGES if (words := long_winded(page.read_text(encoding="utf-8")))} == {}


def test_sentences_are_short() -> None:
    """On average: a list of what something consists of may be long."""
    lengths = {page.name: words_a_sentence(page.read_text(encoding="utf-8")) for page in PAGES}

    assert {page: length for page, length in lengths.items() if length > MOST_WORDS} == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Simply leverage it, e.g. for probes.", ["simply", "leverage", "e.g."]),
        ("Write it in order to see.", ["in order to"]),
        ("The code `simply` stays, and `in order to`.", []),
        ("An order of power: a simple, easy use.", []),
    ],
)
def test_the_search_for_long_winded_words_finds_them(text: str, words: list[str]) -> None:
    """A search that finds nothing must not be one that cannot find."""
    assert long_winded(text) == words


def test_a_long_sentence_is_noticed() -> None:
    """The same words count less with full stops between them."""
    assert words_a_sentence("word " * 60 + ".") > MOST_WORDS
    assert words_a_sentence("ten words that end by a full stop, as here. " * 6) < MOST_WORDS
