"""Errors out of Sentry, by `GET /api/0/organizations/ORGANIZATION/events/` of its errors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from outrider.model import OutsideError
from outrider.sources.answer_values import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.sources.source_address import SourceAddress

_FIELDS: Final = ("id", "timestamp", "title", "project", "issue", "issue.id", "trace", "level", "release")
_MOST: Final = 100
"""Of one page of answers, as Sentry has it."""


class SentrySource:
    """Sentry, or GlitchTip where it answers the same, at an address.

    Args:
        address: Its base, such as `https://sentry.io`.
        organization: The slug of whose errors are read.
        query: More of Sentry's search, such as `environment:production`; empty for all errors.
    """

    def __init__(self, address: SourceAddress, organization: str, query: str) -> None:
        self._address = address
        self._organization = quote(organization, safe="")
        self._query = query

    def version(self) -> str:
        """Ask for the newest error; Sentry's API tells no version."""
        self._events([("query", self._query), ("statsPeriod", "1h"), ("per_page", "1")])
        return ""

    def errors(self, trace_ids: Sequence[str], since_us: int, until_us: int, *, limit: int) -> list[OutsideError]:
        """Return the newest errors of a time; those of traces alone where any are named."""
        of_traces = f"trace:[{','.join(trace_ids)}]" if trace_ids else ""
        times = [("start", _moment(since_us)), ("end", _moment(until_us))]
        query = f"{self._query} {of_traces}".strip()
        return self._events([("query", query), *times, ("per_page", str(min(limit, _MOST)))])

    def _events(self, parameters: list[tuple[str, str]]) -> list[OutsideError]:
        asked = [("dataset", "errors"), *(("field", field) for field in _FIELDS), ("sort", "-timestamp"), *parameters]
        path = f"/api/0/organizations/{self._organization}/events/"
        answer = self._address.ask(path, asked)
        if answer is None:
            raise self._address.garbage(f"knows no organization {self._organization}")
        return [self._error(row) for row in answer["data"]]

    def _error(self, row: Mapping[str, Any]) -> OutsideError:
        at = datetime.fromisoformat(row["timestamp"])
        issue = f"/organizations/{self._organization}/issues/{int(row['issue.id'])}/events/{quote(row['id'], safe='')}/"
        return OutsideError(
            row["id"], round(at.timestamp() * 1e6), as_text(row["title"]), as_text(row.get("project")),
            as_text(row.get("issue")), as_text(row.get("trace")), as_text(row.get("level")),
            as_text(row.get("release")), f"{self._address.url}{issue}",
        )  # fmt: skip


def _moment(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S")
