"""The rows of a server as columns, over the export of its API: what DataFrames and files are made from."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from outrider.app.backends.api_records import text_of_moment
from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from outrider.alerts import Incident
    from outrider.app.access.server_client import ServerClient
    from outrider.frames import FrameSources
    from outrider.model import Selection, Series

    Batches = Iterator[Mapping[str, Sequence[object]]]

MOST_ROWS = 1_000_000
"""As many rows a server gives for one question."""


class RemoteTables:
    """Implements `TableReader` by a server.

    Args:
        client: Asks it.
        most_rows: How many rows to ask for at most.
    """

    def __init__(self, client: ServerClient, most_rows: int = MOST_ROWS) -> None:
        self._client = client
        self._most_rows = most_rows

    def series(self, selection: Selection) -> Sequence[Series]:  # noqa: ARG002 - of all the same
        """Raise that a server does not give them."""
        raise _not_given("rollups")

    def samples(self, selection: Selection, batch_rows: int) -> Batches:
        """Yield samples, as a store does; raises as `ServerClient.rows` does, and frame-too-large."""
        return self._rows("samples", selection, batch_rows)

    def runs(self, selection: Selection, batch_rows: int) -> Batches:
        """Yield runs, as a store does; raises as `samples` does."""
        return self._rows("runs", selection, batch_rows)

    def steps(self, selection: Selection, batch_rows: int) -> Batches:
        """Yield steps, as a store does; raises as `samples` does."""
        return self._rows("steps", selection, batch_rows)

    def _rows(self, table: str, selection: Selection, batch_rows: int) -> Batches:
        asked = {
            "table": table, "format": "jsonl", "check": selection.pattern, "metric": selection.metric,
            "since": text_of_moment(selection.since_us or 0), "until": text_of_moment(selection.until_us),
            "step": selection.step, "environment": selection.environment, "location": selection.location,
            "attempts": "judged" if selection.judged_only else "all", "limit": str(self._most_rows),
        }  # fmt: skip
        left = self._most_rows
        rows = self._client.rows("/export", {name: value for name, value in asked.items() if value is not None})
        while batch := list(islice(rows, batch_rows)):
            left -= len(batch)
            yield {name: [row[name] for row in batch] for name in batch[0]}
        if left <= 0:
            what = f"a server gives at most {self._most_rows:,} rows at a time, and these are as many"
            raise UsageError(what, slug="frame-too-large", fix="narrow the time or the checks, and ask several times")


class _NotGiven:
    """Stands for what a server does not give."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, name: str) -> Any:
        raise _not_given(self._what)


def remote_sources(
    client: ServerClient, incidents: Callable[[], Iterable[Incident]], most_rows: int = MOST_ROWS
) -> FrameSources:
    """Return what DataFrames of a server are read from: samples, runs, steps and incidents.

    Args:
        client: Asks the server.
        incidents: Returns those that the server lists.
        most_rows: How many rows to ask for at most.
    """
    from outrider.app.alerting.stored_incidents import incident_rows  # noqa: PLC0415 - other commands need none of it
    from outrider.frames import FrameSources  # noqa: PLC0415 - pandas is dear

    absent: Any = _NotGiven("rollups"), _NotGiven("the seconds of a load")
    return FrameSources(
        RemoteTables(client, most_rows), absent[0], absent[1],
        lambda since_us, until_us: incident_rows(incidents(), since_us, until_us),
    )  # fmt: skip


def _not_given(what: str) -> UsageError:
    fix = "it gives samples, runs, steps and incidents; the rest is read in the workspace's folder"
    return UsageError(f"a server does not give {what}", slug="not-remote", fix=fix)
