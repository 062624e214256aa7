"""The machine's environment is not listed in what a failing test says, which is stored and shown to others."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, AnyStr

if TYPE_CHECKING:
    from collections.abc import Mapping

DECLARED_VARIABLE = "OUTRIDER_DECLARED_VARIABLES"
"""The names that the workspace sets, separated by blanks: what a test says of them is its own affair."""
_SHORT = 3
_TRIVIAL = frozenset({"true", "false"})
_LITERAL = r"""b?(?:'(?:[^'\\\n]|\\.)*'?|"(?:[^"\\\n]|\\.)*"?)"""
_LITERALS = rf"{_LITERAL}(?:\s*\n[\sE+-]*{_LITERAL})*"  # a long text is printed as several, one a line
_LISTING = re.compile(r"""[{\[]\(?b?['"]""")
_CUT = re.compile(r"\.\.\.|…")
# pytest shortens a text in its middle: a value, the end of one, or the end of a name with its value follows the dots.
_REST = re.compile(rf"""\.\.\.(?:(?P<end>[^'"\n]*)['"]:\s+|:?\s*)(?P<value>{_LITERALS})|\.\.\.(?P<part>[^'"\n]+)['"]""")
# A cut value goes on to the next quote, which may be one that begins another value, or ends a name before its value.
_AFTER_CUT = rf"""(?:[^\s,.:{{}}()\[\]'"][^'"\n]*['"])?(?::\s+{_LITERALS})?"""


class UnlistedEnvironment(os._Environ[AnyStr]):
    """An environment that is used like any other, and shows nothing of itself."""

    def __repr__(self) -> str:
        return "environ(...)"


class MachineEnvironment:
    """Hides the values of the machine's variables in mappings that a text lists.

    Short and trivial values stay, and so does a value that is not the machine's, whatever its name.

    Args:
        variables: All of the process.
        declared: The names of those that the workspace sets.
    """

    def __init__(self, variables: Mapping[str, str], declared: str = "") -> None:
        kept = set(declared.split())
        self._values = {
            name: _bare(repr(value))
            for name, value in variables.items()
            if name not in kept and len(value) > _SHORT and value.lower() not in _TRIVIAL
        }
        names = "|".join(map(re.escape, self._values)) or "(?!)"
        self._pair = re.compile(
            rf"""(?P<key>b?(['"])(?P<name>{names})\2[:,]\s[\sE+-]*)(?P<value>{_LITERALS}){_AFTER_CUT}"""
        )

    @classmethod
    def take(cls) -> MachineEnvironment:
        """Return that of this process, whose `os.environ` shows nothing of itself from now on."""
        declared = os.environ.pop(DECLARED_VARIABLE, "")
        for environment in (os.environ, *([os.environb] if os.supports_bytes_environ else [])):
            if type(environment) is os._Environ:
                environment.__class__ = UnlistedEnvironment
        return cls(os.environ, declared)

    def hide(self, text: str) -> str:
        """Return a text in which `'NAME': 'value'` is `'NAME': …`; the very same object if there is none."""
        hidden = self._pair.sub(self._without_value, text)
        if _LISTING.search(text):
            hidden = _REST.sub(self._without_end, hidden)
        return text if hidden == text else hidden

    def _without_value(self, pair: re.Match[str]) -> str:
        return f"{pair['key']}…" if _shows(pair["value"], self._values[pair["name"]]) else pair[0]

    def _without_end(self, rest: re.Match[str]) -> str:
        if rest["value"]:
            end = rest["end"] or ""
            known = any(name.endswith(end) and _shows(rest["value"], value) for name, value in self._values.items())
        else:
            part = _bare(rest["part"])
            known = len(part) > _SHORT and any(value.endswith(part) for value in self._values.values())
        return "...…" if known else rest[0]


def _shows(literals: str, value: str) -> bool:
    """Whether literals are a value, or what is left of one that was cut: its beginning."""
    shown = _bare(literals)
    beginning = _CUT.split(shown)[0]
    return value.startswith(beginning) and (beginning != shown or len(shown) > _SHORT)


def _bare(literals: str) -> str:
    """Return the text of literals without quotes and backslashes, which differ with what stands around them."""
    joined = "".join(re.sub(r"^b", "", literal) for literal in re.findall(_LITERAL, literals)) or literals
    return re.sub(r"""['"\\]""", "", joined)
