"""Names the attempt's trace in requests by routing them, documents and pictures too, which bypasses the cache."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Step, TraceContext

# Routes of the sync and the async API share their methods, not their types.
Route = Any

UNCACHED: Final = " (uncached)"
"""What steps measured so add to their names: nothing comes from the cache, so they are series of their own."""


class TraceRoute:
    """A route handler that adds headers, for either API: what it returns is awaited where it can be.

    It belongs first on a context: routes of the test's, and of a fault, go before it.

    Args:
        trace: What requests name.
        origins: Those whose requests name it.
    """

    def __init__(self, trace: TraceContext, origins: Sequence[str]) -> None:
        self._trace = trace
        self.pattern = re.compile(f"^(?:{'|'.join(map(re.escape, origins))})(?:[/?#]|$)")

    def __call__(self, route: Route) -> Any:
        """Let a request go on, with the headers unless it has any of them."""
        sent: dict[str, str] = route.request.headers
        added = dict(self._trace.headers())
        return route.fallback() if added.keys() & sent.keys() else route.fallback(headers={**sent, **added})


def uncached(step: Step) -> Step:
    """Return a step under the name of its series without a cache."""
    parent = None if step.parent is None else step.parent + UNCACHED
    return replace(step, key=step.key + UNCACHED, title=step.title + UNCACHED, parent=parent)
