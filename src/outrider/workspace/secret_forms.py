r"""The forms that a secret takes on its way through pages, requests and traces.

Encoders disagree about which characters they escape, and forms nest (JSON within JSON, a quoted form within base64).
So a form is a pattern that lets every character stand as it is or escaped in any of these ways, several levels deep:

    JSON, JavaScript, Python   \"  \/  \n  \u00e9  \xe9  \xc3\xa9
    URL, form                  %22  %2522  +
    HTML                       &quot;  &#34;  &#x22;  &amp;quot;

and base64 is the same pattern over the digits that the secret alone decides, once for each of its three alignments.
ASCII letters and digits stand for themselves there, which is what makes the search fast. Encoders that escape every
character are forms of their own:

    hex                        68756e746572  68756E746572
    JSON, Python               \u0068\u0075…  \x68\x75…
    URL                        %68%75…  %2568%2575…
    HTML                       &#104;&#117;…  &#x68;&#x75;…
    quoted-printable           hun=\r\nter (RFC 2045, 6.7: a soft line break), and =22 for what is no letter

What is not known: a secret in pieces, reversed, encrypted, hashed, or compressed within a text.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from html.entities import codepoint2name
from itertools import groupby
from json import dumps
from typing import Final, Generic, TypeVar
from urllib.parse import quote_plus

AnyText = TypeVar("AnyText", str, bytes)

_LONGEST_CHARACTER: Final = 128
_LEVELS = 8
_BACKSLASH = r"(?:\\|%(?:25){0,2}5[cC]|&#92;|&#[xX]5[cC];)"
_LETTER_ESCAPES = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
_WORD = re.compile(r"[A-Za-z0-9]+")
_BASE64_PLUS = r"(?:\+|-|%(?:25){0,2}2[bB])"
_BASE64_SLASH = rf"(?:{_BACKSLASH}{{0,{_LEVELS - 1}}}/|_|%(?:25){{0,2}}2[fF])"


@dataclass(frozen=True, slots=True)
class Form(Generic[AnyText]):
    """One way to find a literal.

    Attributes:
        anchor: Stands in every occurrence, so that its absence rules the pattern out; may be empty.
        pattern: Regular expression of every occurrence.
        cover: What is put in its place.
        longest: No occurrence is longer.
        leading: What may stand before an occurrence, any number of times, and is covered with it.
    """

    anchor: AnyText
    pattern: AnyText
    cover: AnyText
    longest: int
    leading: AnyText | None = None


def text_forms(literal: str) -> list[Form[str]]:
    """Return the forms of `literal` within text."""
    encoded = {digits: None for plain in _before_base64(literal) for digits in _base64_digits(plain)}
    sources = [(literal, _escaped(literal)), *((digits, _base64_pattern(digits)) for digits in encoded)]
    forms = [Form(_anchor(plain), pattern, "***", _longest(plain)) for plain, pattern in sources]
    return [*forms, *_wholly_escaped(literal)]


def data_forms(literal: str) -> list[Form[bytes]]:
    """Return the forms of `literal` within bytes: those of text in UTF-8, and it alone in UTF-16 and Latin-1."""
    forms = [
        Form(
            form.anchor.encode(),
            form.pattern.encode(errors="surrogatepass"),
            form.cover.encode(),
            form.longest,
            None if form.leading is None else form.leading.encode(),
        )
        for form in text_forms(literal)
    ]
    for encoding in ("utf-16-le", "utf-16-be"):
        raw = literal.encode(encoding, "surrogatepass")
        forms.append(Form(raw, re.escape(raw), "***".encode(encoding), len(raw)))
    if not literal.isascii() and (raw := literal.encode("latin-1", "ignore")).decode("latin-1") == literal:
        forms.append(Form(raw, re.escape(raw), b"***", len(raw)))
    return forms


def _wholly_escaped(literal: str) -> list[Form[str]]:
    """Return the forms in which no character stands for itself."""
    raw = literal.encode(errors="surrogatepass")
    units = literal.encode("utf-16-be", "surrogatepass")
    pairs = [_hex(units[at : at + 2]) for at in range(0, len(units), 2)]
    slashes = f"{_BACKSLASH}{{1,{_LEVELS}}}"
    forms = [Form(digits, digits, "***", len(digits)) for digits in dict.fromkeys((raw.hex(), raw.hex().upper()))]
    patterns = {
        "u00": ("u" + f"{slashes}u".join(pairs), "\\"),
        "\\x": ("x" + f"{slashes}x".join(_hex(bytes([byte])) for byte in raw), "\\"),
        "%": ("%" + "%".join(f"(?:25)?{_hex(bytes([byte]))}" for byte in raw), None),
        "&#": ("&#" + "&#".join(f"(?:{ord(character)}|[xX]{_hex_of(character)});" for character in literal), None),
    }
    length = len(raw) * _LONGEST_CHARACTER
    forms += [Form(anchor, pattern, "***", length, leading) for anchor, (pattern, leading) in patterns.items()]
    broken = r"(?:=\r?\n)?".join(_by_quotation(character) for character in literal)
    return [*forms, Form("=\n", broken, "***", length), Form("=\r\n", broken, "***", length)]


def _hex_of(character: str) -> str:
    return _either_case(f"{ord(character):x}")


def _by_quotation(character: str) -> str:
    return f"(?:{re.escape(character)}|{_quoted(character)})"


def _quoted(character: str) -> str:
    return "".join(f"={_hex(bytes([byte]))}" for byte in character.encode(errors="surrogatepass"))


def _anchor(literal: str) -> str:
    return max(_WORD.findall(literal), key=len, default="")


def _longest(literal: str) -> int:
    return sum(1 if _WORD.fullmatch(character) else _LONGEST_CHARACTER for character in literal)


def _escaped(literal: str) -> str:
    # A run of backslashes is one pattern: several in a row could share them out in exponentially many ways.
    runs = ((character, len(list(run))) for character, run in groupby(literal))
    return "".join(
        f"{_BACKSLASH}{{{length},{length * _LEVELS}}}" if character == "\\" else _character(character) * length
        for character, length in runs
    )


def _character(character: str) -> str:
    if _WORD.fullmatch(character):
        return character
    options = [*_by_backslash(character), *_by_entity(character), _by_percent(character), _quoted(character)]
    if character == " ":
        options.append(r"\+")
    if character == "\n":
        options.append("\r\n")
    pattern = f"(?:{'|'.join((*options, re.escape(character)))})"
    return f"{_BACKSLASH}{{0,{_LEVELS - 1}}}{pattern}" if character in "\"'/" else pattern


def _by_backslash(character: str) -> list[str]:
    slashes = f"{_BACKSLASH}{{1,{_LEVELS}}}"
    units = character.encode("utf-16-be", "surrogatepass")
    options = ["".join(f"{slashes}[uU]{_hex(units[at : at + 2])}" for at in range(0, len(units), 2))]
    if ord(character) < 0x100:
        options.append(f"{slashes}x{_hex(bytes([ord(character)]))}")
    if not character.isascii():  # as Python prints bytes
        raw = character.encode(errors="surrogatepass")
        options.append("".join(f"{slashes}x{_hex(bytes([byte]))}" for byte in raw))
    if character in _LETTER_ESCAPES:
        options.append(slashes + _LETTER_ESCAPES[character])
    return options


def _by_entity(character: str) -> list[str]:
    code = ord(character)
    names = [f"#0{{0,4}}{code}", f"#[xX]0{{0,4}}{_either_case(f'{code:x}')}"]
    names += ["apos"] if character == "'" else []
    names += [codepoint2name[code]] if code in codepoint2name else []
    return [f"&(?:amp;){{0,2}}(?:{'|'.join(names)});"]


def _by_percent(character: str) -> str:
    raw = character.encode(errors="surrogatepass")
    return "".join(f"%(?:25){{0,2}}{_hex(bytes([byte]))}" for byte in raw)


def _hex(raw: bytes) -> str:
    return _either_case(raw.hex())


def _either_case(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


def _before_base64(literal: str) -> set[bytes]:
    return {
        literal.encode(errors="surrogatepass"),
        quote_plus(literal, errors="surrogatepass").encode(),
        dumps(literal)[1:-1].encode(),
        dumps(literal, ensure_ascii=False)[1:-1].encode(errors="surrogatepass"),
    }


def _base64_digits(plain: bytes) -> list[str]:
    """Return, for each alignment, the base64 digits that `plain` decides whatever stands around it."""
    digits = []
    for before in range(3):
        encoded = b64encode(bytes(before) + plain + bytes(3)).decode()
        first, last = -(-8 * before // 6), 8 * (before + len(plain)) // 6
        digits.append(encoded[first:last])
    return digits


def _base64_pattern(digits: str) -> str:
    return "".join({"+": _BASE64_PLUS, "/": _BASE64_SLASH}.get(digit, digit) for digit in digits)
