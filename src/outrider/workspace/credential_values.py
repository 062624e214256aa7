r"""The value that belongs to a credential's name: one rule for each way to write the two.

Each rule takes the text and the name and returns what to cover, or None. What was JSON stays JSON: quotes around
a value stay, and a number becomes a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from outrider.workspace.credential_names import CredentialName

HIDDEN: Final = b"***"
Span = tuple[int, int, bytes]
Rule = Callable[[bytes, CredentialName], Span | None]

_LINE = rb"(?:\r?\n|\\+r\\+n|\\+n)"
_PLAIN_WORDS = (
    rb"(?:required|missing|invalid|empty|null|nil|none|true|false|yes|no|on|off|unset|set|optional|expired|wrong|string|str"
    rb"|bytes|object|undefined|redacted|hidden|changed|unchanged|ok|failed|needed|unknown|\*+)\b"
)
"""What a message says of a credential."""

_ASSIGNED = re.compile(rb"(?:=|%(?:25)?3[dD])((?:(?!%(?:25)?26)[^\s&;,\"'<>\\#()])+)")
_QUOTED = re.compile(
    rb"(\\*[\"'])\s{0,20}(?:(:|=>)|(?P<comma>,)|(?P<none>))\s{0,20}"
    rb"(?P<pair>\{?\s{0,20}\\*[\"']?(?:value|content)\\*[\"']?\s{0,20}[:=]\s{0,20})?(?(none)(?<=[:=\s]))"
)
_OPENING = re.compile(rb"b?(\\*)([\"'])")
_TRIPLE = re.compile(rb"(\"{3}|'{3})(.*?)(?:\1|\Z)", re.DOTALL)
_NUMBER = re.compile(rb"-?[0-9][0-9.eE+-]*+(?=\s*(?:[,}\]]|\\|\Z))")
_HEADER_LINE = re.compile(rb"\s{0,5}:[ \t]*((?:\\[^nr]|=\"[^\"\r\n]*\"|[^\r\n\"\\])+)")
_BEFORE_QUOTES = re.compile(rb"[ \t]{0,4}(?:=>?|:)[ \t]{0,4}(?=\\*[\"'](?!\$\{|same-origin|include\b|omit\b))")
"""What stands between a name and quotes; a variable is no credential, nor is a mode of `fetch`."""

_SPACED = re.compile(rb"(?:[ \t]{1,4}=[ \t]{1,4}|:[ \t]{1,4})((?=[^\s,;\"'<>]*[0-9])[^\s,;\"'<>{}\[\]()\\]{6,})")
_BEGIN_OF_LINE = re.compile(rb"(?:\A|[\r\n\"'{,]|\\n)[ \t<>*\-+\"']*\Z")
_SETTING = re.compile(
    rb"[ \t]{0,40}[:=][ \t]{0,40}(?:&\S+[ \t]+|!!?\S*[ \t]+)?(?!"
    + _PLAIN_WORDS
    + rb"|\$\{|(?:[a-z_$][a-z_$]*[.?]+)+[a-z_$]+[ \t]*(?:[\r\n,\\]|\Z))"
    rb"([^\s\"'`{}\[\]|>&,;\\()][^\s\"'{}\[\],;\\()]{3,})[ \t]*(?=[\r\n\"']|\\+[rn]|\Z)",
    re.IGNORECASE,
)
"""A word until the end of the line, but no expression of a program, such as `proxy.password`."""

_BLOCK = re.compile(
    rb"[ \t]{0,40}:[ \t]{0,40}(?:[|>][+-]?[0-9]?[ \t]*"
    + _LINE
    + rb"([ \t]+[^\r\n\\]+(?:"
    + _LINE
    + rb"[ \t]+[^\r\n\\]+)*)"
    rb"|" + _LINE + rb"[ \t]+([^\s:{}\[\]()\\\"']+)[ \t]*(?=[\r\n]|\\+[rn]|\Z))"
)
_IN_BRACKETS = re.compile(rb":(?!-|this\.|" + _PLAIN_WORDS + rb")([^\s`\"'{}\[\],;\\]{4,})(?=[ \]}])")
_ELEMENT = re.compile(
    rb"(?:\s[^<>]{0,500})?>\s*(?:<!\[CDATA\[)?\s*([^<>]{1,4000}?)\s*(?=<\\*/|\]\]>|\Z)"
    rb"|(?:\s[^<>]{0,500}?)?&gt;\s*((?:(?!&lt;).){1,500}?)\s*&lt;\\*/"
)
_ENTITY_QUOTED = re.compile(rb"&(?:quot|#34|#39|#x27);\s{0,9}(?::|=)\s{0,9}&(quot|#34|#39|#x27);(.*?)&\1;", re.DOTALL)
_TAG_REST = re.compile(rb"\\*[\"'][^<>]{0,300}?\s(?:value|content)=(?=\\*[\"'])", re.IGNORECASE)
_TAG_BEFORE = re.compile(
    rb"<[^<>]{1,300}?\s(?:value|content)=(\\*)([\"'])([^\"'<>]+?)\\*\2[^<>]{0,300}?=\\*[\"']\Z", re.IGNORECASE
)
_PAIR_BEFORE = re.compile(
    rb"(\\*)(\")value\\*\"\s{0,20}:\s{0,20}\\*\"((?:(?!\\*\").){1,2000})\\*\"\s{0,20},\s{0,20}\\*\"(?:name|key)\\*\"\s{0,20}:\s{0,20}\\*\"\Z"
)
_ENTRY = re.compile(
    rb"<(?:param|property|string|entry|item|setting|field|constant)\s[^<>]{0,300}?(?:name|key)=\\*[\"'][^\"'<>]*\Z",
    re.IGNORECASE,
)
_ENTRY_REST = re.compile(rb"\\*[\"'][^<>]{0,300}(?<!/)>\s*([^<>]{1,4000}?)\s*</")
_PART = re.compile(
    rb"\\*\"[^\r\n\\]{0,300}(?:"
    + _LINE
    + rb"[^\r\n\\]{1,300}){0,4}"
    + _LINE * 2
    + rb"((?:(?!"
    + _LINE
    + rb"--).){1,20000})",
    re.DOTALL,
)
_TYPED = re.compile(
    rb"\\*[\"'][\]\"']{0,2}\s{0,9}\){1,2}\s{0,9}(?:\.\w{1,20}(?:\([0-9]{0,3}\))?){0,3}?"
    rb"\.(?:fill|type|press_sequentially|pressSequentially|to_have_value|toHaveValue)\("
    rb"\s{0,9}(?:(?:value|text)\s{0,9}=\s{0,9})?(?=\\*[\"'])"
)
_TYPED_ARGUMENT = re.compile(rb"\\*[\"'][^\r\n]{0,12}?(?:,\s|\r?\n)(?:value|text) = (?=\\*[\"'])")
"""As pytest prints the arguments of a call that failed: the selector, and what was to be typed."""
_ARGUMENT = re.compile(
    rb"\\*[\"'](?:\]\\*[\"'])?\s{0,9},\s{0,9}b?(\\*[\"'])(?!"
    + _PLAIN_WORDS
    + rb")([^\s\"'\\]{1,400})\1\s{0,9},?\s{0,9}\)"
)
_LIST = re.compile(rb"\\*[\"']\s{0,20}:\s{0,20}\[((?:\s{0,20}\\*\"(?:[^\"\\]|\\[^\"])*\\*\"\s{0,20},?){1,200})\]")
_FLAG = re.compile(rb"[ \t]+(?![-\"'])([^\s\"']+)")
_FLAG_QUOTED = re.compile(rb"[ \t]+(?=\\*[\"'])")
_NETRC = re.compile(rb"\blogin[ \t\r\n]+\S+[ \t\r\n]+\Z", re.IGNORECASE)
_SQL = re.compile(
    rb"(?:[ \t]{1,4}(?=')|\)=\((?P<value>[^)]+)\)|(?:[ \t]{1,4}[\w\"]+)?[ \t]{1,4}identified[ \t]+by[ \t]+)",
    re.IGNORECASE,
)
_DETAIL = re.compile(rb"\)=\(([^)\r\n]+)\)")
_BASIC = re.compile(rb"=?\(\s*\\*[\"'][^\"'\\]*\\*[\"']\s*,\s*(?=\\*[\"'])")
_UNEXPECTED = (b"unexpected ", b"invalid ")
_LOOK_BACK = 2500


def value_of(data: bytes, lowered: bytes, name: CredentialName) -> Span | None:
    """Return the value of a credential's name, by the first rule that finds one."""
    if name.is_plural:
        return _first(_PLURAL, data, name)
    after = lowered[name.end : name.end + 1]
    if after == b":" and name.core == b"token" and lowered[max(0, name.begin - 12) : name.begin].endswith(_UNEXPECTED):
        return None
    return _first(_RULES.get(after, ()), data, name)


def whole(match: re.Match[bytes] | None, group: int) -> Span | None:
    """Return a group of a match as what to cover."""
    return None if match is None else (*match.span(group), HIDDEN)


def quoted_value(data: bytes, at: int, quote: bytes) -> Span | None:
    """Return the value that begins there: what stands between quotes; a number gets those of its name.

    Quotes that do not close were cut off: the rest of the line is the value.
    """
    if (triple := _TRIPLE.match(data, at)) is not None:
        return whole(triple, 2)
    opening = _OPENING.match(data, at)
    if opening is None:
        number = _NUMBER.match(data, at)
        return None if number is None else (*number.span(), quote + HIDDEN + quote)
    end = _closing(data, opening)
    return (opening.end(), _end_of_line(data, opening.end()) if end is None else end, HIDDEN)


def _first(rules: tuple[Rule, ...], data: bytes, name: CredentialName) -> Span | None:
    return next((span for rule in rules if (span := rule(data, name)) is not None), None)


def _assigned(data: bytes, name: CredentialName) -> Span | None:
    return whole(_ASSIGNED.match(data, name.end), 1)


def _header(data: bytes, name: CredentialName) -> Span | None:
    """Return the rest of the line of a header that is known."""
    line = _HEADER_LINE.match(data, name.end) if name.is_header else None
    return None if line is None else (line.start(1), line.start(1) + len(line[1].rstrip()), HIDDEN)


def _then_quoted(data: bytes, name: CredentialName) -> Span | None:
    """Return `name = "…"` and `name: "…"`."""
    before = _BEFORE_QUOTES.match(data, name.end)
    return None if before is None else quoted_value(data, before.end(), b'"')


def _spaced(data: bytes, name: CredentialName) -> Span | None:
    return whole(_SPACED.match(data, name.end), 1)


def _setting(data: bytes, name: CredentialName) -> Span | None:
    """Return a word that is all of a setting: `name: word` and `name = word` on a line of their own, or in a list."""
    if not _BEGIN_OF_LINE.search(data, max(0, name.begin - 60), name.begin):
        return None
    if (setting := _SETTING.match(data, name.end)) is not None:
        return None if name.core in setting[1].lower() else whole(setting, 1)
    block = _BLOCK.match(data, name.end)
    return None if block is None else whole(block, block.lastindex or 0)


def _printed(data: bytes, name: CredentialName) -> Span | None:
    """Return a value as Go prints it: `map[password:word user:ada]`, `{User:ada Password:word}`."""
    before = data[max(0, name.begin - 400) : name.end]
    opening = max(before.rfind(b"map["), before.rfind(b"{"))
    has_opening = opening > max(before.rfind(b"]"), before.rfind(b"}")) and before[opening - 1 : opening] != b"$"
    return whole(_IN_BRACKETS.match(data, name.end), 1) if has_opening else None


def _element(data: bytes, name: CredentialName) -> Span | None:
    """Return the content of an XML element; its attributes stay."""
    if data[max(0, name.begin - 1) : name.begin] not in {b"<", b":", b";"}:
        return None
    match = _ELEMENT.match(data, name.end)
    return None if match is None else (*match.span(1 if match[1] is not None else 2), HIDDEN)


def _entity_quoted(data: bytes, name: CredentialName) -> Span | None:
    return whole(_ENTITY_QUOTED.match(data, name.end), 2)


def _quoted_name(data: bytes, name: CredentialName) -> Span | None:
    """Return what stands after a name in quotes: of JSON, of Python, or beside `value` in a list of pairs."""
    quoted = _QUOTED.match(data, name.end)
    if quoted is None or (quoted["comma"] and not (quoted["pair"] or name.is_header)):
        return None
    if quoted["none"] is not None and not quoted["pair"]:
        return None
    return quoted_value(data, quoted.end(), quoted[1])


def _attribute(data: bytes, name: CredentialName) -> Span | None:
    """Return the `value` or `content` of an element that names a credential in another attribute."""
    tag = data.rfind(b"<", max(0, name.begin - 400), name.begin)
    if tag < 0:
        return None
    if (rest := _TAG_REST.match(data, name.end)) is not None:
        return quoted_value(data, rest.end(), b'"')
    before = data[tag : name.begin]
    if _ENTRY.match(before) and (rest := _ENTRY_REST.match(data, name.end)) is not None:
        return whole(rest, 1)
    return _shifted(_TAG_BEFORE.match(before), tag)


def _pair_before(data: bytes, name: CredentialName) -> Span | None:
    """Return the value of a pair whose name comes last."""
    at = data.rfind(b'"value', max(0, name.begin - _LOOK_BACK), name.begin)
    if at < 0:
        return None
    start = at - _slashes_before(data, at, 0)
    return _shifted(_PAIR_BEFORE.match(data[start : name.begin]), start)


def _shifted(match: re.Match[bytes] | None, begin: int) -> Span | None:
    """Return the third group of a match in what begins at `begin`."""
    return None if match is None else (begin + match.start(3), begin + match.end(3), HIDDEN)


def _part(data: bytes, name: CredentialName) -> Span | None:
    """Return the content of a part of multipart/form-data (RFC 7578)."""
    is_part = b"form-data" in data[max(0, name.begin - 60) : name.begin].lower()
    return whole(_PART.match(data, name.end), 1) if is_part else None


def _typed(data: bytes, name: CredentialName) -> Span | None:
    """Return what a script types into the field of that name, or checks it for."""
    match = _TYPED.match(data, name.end) or _TYPED_ARGUMENT.match(data, name.end)
    return None if match is None else quoted_value(data, match.end(), b'"')


def _argument(data: bytes, name: CredentialName) -> Span | None:
    """Return a word that is the second of two arguments, after a name: `set("token", "…")`."""
    match = _ARGUMENT.match(data, name.end)
    return None if match is None or name.core in match[2].lower() else whole(match, 2)


def _list(data: bytes, name: CredentialName) -> Span | None:
    """Return all texts of a list."""
    match = _LIST.match(data, name.end)
    if match is None:
        return None
    quote = match[1].lstrip().partition(b'"')[0] + b'"'
    return (*match.span(1), quote + HIDDEN + quote)


def _flag(data: bytes, name: CredentialName) -> Span | None:
    """Return the value of an option of a command line, or of a line of a netrc file."""
    is_flag = data[name.begin : name.begin + 2] == b"--"
    if not is_flag and not _NETRC.search(data, max(0, name.begin - 200), name.begin):
        return None
    if is_flag and (quoted := _FLAG_QUOTED.match(data, name.end)) is not None:
        return quoted_value(data, quoted.end(), b'"')
    return whole(_FLAG.match(data, name.end), 1)


def _sql(data: bytes, name: CredentialName) -> Span | None:
    """Return the text after PASSWORD in a statement."""
    match = _SQL.match(data, name.end) if name.core == b"password" else None
    return None if match is None else quoted_value(data, match.end(), b"'")


def _detail(data: bytes, name: CredentialName) -> Span | None:
    """Return the values of a key that PostgreSQL tells: `Key (token)=(…) already exists.`"""
    return whole(_DETAIL.match(data, name.end), 1)


def _basic(data: bytes, name: CredentialName) -> Span | None:
    """Return the password of a pair: `auth=("ada", "…")`."""
    match = _BASIC.match(data, name.end) if name.core == b"auth" else None
    return None if match is None else quoted_value(data, match.end(), b'"')


_IN_QUOTES: tuple[Rule, ...] = (_quoted_name, _attribute, _pair_before, _part, _typed, _argument)
_AFTER_SPACE: tuple[Rule, ...] = (_then_quoted, _spaced, _setting, _element, _flag, _sql)
_RULES: dict[bytes, tuple[Rule, ...]] = {
    b"=": (_assigned, _then_quoted, _basic, _setting),
    b"%": (_assigned,),
    b":": (_header, _then_quoted, _spaced, _setting, _printed),
    b'"': _IN_QUOTES,
    b"'": _IN_QUOTES,
    b"\\": _IN_QUOTES,
    b">": (_element,),
    b"&": (_element, _entity_quoted),
    b")": (_detail,),
    b"(": (_basic,),
    **dict.fromkeys((b" ", b"\t", b"\r", b"\n"), _AFTER_SPACE),
}
_PLURAL: tuple[Rule, ...] = (_list,)


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


def _end_of_line(data: bytes, begin: int) -> int:
    ends = [at for end in (b"\r", b"\n") if (at := data.find(end, begin)) >= 0]
    return min(ends, default=len(data))


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
