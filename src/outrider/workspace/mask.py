"""Hiding secrets in whatever a run leaves behind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, NoReturn

from outrider.workspace.secret_forms import AnyText, Form, data_forms, text_forms
from outrider.workspace.secrets import SHORTEST_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import IO

    from outrider.workspace.secrets import Secrets

_CHUNK_BYTES: Final = 1 << 20
_LONG_LINE: Final = 16
_LONG_NUMBER: Final = 6


class Mask:
    """Replaces secrets by `***` in every form that `outrider.workspace.secret_forms` knows.

    A pure value: `learn` returns another one. Literals below four characters are skipped; long lines of a literal of
    several lines are literals too. Where occurrences overlap, one cover hides them all.
    """

    __slots__ = ("_data_searches", "_literals", "_text_searches")

    def __init__(self, literals: Iterable[str] = ()) -> None:
        self._literals = _worth_hiding(literals)
        longest_first = sorted(self._literals, key=lambda literal: (-len(literal), literal))
        self._text_searches = [_Search(form) for literal in longest_first for form in text_forms(literal)]
        self._data_searches = [_Search(form) for literal in longest_first for form in data_forms(literal)]

    @classmethod
    def of(cls, secrets: Secrets, learned: Iterable[str] = ()) -> Mask:
        """Return the mask of the declared secrets and of literals learned during a run."""
        return cls((*(secret.reveal() for secret in secrets.by_name.values()), *learned))

    def learn(self, *literals: str) -> Mask:
        """Return a mask that also hides `literals`, such as passwords typed during a run."""
        new = _worth_hiding(literals) - self._literals
        return Mask(self._literals | new) if new else self

    def __bool__(self) -> bool:
        """Return whether there is anything to hide."""
        return bool(self._literals)

    def __repr__(self) -> str:
        return f"<Mask of {len(self._literals)} literals>"

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError("a Mask holds secrets and is not pickled")

    def text(self, text: str) -> str:
        """Return `text` without secrets, and the very same object if there are none."""
        return _covered(text, _spans(text, self._text_searches))

    def data(self, data: bytes) -> bytes:
        """Return `data` without secrets, and the very same object if there are none."""
        return _covered(data, _spans(data, self._data_searches))

    def find(self, text: str) -> list[tuple[int, int]]:
        """Return where secrets start and end, in order and apart."""
        return [(span.start, span.end) for span in _spans(text, self._text_searches)]

    def number(self, token: str) -> bool:
        """Return whether a number, as written, is a secret; a short one may stand within a longer number by chance."""
        return any(token == secret or (len(secret) >= _LONG_NUMBER and secret in token) for secret in self._literals)

    def stream(self, reader: IO[bytes], writer: IO[bytes]) -> bool:
        """Copy `reader` to `writer` as `data` would mask it, in bounded memory; return whether there was a secret."""
        overlap = max((search.form.longest for search in self._data_searches), default=0)
        has_secret = False
        held = b""
        while chunk := reader.read(_CHUNK_BYTES):
            held += chunk
            spans = _spans(held, self._data_searches)
            cut = _safe_cut(spans, len(held) - overlap)
            done = [span for span in spans if span.end <= cut]
            has_secret = has_secret or bool(done)
            writer.write(_covered(held[:cut], done))
            held = held[cut:]
        rest = self.data(held)
        writer.write(rest)
        return has_secret or rest is not held


def _worth_hiding(literals: Iterable[str]) -> frozenset[str]:
    given = frozenset(literals)
    lines = {line for literal in given for line in literal.splitlines() if len(line) >= _LONG_LINE}
    return frozenset(literal for literal in given | lines if len(literal) >= SHORTEST_SECRET)


@dataclass(slots=True)
class _Span(Generic[AnyText]):
    """An occurrence, or several that overlap."""

    start: int
    end: int
    cover: AnyText


@dataclass(slots=True)
class _Search(Generic[AnyText]):
    """Finds one form; the pattern is compiled when its anchor is first seen, which for most is never."""

    form: Form[AnyText]
    compiled: re.Pattern[AnyText] | None = None

    def spans(self, haystack: AnyText) -> Iterator[_Span[AnyText]]:
        """Yield where the form stands in a text that holds its anchor."""
        if self.compiled is None:
            self.compiled = re.compile(self.form.pattern)
        leading = self.form.leading
        for match in self.compiled.finditer(haystack):
            start = match.start()
            while leading is not None and start > 0 and haystack[start - 1 : start] == leading:
                start -= 1
            yield _Span(start, match.end(), self.form.cover)


def _spans(haystack: AnyText, searches: Sequence[_Search[AnyText]]) -> list[_Span[AnyText]]:
    """Return where anything stands, in order, with overlapping occurrences as one."""
    present: dict[AnyText, bool] = {}  # many forms, of all secrets, share an anchor
    spans: list[_Span[AnyText]] = []
    for search in searches:
        anchor = search.form.anchor
        if anchor not in present:
            present[anchor] = anchor in haystack
        if present[anchor]:
            spans += search.spans(haystack)
    merged: list[_Span[AnyText]] = []
    for span in sorted(spans, key=lambda span: span.start):
        if merged and span.start < merged[-1].end:
            merged[-1].end = max(merged[-1].end, span.end)
        else:
            merged.append(span)
    return merged


def _covered(text: AnyText, spans: Sequence[_Span[AnyText]]) -> AnyText:
    if not spans:
        return text
    pieces: list[AnyText] = []
    at = 0
    for span in spans:
        pieces.append(text[at : span.start])
        pieces.append(span.cover)
        at = span.end
    pieces.append(text[at:])
    return text[:0].join(pieces)


def _safe_cut(spans: Sequence[_Span[bytes]], wanted: int) -> int:
    """Return the last place up to `wanted` that splits no occurrence."""
    cut = max(wanted, 0)
    return next((span.start for span in spans if span.start < cut < span.end), cut)
