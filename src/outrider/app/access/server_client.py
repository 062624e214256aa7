"""A server of Outrider, asked over its API: what is wrong on the way is an error that says so, with a remedy."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from outrider.model import OutriderError, ServerError, UsageError, printable, printable_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from email.message import Message
    from pathlib import Path
    from typing import IO, BinaryIO

_ROOT = "/api/v1"
_DESCRIPTION = "/openapi.json"
_TIMEOUT_S = 30.0
_MOST_BYTES = 64 * 2**20
_PIECE_BYTES = 2**16
_PAGE_ITEMS = "200"
_SLUG = re.compile(r"docs/errors\.md#([a-z]+(?:-[a-z]+)*)")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_JSON = frozenset({"application/json", "application/problem+json"})
_LINES = "application/jsonl"
_TLS_FIX = "use the name that its certificate is for; SSL_CERT_FILE names the authority of a private one"
_TLS_FIXES = {
    "WRONG_VERSION_NUMBER": "what answers there speaks no TLS: name the port of the proxy that does",
    "certificate has expired": "renew its certificate, and have the proxy read it again; is the clock here right?",
    "certificate is not yet valid": "is the clock here right?",
}
"""What to do, by OpenSSL's words."""
_BYTES = "application/octet-stream"
_MOST_LINE_BYTES = 2**24
_HOW_TO_SIGN_IN = "on the server, outrider tokens create NAME --role viewer makes a token; set OUTRIDER_TOKEN to it"

_HOW_TO_ACT = "on the server, outrider tokens create NAME --role {} makes a token; set OUTRIDER_TOKEN to it"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Answers with a redirect as it is: a token goes to no other address than the one that was named."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


@dataclass(frozen=True, slots=True)
class ServerClient:
    """Asks a server.

    Attributes:
        url: Its address, with the base path, without a slash at its end.
        token: Of kind api; empty where the server is open on loopback.
        timeout_s: For which an answer is waited for as a whole.
        asks_version: Whether to ask for the server's version where an answer is not as expected.
    """

    url: str
    token: str = field(default="", repr=False)
    timeout_s: float = _TIMEOUT_S
    asks_version: bool = True

    def read(self, path: str, query: Mapping[str, str | Sequence[str]] | None = None) -> Any:
        """Return what the server answers to a GET below /api/v1.

        Raises:
            ServerError: server-unreachable, server-tls, server-timeout, server-redirect, server-answer, server-failed.
            UsageError: invalid-token, not-signed-in, role-too-low, or what the server says of the request.
        """
        wanted = urlencode({name: value for name, value in (query or {}).items() if value}, doseq=True)
        return self._send("GET", f"{path}?{wanted}" if wanted else path)

    def items(self, path: str, query: Mapping[str, str] | None = None, *, cursor: str = "before") -> Iterator[Any]:
        """Yield the items of a list, page by page; raises as `read` does."""
        following = ""
        while True:
            page = self.read(path, {"limit": _PAGE_ITEMS, **(query or {}), cursor: following})
            yield from page["items"]
            if not page["next"]:
                return
            following = page["next"]

    def act(self, path: str, values: Mapping[str, str] | None = None) -> Any:
        """Return what the server answers to a POST below /api/v1; raises as `read` does."""
        sent = {name: value for name, value in (values or {}).items() if value}
        return self._send("POST", path, json.dumps(sent).encode())

    def put(self, path: str, values: Mapping[str, object]) -> Any:
        """Return what the server answers to a PUT below /api/v1; raises as `read` does."""
        return self._send("PUT", path, json.dumps(values).encode())

    def delete(self, path: str) -> Any:
        """Return what the server answers to a DELETE below /api/v1; raises as `read` does."""
        return self._send("DELETE", path)

    def rows(self, path: str, query: Mapping[str, str]) -> Iterator[Any]:
        """Yield what the server answers a line at a time, as it comes; raises as `read` does, also at a later line."""
        with self._answer("GET", f"{path}?{urlencode(query)}") as (answer, _):
            if answer.headers.get_content_type() != _LINES:
                raise self._foreign(f"it answers with {answer.headers.get_content_type()[:80]} instead of lines")
            begun = b""
            while piece := answer.read1(_PIECE_BYTES):
                *lines, begun = (begun + piece).split(b"\n")
                if len(begun) > _MOST_LINE_BYTES:
                    raise self._foreign("its answer has a line without an end")
                yield from map(self._parsed, lines)
            if begun:
                raise self._foreign("its answer is cut")

    def send(self, method: str, path: str, content: bytes, *, kind: str = _BYTES) -> Any:
        """Return what the server answers in JSON to content of a kind; raises as `read` does."""
        with self._answer(method, path, content, kind) as (answer, ends_s):
            return self._read(answer.headers, answer, ends_s)

    def content(self, path: str, sent: bytes) -> bytes:
        """Return the bytes that the server answers to a POST of JSON, none if it has nothing; raises as `read` does."""
        with self._answer("POST", path, sent) as (answer, _):
            if answer.status != http.client.NO_CONTENT and answer.headers.get_content_type() != _BYTES:
                raise self._foreign(f"it answers with {answer.headers.get_content_type()[:80]} instead of a message")
            return answer.read(_MOST_BYTES)

    def download(self, path: str, target: Path) -> None:
        """Write what the server answers to a GET into a file; raises as `read` does."""
        with self._answer("GET", path) as (answer, _), target.open("wb") as file:
            shutil.copyfileobj(answer, file)

    @contextmanager
    def readable(self) -> Iterator[None]:
        """Raise a ServerError for an answer that is not as this version reads it."""
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            what = f"the answer of {self.url} cannot be read ({type(error).__name__}: {str(error)[:80]})"
            raise ServerError(what, slug="server-answer", fix=f"it is {self._other_version()}") from None

    def _send(self, method: str, path: str, body: bytes | None = None) -> Any:
        with self._answer(method, path, body) as (answer, ends_s):
            return self._read(answer.headers, answer, ends_s)

    @contextmanager
    def _answer(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
    ) -> Iterator[tuple[http.client.HTTPResponse, float]]:
        """Hand out an answer of success, and until when it is waited for."""
        headers = {"Accept": "application/json", "User-Agent": "outrider"}
        if body is not None:
            headers["Content-Type"] = kind
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        address = f"{self.url}{_ROOT}{path}"
        request = urllib.request.Request(address, body, headers, method=method)  # noqa: S310 - http and https only
        ends_s = time.monotonic() + self.timeout_s
        try:
            opener = urllib.request.build_opener(_NoRedirects)
            with opener.open(request, timeout=self.timeout_s) as answer:
                yield answer, ends_s
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error, ends_s) from None
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None

    def _read(self, headers: Message, answer: IO[bytes], ends_s: float) -> Any:
        """Return the JSON of an answer."""
        if headers.get_content_type() not in _JSON:
            raise self._foreign(f"it answers with {headers.get_content_type()[:80]} instead of JSON")
        content = bytearray()
        while piece := answer.read1(_PIECE_BYTES) if hasattr(answer, "read1") else answer.read(_PIECE_BYTES):
            content += piece
            if len(content) > _MOST_BYTES:
                raise self._foreign(f"its answer has more than {_MOST_BYTES >> 20} MiB")
            if time.monotonic() > ends_s:
                raise TimeoutError
        return self._parsed(content)

    def _parsed(self, content: bytes | bytearray) -> Any:
        try:
            return printable_json(json.loads(content))
        except (ValueError, RecursionError):
            raise self._foreign("its answer is no JSON") from None

    def _refusal(self, error: urllib.error.HTTPError, ends_s: float) -> ServerError | UsageError:
        """Return what an answer means that is no success."""
        if 300 <= error.code < 400:
            return self._redirect(error.headers.get("Location", ""))
        try:
            problem = self._read(error.headers, error, ends_s)
            slug = _SLUG.fullmatch(problem["type"])
            what, title = str(problem["detail"]), str(problem["title"])
        except (OSError, ServerError, LookupError, TypeError, http.client.HTTPException):
            return self._foreign(f"it answers with status {error.code}, and not as Outrider does")
        if slug is None:
            return self._foreign(f"it answers with status {error.code}: {printable(title)[:200]}")
        return self._problem(error.code, slug[1], what)

    def _problem(self, status: int, slug: str, what: str) -> ServerError | UsageError:
        """Return a problem that the server reports as an error of the same slug."""
        if status == 401:
            had = "the token is not valid" if self.token else "it wants a token"
            return UsageError(f"{self.url}: {had}: {what}", slug=slug, fix=_HOW_TO_SIGN_IN)
        if status == 403:
            return self._forbidden(slug, what)
        if slug == "unknown-address":
            what = f"{self.url} does not know this request"
            return ServerError(what, slug="server-answer", fix=f"it is {self._other_version()}")
        if status >= 500:
            return ServerError(f"{self.url}: {what}", slug=slug, fix="try again; the log of the server says more")
        return UsageError(what, slug=slug)

    def _other_version(self) -> str:
        """Return that the server is of another version than this command, and of which, if it says so."""
        ours, theirs = version("outrider"), ""
        if self.asks_version:
            with suppress(OutriderError, LookupError, TypeError):
                theirs = str(replace(self, asks_version=False).read(_DESCRIPTION)["info"]["version"])[:40]
        if not theirs or theirs == ours:
            return "of another version: use the outrider that the server has"
        return f"Outrider {theirs}, and this command is {ours}: use the same version on both"

    def _forbidden(self, slug: str, what: str) -> UsageError:
        """Return why the server does not allow something; `what` names the role that it needs."""
        if slug == "cross-site":  # open on loopback, where only pages may act without a token
            what = f"{self.url} wants a token for what changes something"
            return UsageError(what, slug=slug, fix=_HOW_TO_ACT.format("operator"))
        fix = _HOW_TO_ACT.format(what.rpartition("needs ")[2]) if slug == "role-too-low" else ""
        return UsageError(f"{self.url}: {what}", slug=slug, fix=fix)

    def _redirect(self, location: str) -> ServerError:
        target = urlsplit(location)
        shown = f"{target.scheme}://{target.netloc}" if target.netloc else location.partition("?")[0]
        return ServerError(
            f"{self.url} leads to {printable(shown)[:200] or 'another address'}, which is not followed",
            slug="server-redirect",
            fix="name the address itself if you trust it: the token goes to no other than the one that is named",
        )

    def _foreign(self, why: str) -> ServerError:
        fix = "is that the address of outrider up, with its base path?"
        return ServerError(f"{self.url} does not answer as Outrider does: {why}", slug="server-answer", fix=fix)

    def _unreachable(self, error: OSError | http.client.HTTPException) -> ServerError:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, TimeoutError):
            what = f"{self.url} did not answer within {self.timeout_s:g} s"
            return ServerError(what, slug="server-timeout", fix="is it busy, or does a firewall drop what is sent?")
        if isinstance(reason, ssl.SSLError):
            return self._distrusted(reason)
        if isinstance(reason, http.client.HTTPException):
            return self._foreign(f"it does not speak HTTP ({type(reason).__name__})")
        why = getattr(reason, "strerror", None) or str(reason)
        return ServerError(
            f"{self.url} cannot be reached: {printable(str(why))[:200]}",
            slug="server-unreachable",
            fix="is outrider up running there, and is the address right?",
        )

    def _distrusted(self, error: ssl.SSLError) -> ServerError:
        why = getattr(error, "verify_message", "") or error.reason or str(error)
        fix = _TLS_FIXES.get(str(why), _TLS_FIX)
        return ServerError(f"{self.url}: TLS fails: {printable(str(why))[:200]}", slug="server-tls", fix=fix)


def server_client(url: str, token: str = "", *, timeout_s: float = _TIMEOUT_S) -> ServerClient:
    """Return what asks the server at an address.

    Raises:
        UsageError: bad-server if the address is none, bad-argument if the token can be none.
    """
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not url.isascii() or any(ord(letter) <= 0x20 for letter in url):
        raise _bad_server("is no address of a server", url)
    if parts.username is not None or parts.query or parts.fragment:
        raise _bad_server(
            "is not the whole of what was given: leave out user, password, ? and #",
            f"{parts.scheme}://{parts.hostname}",
        )
    if token and not _TOKEN.fullmatch(token):
        fix = "set it to what outrider tokens create printed"
        raise UsageError("OUTRIDER_TOKEN holds characters that no token has", slug="bad-argument", fix=fix)
    return ServerClient(url.rstrip("/"), token, timeout_s)


@dataclass(frozen=True, slots=True)
class OnItsPage:
    """Says where the artifacts of a server are opened."""

    page: str

    def open(self, digest: str) -> BinaryIO:  # noqa: ARG002 - of all the same
        """Raise a ServerError that names the page."""
        what = "artifacts of a server are opened on the page of their run"
        raise ServerError(what, slug="not-remote", fix=f"open {self.page}")


def in_path(text: str) -> str:
    """Return a text as one part of a path."""
    return quote(text, safe="")


def _bad_server(what: str, shown: str) -> UsageError:
    fix = "write such as https://outrider.example, and the token in OUTRIDER_TOKEN"
    return UsageError(f'"{printable(shown)[:200]}" {what}', slug="bad-server", fix=fix)
