r"""Credentials that nobody declared, found in any text or document by what stands around them.

One standard for journeys, probes and loads:

    https://user:password@host            what stands before the @ of an address
    ?token=…  &access_token=…  password=… values by name, in addresses, forms and logs
    "password": "…"  'api_key': '…'       values by name in JSON, also within JSON in JSON, and in what Python prints
    Authorization: …  Set-Cookie: …       the rest of the line after the name of such a header
    password = "…"  token: …              values by name in settings and logs; without quotes if a digit is in them
    <password>…</password>                values of elements
    Bearer …  eyJ….….…                   tokens (RFC 6750) and JSON Web Tokens (RFC 7519, 7516)
    -----BEGIN PRIVATE KEY-----           what stands between the lines of a key (RFC 7468)

A name counts if it ends with such a word, whatever stands before it: `client_secret`, `csrfToken`, `newPassword`. Words
are searched for first, and patterns tried only there: most text is passed over at the speed of a memory search.
JSON stays valid: quotes around a value stay, and a number becomes a text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN: Final = b"***"

_ANCHORS = (
    b"pass", b"pwd", b"secret", b"token", b"key", b"sess", b"sig", b"cred", b"auth", b"cookie", b"otp", b"pin", b"cvv",
    b"cvc", b"bearer", b"eyj", b"@",
)  # fmt: skip
"""In every credential stands one of these, in lower case."""

_TAILS = {
    b"pass": rb"(?:word|wd|phrase|code|)", b"sess": rb"(?:ion)?[_-]?id", b"sig": rb"(?:nature)?", b"cred": rb"entials?",
    b"auth": rb"(?:orization|entication|[_-]key)?",
}  # fmt: skip
_WHOLE_NAMES = frozenset({b"pass", b"sig", b"auth", b"otp", b"pin", b"cvv", b"cvc"})
"""Words that count as a whole name only, since they are parts of others."""

_KEYS = (b"api", b"access", b"private", b"secret", b"shared", b"auth")
"""What a key is a key to; a key on the keyboard is none."""

_HEADERS = frozenset(
    {
        b"authorization", b"proxy-authorization", b"cookie", b"set-cookie", b"x-api-key", b"api-key", b"x-auth-token",
        b"x-access-token", b"x-amz-security-token", b"x-csrf-token", b"x-xsrf-token",
    }
)  # fmt: skip
_NAME_END = rb"(?:[0-9]{1,2}|_?value|_?again|_?confirm(?:ation)?|\])?(?=[\"'\\=:%>]|[ \t]{1,4}=)"
_NAMES = {
    anchor: re.compile(b"(" + re.escape(anchor) + _TAILS.get(anchor, b"") + b")" + _NAME_END) for anchor in _ANCHORS
}
_NAME_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-.[")
_ASSIGNED = re.compile(rb"(?:=|%(?:25)?3[dD])((?:(?!%(?:25)?26)[^\s&;,\"'<>\\#()])+)")
_QUOTED = re.compile(rb"(\\*[\"'])\s{0,20}(:|=>|,)\s{0,20}(\\*[\"']value\\*[\"']\s{0,20}:\s{0,20})?")
_OPENING = re.compile(rb"b?(\\*)([\"'])")
_NUMBER = re.compile(rb"-?[0-9][0-9.eE+-]*+(?=\s*(?:[,}\]]|\\|\Z))")
_HEADER_LINE = re.compile(rb"\s{0,5}:[ \t]*((?:\\[^nr]|=\"[^\"\r\n]*\"|[^\r\n\"\\])+)")
_QUOTED_ASSIGNMENT = re.compile(rb"[ \t]{0,4}=[ \t]{0,4}(?=\\*[\"'](?!\$\{))")  # a variable is none
_SPACED = re.compile(rb"(?:[ \t]{1,4}=[ \t]{1,4}|:[ \t]{1,4})((?=[^\s,;\"'<>]*[0-9])[^\s,;\"'<>{}\[\]()\\]{6,})")
_ELEMENT = re.compile(rb">([^<>]{1,4000})</")
_PRIVATE_KEY = re.compile(rb"(?<=private )key-----([^-]{20,20000})-----end", re.IGNORECASE)
_BEARER = re.compile(rb"bearer(?:\s|%20|\+){1,3}((?=[\w.~+/-]*[0-9])[\w.~+/-]{8,}=*)", re.IGNORECASE)
_JWT = re.compile(rb"eyJ[\w-]{5,}\.[\w-]*\.[\w-]*(?:\.[\w-]+){0,2}")
_USER = re.compile(rb"[^\s/?#\"'<>\\]*@")
_LONGEST_USER = 500
_LONGEST_NAME = 80

Span = tuple[int, int, bytes]


def hide_in_text(text: str) -> str:
    """Return `text` without credentials, and the very same object if there are none."""
    lowered = text.lower()
    if not any(anchor in lowered for anchor in _TEXT_ANCHORS):
        return text
    data = text.encode("utf-8", "surrogatepass")
    hidden = hide_in_data(data)
    return text if hidden is data else hidden.decode("utf-8", "surrogatepass")


def hide_in_data(data: bytes) -> bytes:
    """Return UTF-8 without credentials, and the very same object if there are none; what was JSON stays JSON."""
    pieces: list[bytes] = []
    done = 0
    for start, end, cover in sorted(_spans(data)):
        if start < done:
            continue
        pieces += [data[done:start], cover]
        done = end
    if not pieces:
        return data
    pieces.append(data[done:])
    return b"".join(pieces)


_TEXT_ANCHORS = tuple(anchor.decode() for anchor in _ANCHORS)


def _spans(data: bytes) -> Iterator[Span]:
    """Yield what to cover, and with what, in no order; what is covered already is passed over."""
    lowered = data.lower()
    for anchor in _ANCHORS:
        at = lowered.find(anchor)
        while at >= 0:
            span = _at(data, lowered, anchor, at)
            if span is not None and data[span[0] : span[1]] not in {HIDDEN, b""}:
                yield span
            at = lowered.find(anchor, at + len(anchor) if span is None else max(span[1], at + len(anchor)))


def _at(data: bytes, lowered: bytes, anchor: bytes, at: int) -> Span | None:
    if anchor == b"@":
        return _user(data, at)
    if anchor == b"eyj":
        return _whole(_JWT.match(data, at), 0)
    if anchor == b"bearer":
        return _whole(_BEARER.match(data, at), 1)
    if anchor == b"key" and (private := _PRIVATE_KEY.match(data, at)) is not None:
        return _whole(private, 1)
    return _by_name(data, lowered, anchor, at)


def _user(data: bytes, at: int) -> Span | None:
    """Return what stands before the last @ of an address, of which one stands at `at`."""
    begin = data.rfind(b"/", max(0, at - _LONGEST_USER), at) + 1
    if begin == 0 or not data[max(0, begin - 5) : begin].endswith((b"://", b":\\/\\/")):
        return None
    user = _USER.match(data, begin)
    return None if user is None else (begin, user.end() - 1, HIDDEN)


def _whole(match: re.Match[bytes] | None, group: int) -> Span | None:
    return None if match is None else (*match.span(group), HIDDEN)


def _by_name(data: bytes, lowered: bytes, word: bytes, at: int) -> Span | None:
    """Return the value of a name that ends with what begins as `word`."""
    match = _NAMES[word].match(lowered, at)
    if match is None:
        return None
    begin, end = _begin_of_name(lowered, at), match.end()
    name, core = lowered[begin:end].strip(b"[]."), match[1]
    if core == b"key" and not lowered[begin:at].rstrip(b"_-").endswith(_KEYS):
        return None
    if core in _WHOLE_NAMES and name != core:
        return None
    return _value(data, end, is_header=name in _HEADERS)


def _value(data: bytes, at: int, *, is_header: bool) -> Span | None:
    """Return the value of a credential's name that ends there: assigned, in quotes, or the rest of a header's line."""
    if (assigned := _ASSIGNED.match(data, at)) is not None:
        return _whole(assigned, 1)
    if is_header and (line := _HEADER_LINE.match(data, at)) is not None:
        return (line.start(1), line.start(1) + len(line[1].rstrip()), HIDDEN)
    if (assigned := _QUOTED_ASSIGNMENT.match(data, at)) is not None:
        return _quoted_value(data, assigned.end(), b'"')
    if (spaced := _SPACED.match(data, at) or _ELEMENT.match(data, at)) is not None:
        return _whole(spaced, 1)
    quoted = _QUOTED.match(data, at)
    if quoted is None or (quoted[2] == b"," and not (quoted[3] or is_header)):
        return None
    return _quoted_value(data, quoted.end(), quoted[1])


def _begin_of_name(lowered: bytes, at: int) -> int:
    least = max(0, at - _LONGEST_NAME)
    while at > least and lowered[at - 1] in _NAME_BYTES:
        at -= 1
    return at


def _quoted_value(data: bytes, at: int, quote: bytes) -> Span | None:
    """Return the value that begins there: what stands between quotes; a number gets those of its name."""
    opening = _OPENING.match(data, at)
    if opening is None:
        number = _NUMBER.match(data, at)
        return None if number is None else (*number.span(), quote + HIDDEN + quote)
    end = _closing(data, opening)
    return None if end is None else (opening.end(), end, HIDDEN)


def _closing(data: bytes, opening: re.Match[bytes]) -> int | None:
    """Return where the quotes close, before their backslashes; None if they do not."""
    depth, quote = _depth(len(opening[1])), opening[2]
    at = data.find(quote, opening.end())
    while at >= 0:
        slashes = _slashes_before(data, at, opening.end())
        if _closes(slashes, depth):
            return at - min(slashes, len(opening[1]))
        at = data.find(quote, at + 1)
    return None


def _slashes_before(data: bytes, at: int, begin: int) -> int:
    start = at
    while start > begin and data[start - 1] == 0x5C:
        start -= 1
    return at - start


def _depth(slashes: int) -> int:
    """Return within how many JSON texts a quote stands that has so many backslashes: 0, 1, 3, 7 … of them."""
    return (slashes + 1).bit_length() - 1


def _closes(slashes: int, depth: int) -> bool:
    """Return whether a quote after so many backslashes ends a text within `depth` JSON texts, or one of those."""
    for _ in range(depth):
        if slashes % 2 == 0:
            return True  # it ends the text around
        slashes = (slashes - 1) // 2
    return slashes % 2 == 0
