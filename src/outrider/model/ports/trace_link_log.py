"""Port: which traces belong to which runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from outrider.model.excerpt import Excerpt
    from outrider.model.identity import RunId
    from outrider.model.trace_link import TraceLink


class TraceLinkLog(Protocol):
    """Links between runs and traces.

    They are stored with their run (`RunLog.record`), in its transaction, and are removed with the attempt that they
    belong to.
    """

    def of_run(self, run: RunId) -> tuple[TraceLink, ...]:
        """Return the links of a run, by attempt and the order in which its requests were made; none if unknown."""
        ...

    def of_traces(self, trace_ids: Collection[str], *, limit: int = 1_000) -> Excerpt[TraceLink]:
        """Return the links of traces, those of the run stored last first.

        Args:
            trace_ids: Up to 1,000 ids of traces; what is no id matches nothing.
            limit: How many links at most.

        Raises:
            ValueError: If there are more ids.
        """
        ...
