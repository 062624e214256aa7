"""One person whose data is asked for or erased: how texts that name them are recognised, and what is left of it. Pure.

An identifier stands in a text as it is, percent-encoded or as JSON writes it, and no letter, digit, `_` or `-` touches
it. One of fewer than six characters ("7") would be found everywhere: it counts only as the value of a user's field.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ERASED: Final = "***"
USER_FIELDS: Final = ("user.id", "user.name", "user.email", "user.full_name", "enduser.id", "user_id", "user")
"""Names of attributes and tags whose value is a user, whatever its length."""

_SHORTEST: Final = 6
_LONGEST: Final = 200
_DIGEST_BYTES: Final = 16
_NO_WORD: Final = r"[^0-9A-Za-z_-]"
_FIELDS: Final = "|".join(map(re.escape, USER_FIELDS))
_QUOTE: Final = "[\"']"
_FIELD_NAME: Final = (
    rf"(?:{_QUOTE}(?:{_FIELDS}){_QUOTE}|{_QUOTE}user{_QUOTE}:\s*\{{[^{{}}]*?{_QUOTE}(?:id|email|name|username){_QUOTE})"
)
"""A field as JSON and ClickHouse's maps write it: `"user.id"`, or `id` of an object `user`."""

_VALUE: Final = re.compile(rf"""{_FIELD_NAME}:\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\d+))""")
_STRING: Final = re.compile(r'"((?:[^"\\]|\\.){6,400})"')
_TOKEN: Final = re.compile(r"[\w.@+%-]{6,400}", re.ASCII)


class IdentifierKind(StrEnum):
    """What an identifier is of."""

    USER = "user"
    EMAIL = "email"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Identifier:
    """What tells a person from others.

    Attributes:
        value: As somebody typed it, or as a record has it; of an address of mail the case does not count.
    """

    kind: IdentifierKind
    value: str

    @property
    def spellings(self) -> frozenset[str]:
        """How records may have it: a session with dashes and without."""
        value = self.value.strip()
        if self.kind is not IdentifierKind.SESSION:
            return frozenset({value})
        plain = value.replace("-", "").lower()
        if len(plain) != 32 or re.search(r"[^0-9a-f]", plain):
            return frozenset({value})
        dashed = "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
        return frozenset({value, plain, dashed})


class Person:
    """Recognises one person in texts.

    Args:
        identifiers: At least one that is not empty.
        digests: What else stands for them in records, such as digests of their name.

    Attributes:
        pattern: Of RE2 and Python, for texts that name them; it also matches what stands directly around.
    """

    def __init__(self, identifiers: Iterable[Identifier], digests: Iterable[str] = ()) -> None:
        self.identifiers = tuple(dict.fromkeys(identifiers))
        self.digests = frozenset(digests)
        values = {(value, own.kind) for own in self.identifiers for value in own.spellings if value}
        values |= {(digest, IdentifierKind.USER) for digest in self.digests}
        if not values:
            raise ValueError("a person has at least one identifier")
        self.values = frozenset(value for value, _ in values)
        wide = sorted({_form(value, kind) for value, kind in values if len(value) >= _SHORTEST})
        fields = sorted({_form(value, kind) for value, kind in values})
        named = f"{_QUOTE}?(?:{'|'.join(fields)}){_QUOTE}?(?:[,}}\\s]|$)"
        parts = [rf"(?:{_FIELD_NAME}):\s*{named}"]
        self._word = re.compile(rf"(?<![0-9A-Za-z_-])(?:{'|'.join(wide)})(?![0-9A-Za-z_-])") if wide else None
        if wide:
            parts.insert(0, rf"(?:^|{_NO_WORD})(?:{'|'.join(wide)})(?:$|{_NO_WORD})")
        self.pattern = "|".join(parts)
        self._pattern = re.compile(self.pattern)
        self._bytes = re.compile(self.pattern.encode())

    @property
    def long_forms(self) -> frozenset[str]:
        """How texts may write the identifiers of six characters or more."""
        return frozenset(form for value in self.values if len(value) >= _SHORTEST for form in _forms(value))

    @property
    def sessions(self) -> frozenset[str]:
        """Their sessions, as records have them."""
        kinds = (own for own in self.identifiers if own.kind is IdentifierKind.SESSION)
        return frozenset(value for own in kinds for value in own.spellings)

    def widened(self, identifiers: Iterable[Identifier]) -> Person:
        """Return the same person, of whom more identifiers are known."""
        return Person((*self.identifiers, *identifiers), self.digests)

    def is_named_in(self, text: str | bytes) -> bool:
        """Return whether a text names them."""
        return (self._pattern if isinstance(text, str) else self._bytes).search(text) is not None  # type: ignore[arg-type]

    def is_value(self, text: str) -> bool:
        """Return whether a text is one of their identifiers, and nothing else."""
        return text in self.values or text.casefold() in {value.casefold() for value in self.values if "@" in value}

    def masked(self, text: str) -> str:
        """Return a text with stars in the place of each identifier of six characters or more."""
        return self._word.sub(ERASED, text) if self._word is not None else text

    def starred(self, content: bytes) -> bytes:
        """Return a content in which each long identifier is stars, as many as it has bytes."""
        if self._word is None:
            return content
        word = re.compile(self._word.pattern.encode())
        return word.sub(lambda match: b"*" * len(match[0]), content)


def _form(value: str, kind: IdentifierKind) -> str:
    pattern = "|".join(sorted(map(re.escape, _forms(value))))
    return f"(?i:{pattern})" if kind is IdentifierKind.EMAIL or "@" in value else pattern


def _forms(value: str) -> set[str]:
    return {value, quote(value, safe=""), quote(value), json.dumps(value)[1:-1]}


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What remembers that an identifier was erased, and does not say which it was.

    Attributes:
        digest: Keyed, in hexadecimal: without the key nobody can try names.
        length: Characters of the identifier, so that few texts have to be digested.
        key: The beginning of a digest of the key: with another one nothing can be recognised.
    """

    at_us: int
    kind: IdentifierKind
    digest: str
    length: int
    key: str


class Tombstones:
    """Recognises in texts what was erased, by digests alone.

    Args:
        stones: Those of other keys count for nothing.
        key: The secret that they are made with.
    """

    def __init__(self, stones: Sequence[Tombstone], key: bytes) -> None:
        self._key = key
        self.own = tuple(own for own in stones if own.key == key_name(key))
        self._kinds = {own.digest: own.kind for own in self.own}
        self.lengths = frozenset(own.length for own in self.own)

    def __bool__(self) -> bool:
        return bool(self._kinds)

    def made(self, person: Person, at_us: int) -> tuple[Tombstone, ...]:
        """Return those of a person's identifiers, and of what else stands for them."""
        named = {(value, own.kind) for own in person.identifiers for value in own.spellings}
        named |= {(digest, IdentifierKind.USER) for digest in person.digests}
        return tuple(
            Tombstone(at_us, kind, self._digest(value), len(value), key_name(self._key))
            for value, kind in sorted(named)
        )

    def matches(self, text: str) -> bool:
        """Return whether a record, as JSON, names somebody who was erased."""
        return bool(self._kinds) and next(self._recognised(text), None) is not None

    def recognised(self, text: str) -> frozenset[Identifier]:
        """Return the erased identifiers that stand in a text."""
        return frozenset(self._recognised(text))

    def _recognised(self, text: str) -> Iterator[Identifier]:
        for value in _candidates(text):
            if len(value) in self.lengths and (kind := self._kinds.get(self._digest(value))) is not None:
                yield Identifier(kind, value)

    def _digest(self, value: str) -> str:
        text = value.casefold() if "@" in value else value
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES, key=self._key).hexdigest()


def key_name(key: bytes) -> str:
    """Return what tells a key from others, and says nothing of it."""
    return blake2b(b"tombstones", digest_size=8, key=key).hexdigest()


def _candidates(text: str) -> Iterator[str]:
    """Yield what could be an identifier: values of users' fields, whole values, and words of texts."""
    for match in _VALUE.finditer(text):
        yield _unescaped(match[1] or match[2] or match[3] or "")
    for match in _STRING.finditer(text):
        if len(match[1]) <= _LONGEST:
            yield _unescaped(match[1])
    for match in _TOKEN.finditer(text):
        word = match[0].strip(".%+")
        yield word
        if "%" in word:
            yield unquote(word)
        if "." in word:
            yield from (part for part in word.split(".") if len(part) >= _SHORTEST)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text
