"""Query strings of addresses. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from collections.abc import Collection

_MOST_PARAMETERS: Final = 100


def known_query(query: str, names: Collection[str]) -> str:
    """Return a query with its parameters of these names alone; "" if it cannot be read, or has too many."""
    try:
        pairs = parse_qsl(query, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return ""
    return urlencode([(name, value) for name, value in pairs if name in names])
