r"""Credentials that nobody declared, found in any text or document by what stands around them.

One standard for journeys, probes and loads:

    https://user:password@host            what stands before the @ of an address, also of an encoded one
    ?token=…  &access_token=…  password=… values by name, in addresses, forms and logs
    "password": "…"  'api_key': '…'       values by name in JSON, also within JSON in JSON, and in what Python prints
    "name": "password", "value": "…"      pairs, in either order; the same in attributes of HTML
    Authorization: …  Set-Cookie: …       the rest of the line after the name of such a header
    X-Some-Token: …  api_key: …           a word that is all of a header's or setting's line; a block of YAML
    password = "…"  token: …              values by name in settings and logs; without quotes if a digit is in them
    <Password Type="…">…</Password>       contents of elements; parts of multipart forms
    --password …  AUTH …  LOGIN ada …     options of commands, and commands of Redis, SMTP, IMAP, FTP and SQL
    Bearer …  Basic …  eyJ….….…          tokens (RFC 6750, RFC 7617) and JSON Web Tokens (RFC 7519, 7516)
    ghp_…  glpat-…  xoxb-…  sk_live_…     tokens that are known by their beginning
    -----BEGIN PRIVATE KEY-----           what stands between the lines of a key (RFC 7468)

Names are those of `outrider.workspace.credential_names`. Words are searched for first, and patterns tried only there:
most text is passed over at the speed of a memory search. JSON stays valid.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Final

from outrider.workspace.credential_names import WORDS, name_at
from outrider.workspace.credential_values import HIDDEN, Span, value_of, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PRIVATE_KEY = re.compile(
    rb"(?<=private )key(?: block)?-----(?=[^-]{0,400}?[a-z0-9+/=]{16})"
    rb"((?:[a-z0-9+/=\s]|\\+[rn]|(?:proc-type|dek-info|version|comment):[^\r\n\\]*)+)",
    re.IGNORECASE,
)
_BEARER = re.compile(rb"bearer(?:\s|%20|\+){1,3}((?=[\w.~+/-]*[0-9])[\w.~+/-]{8,}=*|[\w.~+/-]{20,}=*)", re.IGNORECASE)
_BASIC = re.compile(rb"basic(?:\s|%20|\+){1,3}([a-z0-9+/]{6,}(?:=|%3d){0,2})", re.IGNORECASE)
_JWT = re.compile(rb"eyJ[\w-]{5,}\.[\w-]*\.[\w-]*(?:\.[\w-]+){0,2}")
_USER = re.compile(rb"[^\s/?#\"'<>\\]*@")
_USER_WITH_SLASH = re.compile(rb"(?!\[)[^\s/?#\"'<>\\@:]*:(?![0-9]*/)[^\s\"'<>\\@]*@")
_ENCODED_USER = re.compile(rb"(?:(?!%2f|%3f|%23)[^\s/?#&\"'<>\\])*%40", re.IGNORECASE)
_DSN_USER = re.compile(rb"[\w.-]+:([^\s@\"'/]+)@(?:tcp|unix)\(")
_KNOWN = re.compile(
    rb"(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|[rs]k_live_|sg\.|pypi-|aiza)((?=[\w.-]*[0-9])[\w.-]{16,})"
    rb"|npm_([a-z0-9]{30,})|hooks\.slack\.com/services/([\w/-]{8,})|/api/webhooks/([\w/-]{16,})",
    re.IGNORECASE,
)
_CODE = re.compile(rb"[?&]code=([^\s&\"'<>\\#]{20,})")
_CURL_USER = re.compile(rb" (?:-u|--user)[ =][\"']?[^\s:\"'/]+:(?![0-9]+\b)([^\s\"']+)")
_SIGN_IN = re.compile(
    rb"(?:AUTH[ \t]+(?:(?:PLAIN|LOGIN|XOAUTH2|CRAM-MD5|default)[ \t]+)?"
    rb"|(?:[A-Za-z0-9.]{1,20}[ \t]+)?LOGIN[ \t]+\S+[ \t]+)"
    rb"(?:\\*\")?(?!\$\{)([^\s\"'\\]+)(?=[\"'\r\n\\]|\Z)"
)
_PASS_AFTER_USER = re.compile(rb"user[ \t]+\S+?(?:\r?\n|(?:\\+r)?\\+n)pass[ \t]+([^\s\"'\\]+)", re.IGNORECASE)
_IDENTIFIED = re.compile(rb"identified[ \t]+(?:with[ \t]+\S+[ \t]+)?by[ \t]+'([^']+)'", re.IGNORECASE)
_LONGEST_USER = 500


def hide_in_text(text: str) -> str:
    """Return `text` without credentials, and the very same object if there are none."""
    lowered = text.lower()
    for anchor in _TEXT_ANCHORS:  # half the time of `any`, and every text that is stored passes here
        if anchor in lowered:
            break
    else:
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


def _spans(data: bytes) -> Iterator[Span]:
    """Yield what to cover, and with what, in no order; what is covered already is passed over."""
    lowered = data.lower()
    for anchor in _ANCHORS:
        at = lowered.find(anchor)
        while at >= 0:
            span = _at(data, lowered, anchor, at)
            if span is not None and data[span[0] : span[1]] not in {HIDDEN, b"", span[2]}:
                yield span
            at = lowered.find(anchor, at + len(anchor) if span is None else max(span[1], at + len(anchor)))


def _at(data: bytes, lowered: bytes, anchor: bytes, at: int) -> Span | None:
    own = _OWN_RULES.get(anchor)
    span = own(data, at) if own is not None else None
    if span is not None or anchor not in _NAMED:
        return span
    name = name_at(lowered, anchor, at)
    return None if name is None else value_of(data, lowered, name)


def _user(data: bytes, at: int) -> Span | None:
    """Return what stands before the last @ of an address, of which one stands at `at`."""
    begin = data.rfind(b"/", max(0, at - _LONGEST_USER), at) + 1
    if begin and data[max(0, begin - 5) : begin].endswith((b"://", b":\\/\\/")):
        user = _USER.match(data, begin)
        return None if user is None else (begin, user.end() - 1, HIDDEN)
    return _user_with_slash(data, at) or _user_of_dsn(data, at)


def _user_with_slash(data: bytes, at: int) -> Span | None:
    """Return the user of an address whose password holds a slash, as people write them: no port follows the colon."""
    scheme = data.rfind(b"://", max(0, at - _LONGEST_USER), at)
    begin = scheme + len(b"://")
    user = _USER_WITH_SLASH.match(data, begin) if scheme >= 0 else None
    return None if user is None or user.end() != at + 1 else (begin, at, HIDDEN)


def _user_of_dsn(data: bytes, at: int) -> Span | None:
    """Return the password of `ada:…@tcp(host)/database`."""
    if not data.startswith((b"@tcp(", b"@unix("), at):
        return None
    start = max(0, at - _LONGEST_USER)
    begin = max(start - 1, *(data.rfind(sign, start, at) for sign in (b" ", b'"', b"'", b"\n", b"="))) + 1
    return whole(_DSN_USER.match(data, begin), 1)


def _encoded_user(data: bytes, at: int) -> Span | None:
    start = max(0, at - _LONGEST_USER)
    scheme = data[start:at].lower().rfind(b"%3a%2f%2f")
    begin = start + scheme + len(b"%3a%2f%2f")
    user = _ENCODED_USER.match(data, begin) if scheme >= 0 else None
    return None if user is None else (begin, user.end() - len(b"%40"), HIDDEN)


def _basic(data: bytes, at: int) -> Span | None:
    match = _BASIC.match(data, at)
    if match is None:
        return None
    encoded = match[1].replace(b"%3D", b"=").replace(b"%3d", b"=").rstrip(b"=")
    try:
        is_pair = b":" in b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        return None
    return whole(match, 1) if is_pair else None


def _known(data: bytes, at: int) -> Span | None:
    match = _KNOWN.match(data, at)
    return None if match is None else (*match.span(match.lastindex or 0), HIDDEN)


def _sign_in_command(data: bytes, at: int) -> Span | None:
    """Return what a client says to a server to sign in, at the beginning of a line or in quotes."""
    if data[at - 1 : at] not in {b"", b"\n", b'"', b"'", b"\r"} and data[max(0, at - 2) : at] not in {b"\\n", b"> "}:
        return None
    return whole(_SIGN_IN.match(data, at), 1)


def _tagged_login(data: bytes, at: int) -> Span | None:
    """Return the password of an IMAP LOGIN, whose line begins with a tag."""
    begin = max(at - 24, -1, *(data.rfind(sign, max(0, at - 24), at) for sign in (b"\n", b'"', b"'"))) + 1
    is_tagged = data[begin:at].count(b" ") == 1 and data[at - 1 : at] == b" "
    return whole(_SIGN_IN.match(data, begin), 1) if is_tagged else _sign_in_command(data, at)


def _matcher(pattern: re.Pattern[bytes]) -> Callable[[bytes, int], Span | None]:
    return lambda data, at: whole(pattern.match(data, at), 1)


_BEGINNINGS: Final = (
    b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-", b"xox", b"sk_live_", b"rk_live_", b"sg.",
    b"npm_", b"pypi-", b"aiza", b"hooks.slack", b"/api/webhooks/",
)  # fmt: skip
_OWN_RULES: Final[dict[bytes, Callable[[bytes, int], Span | None]]] = {
    b"@": _user,
    b"%40": _encoded_user,
    b"eyj": lambda data, at: whole(_JWT.match(data, at), 0),
    b"bearer": _matcher(_BEARER),
    b"basic": _basic,
    b"key": _matcher(_PRIVATE_KEY),
    b"?code=": _matcher(_CODE),
    b"&code=": _matcher(_CODE),
    b" -u ": _matcher(_CURL_USER),
    b" --user": _matcher(_CURL_USER),
    b"auth": _sign_in_command,
    b"login ": _tagged_login,
    b"user ": _matcher(_PASS_AFTER_USER),
    b"identified ": _matcher(_IDENTIFIED),
    **dict.fromkeys(_BEGINNINGS, _known),
}
"""What is found by its own form, by what it begins with."""

_NAMED: Final = frozenset(WORDS)
_ANCHORS: Final = tuple(dict.fromkeys((*WORDS, *_OWN_RULES)))
"""In every credential stands one of these, in lower case."""

_TEXT_ANCHORS = tuple(anchor.decode() for anchor in _ANCHORS)
