"""The public Python API against a server: what the methods of a workspace read, over the API."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, Self

from outrider.app.access.server_client import server_client
from outrider.app.backends.remote_backend import MOST_INCIDENT_DAYS, RemoteBackend
from outrider.model import Outcome, UsageError, check_at_least, check_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from outrider.alerts import Incident
    from outrider.app.access.server_client import ServerClient
    from outrider.frames import FrameReader
    from outrider.model import Annotation, Check, Excerpt, RunSummary, StoredGate, StoredRun


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
        self,
        pattern: str = "*",
        *,
        outcome: Outcome | str | None = None,
        location: str | None = None,
        limit: int | None = 100,
    ) -> Excerpt[RunSummary]:
        """Return stored runs, the latest first, and whether these are all (`is_complete`); `limit` None for all.

        Raises:
            UsageError: bad-argument.
        """
        check_text("pattern", pattern)
        if limit is not None:
            check_at_least("limit", limit, 0)
        ended = None if outcome is None else _outcome(outcome)
        return self._backend.runs(pattern, outcome=ended, location=location, limit=limit)

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

    def checks(self, *patterns: str) -> tuple[Check, ...]:
        """Return the checks that any of the patterns matches, or all, switched off ones too; `target` is empty.

        Raises:
            UsageError: bad-argument, unknown-check.
        """
        for pattern in patterns:
            check_text("pattern", pattern)
        return self._backend.checks(patterns)

    def gates(self, *, commit: str = "", verdict: str = "", limit: int | None = 100) -> Excerpt[StoredGate]:
        """Return decisions of the gate, the latest first, of commits that begin so; `gate` has their comparisons.

        Raises:
            UsageError: bad-argument, or bad-parameter for a verdict that there is not.
        """
        check_text("commit", commit)
        check_text("verdict", verdict)
        if limit is not None:
            check_at_least("limit", limit, 0)
        return self._backend.gates(commit=commit, verdict=verdict, limit=limit)

    def gate(self, gate: str) -> StoredGate:
        """Return a decision of the gate with its comparisons, by its id.

        Raises:
            UsageError: unknown-gate.
        """
        check_text("gate", gate)
        return self._backend.gate(gate)

    def annotations(self) -> tuple[Annotation, ...]:
        """Return the latest annotations, the latest first."""
        return self._backend.annotations()

    def annotate(
        self, text: str, *, at: datetime | None = None, check: str | None = None, matchers: Sequence[str] = ()
    ) -> None:
        """Note a text on the trends of checks; a token of the role operator is needed.

        Args:
            text: What happened.
            at: When, with a time zone; now if absent.
            check: A pattern of the one check that it is noted on.
            matchers: Such as "tag=shop", for checks with that label; all checks without any.

        Raises:
            UsageError: bad-argument, bad-matcher, unknown-check, ambiguous-check, unknown-label, role-too-low.
        """
        check_text("text", text)
        if check is not None:
            check_text("check", check)
        for matcher in matchers:
            check_text("matchers", matcher)
        self._backend.annotate(text, at_us=_moment_us(at), check=check, matchers=matchers, author="")

    def remove_annotation(self, annotation: str) -> None:
        """Remove an annotation, by its id or a unique beginning or end of it; an operator's token is needed.

        Raises:
            UsageError: unknown-annotation, role-too-low.
        """
        check_text("annotation", annotation)
        self._backend.remove_annotation(annotation)

    @property
    def frames(self) -> FrameReader:
        """Samples, runs, steps and incidents as pandas DataFrames, in the time zone of the server's workspace.

        A million rows are read at most, incidents reach back ninety days, and there are no rollups or load seconds:
        UsageError frame-too-large, not-remote.
        """
        return self._backend.frames


def _moment_us(at: object) -> int | None:
    if at is None:
        return None
    if not isinstance(at, datetime) or at.tzinfo is None:
        fix = "give at a datetime with a time zone, such as datetime.now(UTC)"
        raise UsageError(f"at = {at!r} is no such time", slug="bad-argument", fix=fix)
    return round(at.timestamp() * 1_000_000)


def _outcome(outcome: Outcome | str) -> Outcome:
    try:
        return Outcome(outcome)
    except ValueError:
        fix = f"write one of Outcome: {', '.join(Outcome)}"
        raise UsageError(f"outcome = {outcome!r} is none", slug="bad-argument", fix=fix) from None
