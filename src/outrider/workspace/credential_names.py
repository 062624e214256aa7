"""Names of credentials, such as `client_secret`, `csrfToken` and `newPassword`, found in UTF-8 in lower case.

A name counts if it ends with such a word, whatever stands before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

WORDS: Final = (
    b"pass", b"pwd", b"secret", b"token", b"key", b"sess", b"sig", b"cred", b"auth", b"cookie", b"otp", b"pin", b"cvv",
    b"cvc", b"sid", b"client_assertion", b"samlresponse", b"kennwort", b"contrase", b"senha", b"wachtwoord",
)  # fmt: skip
"""Every name of a credential ends with one of these, and what `_TAILS` says of it."""

_TAILS: Final = {
    b"pass": rb"(?:word|wort|wd|phrase|code|)", b"sess": rb"(?:ion)?[_-]?id", b"sig": rb"(?:nature)?",
    b"cred": rb"entials?", b"auth": rb"(?:orization|entication|[_-]key)?", b"contrase": rb"(?:\xc3\xb1|n)a",
}  # fmt: skip
_WHOLE: Final = frozenset({b"pass", b"sig", b"auth", b"otp", b"pin", b"cvv", b"cvc", b"sid"})
"""Words that are parts of others: they count as a whole name, or after what they belong to."""

_OWNERS: Final = frozenset(
    {
        b"account", b"admin", b"atm", b"auth", b"bank", b"basic", b"card", b"client", b"connect", b"database",
        b"db", b"digest", b"email", b"ftp", b"http", b"httpbasic", b"httpdigest", b"imap", b"ldap", b"login",
        b"mail", b"mongo", b"my", b"mysql", b"new", b"old", b"pg", b"php", b"postgres", b"proxy", b"redis", b"root",
        b"security", b"server", b"service", b"sim", b"smtp", b"sql", b"ssh", b"user", b"web",
    }
)  # fmt: skip
_NO_SECRETS: Final = frozenset({b"access-control-allow-credentials"})
_KEYS: Final = (b"api", b"access", b"private", b"secret", b"shared", b"auth", b"signing", b"encryption", b"master")
"""What a key is a key to; a key on the keyboard is none."""

_HEADERS: Final = frozenset(
    {
        b"authorization", b"proxy-authorization", b"cookie", b"set-cookie", b"x-api-key", b"api-key", b"x-auth-token",
        b"x-access-token", b"x-amz-security-token", b"x-csrf-token", b"x-xsrf-token",
    }
)  # fmt: skip
_END: Final = (
    rb"(?P<plural>s)?(?:[0-9]{1,2}|_?value|_?again|_?confirm(?:ation)?|\]|%5d)?"
    rb"(?=[\"'`\\=:%>&),(]|\s{1,9}[^\s<>(){};]|\Z)"
)
_PATTERNS: Final = {word: re.compile(b"(" + word + _TAILS.get(word, b"") + b")" + _END) for word in WORDS}
_NAME_BYTES: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-.[")
_LONGEST: Final = 80


@dataclass(frozen=True, slots=True)
class CredentialName:
    """Where a name of a credential stands.

    Attributes:
        core: The word that it ends with, such as `password`.
        is_header: Whether it names a header whose whole value is one.
        is_plural: Whether it names several.
    """

    begin: int
    end: int
    core: bytes
    is_header: bool
    is_plural: bool


def name_at(lowered: bytes, word: bytes, at: int) -> CredentialName | None:
    """Return the name that ends with what begins as `word` at `at`, if it is a credential's."""
    match = _PATTERNS[word].match(lowered, at)
    if match is None:
        return None
    begin = _begin(lowered, at)
    core, before = match[1], lowered[begin:at].lstrip(b"[.-")
    if core == b"key" and not (before.rstrip(b"_-") or lowered[max(0, at - 9) : at].rstrip(b" ")).endswith(_KEYS):
        return None
    if core in _WHOLE and before and before.rstrip(b"_-.[") not in _OWNERS:
        return None
    name = lowered[begin : match.end()].strip(b"[].")
    if name in _NO_SECRETS:
        return None
    return CredentialName(begin, match.end(), core, name in _HEADERS, match["plural"] is not None)


def is_credential_name(name: str) -> bool:
    """Return whether the value of what is called so is a credential, such as of the header `X-Vault-Token`."""
    lowered = name.lower().encode("utf-8", "replace") + b"="
    starts = ((word, at) for word in WORDS for at in range(len(lowered)) if lowered.startswith(word, at))
    return any((match := name_at(lowered, word, at)) and match.end == len(lowered) - 1 for word, at in starts)


def _begin(lowered: bytes, at: int) -> int:
    least = max(0, at - _LONGEST)
    while at > least and lowered[at - 1] in _NAME_BYTES:
        at -= 1
    return at
