"""POST over HTTP, guarded: bounded in time and size, and redirected only to where the guard lets it go."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from outrider.alerts.rendered_message import LIMIT_S, Undelivered, cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.alerts.network_guard import Guard

_MOST_BYTES: Final = 64 * 1024
_MOST_REDIRECTS: Final = 3
_ANSWER_CHARACTERS: Final = 120
_KEEPING_METHOD: Final = {307, 308}  # RFC 9110, 15.4: the others turn a POST into a GET
_HARMLESS: Final = {"content-type", "idempotency-key"}
_RECOVERABLE: Final = {408, 425, 429}
_LONGEST_RETRY_S: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class Post:
    """What is sent."""

    url: str
    body: bytes
    headers: Mapping[str, str]


def post(what: Post, guard: Guard) -> bytes:
    """Send it, and return the beginning of the answer.

    Raises:
        Undelivered: Unless the answer is 2xx; recoverable for a network that fails, 408, 425, 429 and 5xx.
    """
    ends_s = time.monotonic() + LIMIT_S
    sent = what
    for _ in range(_MOST_REDIRECTS + 1):
        status, headers, body = _once(sent, guard, ends_s)
        if status not in _KEEPING_METHOD:
            return _accepted(sent.url, status, headers, body)
        sent = redirected(sent, headers.get("location", ""))
    raise Undelivered(f"{_place(what.url)} redirects in circles", recoverable=False)


def redirected(sent: Post, location: str) -> Post:
    """Return what is sent to where an answer leads: to another origin, and on from there, without what proves us."""
    try:
        url = urljoin(sent.url, location)
        is_bare = urlsplit(url).scheme == "http"
    except ValueError:
        raise Undelivered(f"{_place(sent.url)} redirects to what is no address", recoverable=False) from None
    if is_bare and sent.url.startswith("https:"):
        raise Undelivered(
            f"{_place(sent.url)} redirects from https to http, which everybody can read", recoverable=False
        )
    is_own = _origin(sent.url) == _origin(url)
    headers = {name: value for name, value in sent.headers.items() if is_own or name.lower() in _HARMLESS}
    return Post(url, sent.body, headers)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port of an address, RFC 6454."""
    parts = urlsplit(url)
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        port = None
    return parts.scheme, parts.hostname, port


def _accepted(url: str, status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    if 200 <= status < 300:
        return body
    answer = cut(body.decode("utf-8", "replace").strip(), _ANSWER_CHARACTERS)
    raise Undelivered(
        f"{_place(url)} answered {status}" + (f": {answer}" if answer else ""),
        recoverable=status in _RECOVERABLE or status >= 500,
        retry_after_s=_retry_after_s(headers.get("retry-after", "")),
    )


def _once(what: Post, guard: Guard, ends_s: float) -> tuple[int, dict[str, str], bytes]:
    url = what.url
    parts, port = urlsplit(url), _origin(url)[2]
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port or not url.isascii():
        raise Undelivered(f"{_place(url)} is not an address of HTTP", recoverable=False)
    address = guard.address(parts.hostname, port)
    target = parts.path + (f"?{parts.query}" if parts.query else "") or "/"
    connection = _Pinned(parts.hostname, port, address, is_tls=parts.scheme == "https", ends_s=ends_s)
    try:
        connection.request("POST", target, what.body, {"User-Agent": "Outrider", **what.headers})
        answer = connection.getresponse()
        body = _read(answer, connection, ends_s)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Undelivered(f"{_place(url)}: {reason}", recoverable=True) from None
    finally:
        connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def _read(answer: http.client.HTTPResponse, connection: _Pinned, ends_s: float) -> bytes:
    """Read what fits; a channel that answers drop by drop runs out of time."""
    body = b""
    while len(body) < _MOST_BYTES:
        connection.allow(ends_s)
        piece = answer.read1(_MOST_BYTES - len(body))
        if not piece:
            break
        body += piece
    return body


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was looked at before, under the name that was asked for."""

    def __init__(self, host: str, port: int, address: str, *, is_tls: bool, ends_s: float) -> None:
        super().__init__(host, port)
        self._address = address
        self._is_tls = is_tls
        self._ends_s = ends_s

    def allow(self, ends_s: float) -> None:
        """Let the next step take until then."""
        left_s = ends_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError(f"took longer than {LIMIT_S:g} s")
        if self.sock is not None:
            self.sock.settimeout(left_s)

    def connect(self) -> None:
        """Connect to the address, not to the name."""
        left_s = max(0.1, self._ends_s - time.monotonic())
        made = socket.create_connection((self._address, self.port), left_s)
        if self._is_tls:
            made = ssl.create_default_context().wrap_socket(made, server_hostname=self.host)
        self.sock = made


def _retry_after_s(text: str) -> float | None:
    """Return what a Retry-After header says, RFC 9110, 10.2.3; None if it says nothing that can be read."""
    if text.strip().isdigit():
        return min(float(text), _LONGEST_RETRY_S)
    try:
        left_s = parsedate_to_datetime(text).timestamp() - time.time()
    except (TypeError, ValueError):
        return None
    return min(max(0.0, left_s), _LONGEST_RETRY_S)


def _place(url: str) -> str:
    """Return whose address it is; paths of webhooks are secrets."""
    return urlsplit(url).hostname or "the address"
