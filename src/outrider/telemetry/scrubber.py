"""Text of telemetry, bounded, printable, without secrets and without personal data: before it touches a disk.

What is found by its form (the mask of undeclared credentials finds more, `outrider.workspace.Redactor`):

    ada@example.org                       addresses of mail; names of releases such as `shop@1.0.0` are none
    4242 4242 4242 4242                   numbers of cards whose check digit is right (Luhn, ISO/IEC 7812)
    DE89 3704 0044 0532 0130 00           numbers of accounts whose check digits are right (IBAN, ISO 13616)
    078-05-1120                           social security numbers of the United States
    203.0.113.7                           addresses of the internet, where the workspace asks for it
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from outrider.workspace import Redactor, is_credential_name

if TYPE_CHECKING:
    from collections.abc import Callable

HIDDEN: Final = "***"
_MAIL: Final = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
_CARD: Final = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.-]?\d|\w)")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_SSN: Final = re.compile(r"(?<![\w.-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w.-]?\d|\w)")
_BYTE: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_ADDRESS: Final = re.compile(rf"(?<![\w.])(?:{_BYTE}\.){{3}}{_BYTE}(?![\w.]?\d|\w)")
_MAY_BE_CARD: Final = re.compile(r"\d[\d -]{11,}\d")
_MAY_BE_ACCOUNT: Final = re.compile(r"[A-Z]{2}\d{2}")
_REMEMBERED: Final = 50_000
_SHORT: Final = 200


class Scrubber:
    """Scrubs texts, and remembers the short ones, since services repeat themselves.

    Args:
        redactor: Masks the workspace's declared secrets, and hides credentials.
        hide_addresses: Whether addresses of the internet are hidden, too.
    """

    def __init__(self, redactor: Redactor | None = None, *, hide_addresses: bool = False) -> None:
        self._redact = (redactor or Redactor()).long_text
        self._hide_addresses = hide_addresses
        self._texts: dict[str, str] = {}
        self._names: dict[str, bool] = {}

    def text(self, text: str, most: int) -> str:
        """Return a text scrubbed, of at most `most` characters and a mark that says how long it was."""
        if len(text) > _SHORT:
            return self._scrubbed(text, most)
        known = self._texts.get(text)
        if known is None:
            if len(self._texts) >= _REMEMBERED:
                self._texts.clear()
            known = self._texts[text] = self._scrubbed(text, most)
        return known

    def hides(self, name: str) -> bool:
        """Return whether the value of an attribute is hidden, whatever it is, since it is named as a credential is."""
        known = self._names.get(name)
        if known is None:
            if len(self._names) >= _REMEMBERED:
                self._names.clear()
            known = self._names[name] = is_credential_name(name.rpartition(".")[2].replace(".", "_"))
        return known

    def _scrubbed(self, text: str, most: int) -> str:
        if len(text) > most:
            mark = f"… [cut: {len(text)} characters]"
            text = text[: most - len(mark)] + mark
        text = self._redact(text)
        if "@" in text:
            text = _MAIL.sub(HIDDEN, text)
        if _MAY_BE_CARD.search(text):
            text = _hide(_CARD, _is_card, text)
        if _MAY_BE_ACCOUNT.search(text):
            text = _hide(_IBAN, _is_account, text)
        if "-" in text:
            text = _SSN.sub(HIDDEN, text)
        return _ADDRESS.sub(HIDDEN, text) if self._hide_addresses else text


def _hide(pattern: re.Pattern[str], is_meant: Callable[[str], bool], text: str) -> str:
    return pattern.sub(lambda match: HIDDEN if is_meant(match[0]) else match[0], text)


def _is_card(text: str) -> bool:
    """Return whether the check digit is right, by Luhn's sum, of what begins as a card does (not a time in ms)."""
    digits = [int(character) for character in text if character.isdigit()]
    if digits[0] not in {2, 3, 4, 5, 6} or len(set(digits)) == 1:
        return False
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_account(text: str) -> bool:
    """Return whether the check digits are right: the rest, letters as numbers from 10, is 1 modulo 97."""
    compact = text.replace(" ", "")
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1
