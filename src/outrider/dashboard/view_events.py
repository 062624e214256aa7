"""The events of a page view, and the traces that they name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.real_users import PageView

HEAD: Final = 3
TRACE_AT: Final = 5


def read_events(view: PageView) -> list[list[Any]]:
    """Return the events of a view: ms since it began, kind, text, and what the kind adds."""
    try:
        events = json.loads(view.events)
    except ValueError:
        return []
    return [event for event in events if isinstance(event, list) and len(event) >= HEAD]


def traces_of_view(view: PageView) -> Iterator[str]:
    """Yield the traces of its document and its calls."""
    yield view.trace_id
    yield from (str(event[TRACE_AT]) for event in read_events(view) if event[1] == "call" and len(event) > TRACE_AT)
