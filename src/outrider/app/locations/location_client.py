"""A worker's link to its server over HTTPS: it asks, by long poll, and nothing needs to reach it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from outrider.app.access.server_client import server_client
from outrider.app.locations.result_messages import packed_results, read_verdicts
from outrider.app.locations.sealed_box import ORDERS, RESULTS, SealedBox, token_digest
from outrider.model import Assignment, ReportAnswer, ServerError, UsageError
from outrider.runs import from_document, read_json, to_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from outrider.model import HeldRun, Verdict, WorkerReport

_ANSWER_S: Final = 30.0
_PART_BYTES: Final = 1 << 20


class HttpLink:
    """Implements `WorkerLink` over the API.

    Args:
        url: Of the server.
        token: Of the location, as `outrider location add` printed it.
        location: That the token is thought to be for.
        worker: Its instance.

    Raises:
        UsageError: bad-server, missing-extra.
    """

    def __init__(self, url: str, token: str, location: str, worker: str) -> None:
        self._client = server_client(url, token, timeout_s=_ANSWER_S)
        _check_encrypted(url)
        self._location = location
        digest = token_digest(token)
        self._orders, self._results = SealedBox(digest, ORDERS), SealedBox(digest, RESULTS)
        self._worker = worker

    def report(self, report: WorkerReport) -> ReportAnswer:
        """See `WorkerLink`."""
        with self._refusals():
            answer = from_document(ReportAnswer, self._client.send("POST", "/worker/report", _json(report), kind=_JSON))
        if answer.location != self._location:
            raise UsageError(
                f"the token is for the location {answer.location[:80]}, and not for {self._location}",
                slug="invalid-token",
                fix=f"run outrider worker --location {answer.location[:80]}, or use the token of {self._location}",
            )
        return answer

    def take(self, report: WorkerReport, wait_s: float) -> Assignment | None:
        """See `WorkerLink`."""
        with self._refusals():
            sealed = self._client.content(f"/worker/orders?wait={wait_s:.3f}", _json(report))
        if not sealed:
            return None
        opened = self._orders.open(sealed, f"{self._location} {report.instance}")
        return from_document(Assignment, read_json(opened))

    def finish(self) -> None:
        """See `WorkerLink`: orders come only when they are asked for."""

    def fetch(self, snapshot: str, target: Path) -> None:
        """See `WorkerLink`."""
        with self._refusals():
            self._client.download(f"/worker/snapshots/{quote(snapshot, safe='')}", target)

    def upload(self, digest: str, content: bytes) -> None:
        """See `WorkerLink`."""
        path = f"/worker/artifacts/{digest}"
        with self._refusals(), self._client.readable():
            state = self._client.read(path)
            while not state["stored"]:
                come = int(state["bytes"])
                part = content[come : come + _PART_BYTES]
                state = self._client.send("PUT", f"{path}?offset={come}&total={len(content)}", part)

    def deliver(self, results: Sequence[tuple[HeldRun, bytes]]) -> tuple[Verdict | UsageError, ...]:
        """See `WorkerLink`."""
        sealed = self._results.seal(packed_results(results), f"{self._location} {self._worker}")
        with self._refusals(), self._client.readable():
            answer = self._client.send("POST", f"/worker/results?worker={self._worker}", sealed)
            return read_verdicts(answer["verdicts"])

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Tell of a token that is not valid how to get one that is."""
        try:
            yield
        except UsageError as error:
            if error.slug != "invalid-token":
                raise
            fix = f"on the server, outrider location add {self._location} prints one; set OUTRIDER_TOKEN to it"
            raise UsageError(error.what, slug=error.slug, fix=fix) from None
        except OSError as error:
            raise ServerError(f"the connection broke: {error}", slug="server-unreachable") from None


_JSON: Final = "application/json"


def _json(report: WorkerReport) -> bytes:
    return json.dumps(to_document(report)).encode()


def _check_encrypted(url: str) -> None:
    """Refuse an address over which a token would be readable on its way."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        is_loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if parts.scheme != "https" and not is_loopback:
        fix = "write https://…; a proxy in front of outrider up does TLS"
        raise UsageError("a worker's token and results go over https only", slug="bad-server", fix=fix)
