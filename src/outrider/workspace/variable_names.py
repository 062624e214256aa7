"""How texts name variables: `${NAME}`, or `${NAME:-otherwise}`."""

from __future__ import annotations

import re
from typing import Final

VARIABLE: Final = re.compile(
    r"\$(?P<escaped>\$)(?=\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<otherwise>[^}]*))?\}|(?P<broken>\$\{)"
)
"""A variable, `$${` for `${` itself, or a `${` that names none."""


def variable_names(text: str) -> frozenset[str]:
    """Return which variables a text names."""
    return frozenset(match["name"] for match in VARIABLE.finditer(text) if match["name"])
