"""The public Python API against a server: what the methods of a workspace read, over the API."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from outrider.app.remote_backend import MOST_INCIDENT_DAYS, RemoteBackend
from outrider.app.server_client import server_client
from outrider.model import Outcome, UsageError, check_at_least, check_text

if TYPE_CHECKING:
    from types import TracebackType

    from outrider.alerts import Incident
    from outrider.app.server_client import ServerClient
    from outrider.model import Excerpt, RunSummary, StoredRun


def open_server(url: str | None = None, *, token: str | None = None) -> OpenServer:
    """Open a server of Outrider; use it as a context. Nothing is asked before a method is called.

    Args:
        url: Its address, with the base path; that of OUTRIDER_SERVER if absent.
        token: Of kind api; that of OUTRIDER_TOKEN if absent.

    Raises:
        UsageError: bad-server if the address is none, bad-argument if the token can be none.
    """
    address = os.environ.get("OUTRIDER_SERVER", "") if url is None else url
    secret = os.environ.get("OUTRIDER_TOKEN", "") if token is None else token
    check_text("url", address)
    check_text("token", secret)
    return OpenServer(server_client(address, secret))


class OpenServer:
    """A server. Methods may be called from any thread, and beside a running event loop.

    Each raises a ServerError if the server cannot be asked, and a UsageError if it refuses the token.
    """

    def __init__(self, client: ServerClient) -> None:
        self._client = client

    @property
    def _backend(self) -> RemoteBackend:
        """A new one for each call: it remembers what it has read."""
        return RemoteBackend(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<OpenServer {self._client.url}>"

    def close(self) -> None:
        """Do nothing: each request has a connection of its own. It is there so that both kinds are used alike."""

    def runs(
        self, pattern: str = "*", *, outcome: Outcome | str | None = None, limit: int | None = 100
    ) -> Excerpt[RunSummary]:
        """Return stored runs, the latest first, and whether these are all (`is_complete`); `limit` None for all.

        Raises:
            UsageError: bad-argument.
        """
        check_text("pattern", pattern)
        if limit is not None:
            check_at_least("limit", limit, 0)
        return self._backend.runs(pattern, outcome=None if outcome is None else _outcome(outcome), limit=limit)

    def stored_run(self, run: str) -> StoredRun:
        """Return a run with its attempts, by its id or a unique beginning or end of it; its artifacts are on its page.

        Raises:
            UsageError: unknown-run, ambiguous-run.
        """
        check_text("run", run)
        return self._backend.run(run)

    def incidents(self, *, include_resolved: bool = False, days: int = 30) -> tuple[Incident, ...]:
        """Return the incidents that last, or all of the last days, the latest first; `incident` has their events.

        Raises:
            UsageError: bad-argument.
        """
        check_at_least("days", days, 0, most=MOST_INCIDENT_DAYS)
        return self._backend.recent_incidents(include_resolved=include_resolved, days=days, limit=None)

    def incident(self, incident: str) -> Incident:
        """Return an incident with its events, by its id or a unique beginning or end of it.

        Raises:
            UsageError: unknown-incident.
        """
        check_text("incident", incident)
        return self._backend.incident(incident)[0]


def _outcome(outcome: Outcome | str) -> Outcome:
    try:
        return Outcome(outcome)
    except ValueError:
        fix = f"write one of Outcome: {', '.join(Outcome)}"
        raise UsageError(f"outcome = {outcome!r} is none", slug="bad-argument", fix=fix) from None
