"""Links to sessions and events of other tools that their clients name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.dashboard.outside_links import OutsideLink
from outrider.model import session_addresses

if TYPE_CHECKING:
    from collections.abc import Iterable


def session_links(texts: Iterable[str]) -> tuple[OutsideLink, ...]:
    """Return links to the first of them, at most five, each once."""
    return tuple(OutsideLink(tool, address) for address, tool in session_addresses(texts).items())
