"""Asks a source by HTTP: bounded in time and size, at the address that the configuration names and nowhere else."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from socket import SHUT_RDWR
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from outrider.model import SourceError, printable, printable_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_BYTES: Final = 32 << 20
_PIECE: Final = 1 << 16
_QUOTED: Final = 320
_NOT_FOUND: Final = 404
_TIMES: Final = 2
"""How many timeouts requests may take that belong together."""
_NOT_PLAIN: Final = re.compile(rb"\\[bfru]|[^\t\n\r -~]")
"""What may stand in JSON for a text that cannot be shown: most answers have none of it, large ones above all."""

_SIGN_IN: Final = frozenset({401, 403, 407})
_OF_QUERY: Final = frozenset({400, 413, 414, 422})


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """Where a source answers.

    Attributes:
        url: Base address, without a slash at its end.
        headers: Of each request.
        timeout_s: How long an answer may take in all, looking up the name included.
    """

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_s: float = 3.0

    def until_s(self) -> float:
        """Return until when, on a monotonic clock, several requests that belong together may take."""
        return monotonic() + _TIMES * self.timeout_s

    def ask(
        self,
        path: str,
        parameters: Sequence[tuple[str, str]] = (),
        *,
        body: object = None,
        until_s: float = float("inf"),
    ) -> Any:
        """Return the JSON that a path answers with, its texts printable; None for 404. Redirects are not followed.

        Args:
            path: Below the base address.
            parameters: Of the query.
            body: Sent as JSON by POST; None for a GET.
            until_s: Until when it may take, on a monotonic clock, if that is before its timeout.

        Raises:
            SourceError: source-away, source-refused, source-query, source-garbage.
        """
        answers: SimpleQueue[tuple[int, bytes] | Exception] = SimpleQueue()
        wait_s = min(self.timeout_s, until_s - monotonic())
        if wait_s <= 0:
            raise self.away(f"did not answer within {_TIMES * self.timeout_s:g} s")
        connection = self._connection()
        target = f"{urlsplit(self.url).path}{path}" + (f"?{urlencode(parameters)}" if parameters else "")
        exchange = (connection, target, body, monotonic() + wait_s, answers)
        # A look-up of a name, and headers that come drop by drop, heed no timeout of a socket: nobody waits for this.
        Thread(target=self._exchange, args=exchange, name="source request", daemon=True).start()
        try:
            answer = answers.get(timeout=wait_s)
        except Empty:
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(SHUT_RDWR)
            answer = TimeoutError()
        if isinstance(answer, TimeoutError):
            raise self.away(f"did not answer within {wait_s:.3g} s")
        if isinstance(answer, Exception):
            raise self.away(f"cannot be reached: {_reason(answer)}") from None
        return self._json(*answer)

    def garbage(self, what: str) -> SourceError:
        """Return the error of an answer that cannot be understood."""
        fix = f"see that url of [sources.{self.name}] is the base address of its API, and that kind is right"
        return SourceError(f"source {self.name} {what}", slug="source-garbage", fix=fix)

    def away(self, what: str) -> SourceError:
        """Return the error of a source that does not answer, or not wholly."""
        fix = f"see that {self.url} answers from this machine; timeout of [sources.{self.name}] is how long we wait"
        return SourceError(f"source {self.name} {what}", slug="source-away", fix=fix)

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, parts.port, timeout=self.timeout_s, context=context)
        return http.client.HTTPConnection(host, parts.port, timeout=self.timeout_s)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        target: str,
        body: object,
        until_s: float,
        answers: SimpleQueue[tuple[int, bytes] | Exception],
    ) -> None:
        headers = {"Accept": "application/json", "User-Agent": "Outrider", **self.headers}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request("GET" if content is None else "POST", target, content, headers)
            response = connection.getresponse()
            answers.put((response.status, _content(response, until_s)))
        except Exception as error:  # whatever a server does to the client, the asker is told
            answers.put(error)
        finally:
            connection.close()

    def _json(self, status: int, content: bytes) -> Any:
        if status == _NOT_FOUND:
            return None
        if status in _SIGN_IN:
            fix = f"see the secrets that [sources.{self.name}] names in token or headers, and what they may read"
            raise SourceError(f"source {self.name} refuses us ({status})", slug="source-refused", fix=fix)
        if status in _OF_QUERY:
            fix = "see the query, and the keys of the source"
            raise SourceError(
                f"source {self.name} refuses the query{_reason_given(content)}", slug="source-query", fix=fix
            )
        if 300 <= status < 400:
            raise self.garbage("redirects elsewhere, which is not followed")
        if not 200 <= status < 300:
            raise self.away(f"answered {status}{_reason_given(content)}")
        if len(content) > _MOST_BYTES:
            what = f"source {self.name} answers with more than {_MOST_BYTES >> 20} MB"
            raise SourceError(what, slug="source-query", fix="ask for less: fewer series, or a shorter time")
        try:
            answer = json.loads(content)
            return printable_json(answer) if _NOT_PLAIN.search(content) else answer
        except (ValueError, RecursionError):
            is_page = content.lstrip()[:1] == b"<"
            raise self.garbage(f"answers with {'a page of HTML' if is_page else 'something else than JSON'}") from None


def _content(response: http.client.HTTPResponse, until_s: float) -> bytes:
    content = bytearray()
    while piece := response.read1(_PIECE):
        content += piece
        if len(content) > _MOST_BYTES or monotonic() > until_s:
            break
    return bytes(content)


def _reason(error: Exception) -> str:
    return printable(str(getattr(error, "strerror", None) or str(error) or type(error).__name__))


def _reason_given(content: bytes) -> str:
    """Return what an answer says of its reason, as these APIs write it, or how it begins."""
    text = content[:_PIECE].decode("utf-8", "replace").strip()
    try:
        answer = json.loads(text)
        reason = answer.get("error") or answer.get("message") or answer.get("detail") or answer["errors"][0]["msg"]
        text = str(reason.get("reason", reason) if isinstance(reason, dict) else reason)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        text = "" if text.startswith("<") else text
    line = " ".join(printable(text).split())
    return f": {line[:_QUOTED]}" if line else ""
