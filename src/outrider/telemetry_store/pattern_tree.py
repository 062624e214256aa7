"""Patterns of log lines: lines that differ in a few words are one, after Drain (He et al., 2017, 10.1109/ICWS.2017.13).

The engine masks numbers and identifiers first (`TEMPLATE`); what is added here are those templates, so that a million
lines are some hundred.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from outrider.model import LogPattern

ANY: Final = "*"
MOST_TEMPLATES: Final = 5_000
_MOST_PATTERNS: Final = 500
_OTHERS: Final = "other patterns"
_LIKENESS: Final = 0.6
"""Share of words that two lines of one pattern have in common, at least: of two words both, of three two."""

_MOST_WORDS: Final = 60
_CHARACTERS: Final = 400
_MASKED: Final = (
    r"0[xX][0-9a-fA-F]+|\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22,27}\b|\b[0-9a-f]{12,}\b|\b[0-9A-F]{12,}\b"
    r"|[0-9]+(?:[.,:_/T-]?[0-9]+)*"
)
TEMPLATE: Final = f"replaceRegexpAll(trim(extract(Body, '^[^\\n]{{0,{_CHARACTERS}}}')), '{_MASKED}', '{ANY}')".replace(
    "\\", "\\\\"
)
"""A record's first line with `*` in the place of numbers and identifiers, in ClickHouse's SQL."""


@dataclass(slots=True)
class PatternNode:
    """A pattern: its words, `*` where lines differ.

    Attributes:
        first: Its first line, which names it whatever it becomes.
    """

    words: list[str]
    first: str

    @property
    def text(self) -> str:
        """The pattern as one line."""
        return " ".join(self.words)


class PatternTree:
    """Finds the pattern of a template, and makes one where none is like it.

    Args:
        most: So many patterns at most; later templates that are like none of them have none.
        known: Pairs of text and first line of patterns that are known already.
    """

    def __init__(self, most: int, known: tuple[tuple[str, str], ...] = ()) -> None:
        self._most = most
        self._nodes: dict[tuple[int, str], list[PatternNode]] = {}
        self.size = 0
        for text, first in known:
            self._put(text.split(" "), first)

    def nodes(self) -> Iterator[PatternNode]:
        """Yield all patterns."""
        for place in self._nodes.values():
            yield from place

    def find(self, template: str) -> PatternNode | None:
        """Return the pattern of a template; None if there are too many already."""
        words = template.split()[:_MOST_WORDS] or [""]
        best, likeness = None, 0.0
        for node in self._nodes.get(_place(words), ()):
            same = sum(known == word for known, word in zip(node.words, words, strict=True)) / len(words)
            if same > likeness:
                best, likeness = node, same
        if best is not None and likeness >= _LIKENESS:
            best.words = [known if known == word else ANY for known, word in zip(best.words, words, strict=True)]
            return best
        return self._put(words, " ".join(words)) if self.size < self._most else None

    def _put(self, words: list[str], first: str) -> PatternNode:
        node = PatternNode(words, first)
        self._nodes.setdefault(_place(words), []).append(node)
        self.size += 1
        return node


def _place(words: list[str]) -> tuple[int, str]:
    """Return what lines of a pattern share: how many words, and the first, unless that differs from line to line."""
    return len(words), ANY if ANY in words[0] else words[0]


def merged_patterns(templates: Iterable[LogPattern]) -> tuple[LogPattern, ...]:
    """Return the patterns of templates, the most frequent first; of a service 500 at most, and what is left as one."""
    trees: defaultdict[str, PatternTree] = defaultdict(lambda: PatternTree(_MOST_PATTERNS))
    merged: dict[tuple[str, str], LogPattern] = {}
    nodes: dict[tuple[str, str], PatternNode] = {}
    for row in templates:
        node = trees[row.service].find(row.text)
        key = (row.service, node.first if node is not None else _OTHERS)
        merged[key] = _both(merged[key], row) if key in merged else replace(row, first=key[1], text=key[1])
        if node is not None:
            nodes[key] = node
    rows = (replace(row, text=nodes[key].text) if key in nodes else row for key, row in merged.items())
    return tuple(sorted(rows, key=lambda row: (-row.count, row.service, row.text)))


def _both(known: LogPattern, row: LogPattern) -> LogPattern:
    return replace(
        known,
        count=known.count + row.count,
        first_ns=min(known.first_ns, row.first_ns),
        last_ns=max(known.last_ns, row.last_ns),
        severity_number=max(known.severity_number, row.severity_number),
    )


def spoken_parts(text: str, most: int = 3) -> tuple[str, ...]:
    """Return the longest parts of a pattern that all of its lines say, in their order."""
    parts: list[str] = []
    words: list[str] = []
    for word in [*text.split(" "), ANY]:
        if ANY not in word:
            words.append(word)
        elif words:
            parts.append(" ".join(words))
            words = []
    chosen = sorted((part for part in parts if any(letter.isalpha() for letter in part)), key=len)[-most:]
    return tuple(part for part in parts if part in chosen)
