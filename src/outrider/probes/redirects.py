"""Redirects, followed as browsers do (Fetch standard, https://fetch.spec.whatwg.org/#http-redirect-fetch). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pycurl

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from outrider.probes.request_route import Route


Options = tuple[tuple[int, object], ...]
"""Options of libcurl and their values, in the order in which they are set."""

STATUSES: Final = frozenset({301, 302, 303, 307, 308})

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_OF_CONTENT: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods that send content, be it empty."""

_OF_BODY: Final = frozenset(
    {
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-type",
    }
)
_PUBLIC: Final = _OF_BODY | {
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "dnt",
    "expect",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "pragma",
    "range",
    "te",
    "upgrade-insecure-requests",
    "user-agent",
}
"""Headers that may go to another origin; any other may hold a secret."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One request of an exchange.

    Attributes:
        headers: Names and values.
        is_trusted: Whether it goes to the origin that the probe names, and may carry our credentials.
        route: Another way to that origin, or None.
    """

    url: str = field(repr=False)
    method: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    is_trusted: bool = True
    route: Route | None = field(default=None, repr=False)

    options: Options = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out the options of libcurl once; most probes make the same request again and again."""
        object.__setattr__(self, "options", self._options())

    def _options(self) -> Options:
        url, headers = self.url, self.headers
        options: list[tuple[int, object]] = []
        if self.route is not None:
            options += self.route.options(url)
            url, headers = self.route.sent_url(url), (*self.route.headers(url), *headers)
        options.append((pycurl.URL, url.encode("utf-8", "replace")))
        lines = [header_line(name, value) for name, value in headers]
        if self.body is None and self.method in _OF_CONTENT:  # RFC 9110, 8.6: servers refuse them without a length
            options.append((pycurl.COPYPOSTFIELDS, b""))
            has_type = any(name.lower() == "content-type" for name, _ in headers)
            lines += [] if has_type else [b"Content-Type:"]  # which libcurl leaves out then
        if lines:
            options.append((pycurl.HTTPHEADER, lines))
        if self.body is not None and b"\0" in self.body:  # which pycurl refuses as a value; `body_options` gives it
            options += [(pycurl.POST, 1), (pycurl.POSTFIELDSIZE_LARGE, len(self.body))]
        elif self.body is not None:
            options.append((pycurl.COPYPOSTFIELDS, self.body))
        if self.method == "HEAD":
            options.append((pycurl.NOBODY, 1))
        options.append((pycurl.CUSTOMREQUEST, self.method))  # after the body, which would make it a POST
        return tuple(options)


def body_options(body: bytes | None) -> Options:
    """Return the options that read a body for one transfer, where its hop cannot hold it."""
    if body is None or b"\0" not in body:
        return ()
    source = BytesIO(body)

    def seek(offset: int, origin: int) -> int:
        source.seek(offset, origin)
        return int(pycurl.SEEKFUNC_OK)

    return ((pycurl.READFUNCTION, source.read), (pycurl.SEEKFUNCTION, seek))


def header_line(name: str, value: str) -> bytes:
    """Return a header as libcurl takes it."""
    return f"{name}: {value}".encode("utf-8", "replace") if value else f"{name};".encode("utf-8", "replace")


def redirected(hop: Hop, status: int, url: str) -> Hop:
    """Return the request that follows a redirect.

    POST becomes GET on 301 and 302, everything but GET and HEAD becomes GET on 303; 307 and 308 repeat the request.
    Credentials, and headers that may hold one, do not go to another origin, nor back from there.
    """
    method, headers, body = hop.method, hop.headers, hop.body
    if (status in {301, 302} and method == "POST") or (status == 303 and method not in {"GET", "HEAD"}):
        method, body = "GET", None
        headers = tuple((name, value) for name, value in headers if name.lower() not in _OF_BODY)
    is_trusted = hop.is_trusted and same_origin(hop.url, url)
    if not is_trusted:
        headers = tuple((name, value) for name, value in headers if name.lower() in _PUBLIC)
    if not is_trusted:
        return Hop(url, method, headers, body, is_trusted=False)
    return Hop(_with_user(hop.url, url), method, headers, body, route=hop.route)


def same_origin(first: str, second: str) -> bool:
    """Return whether two URLs have scheme, host and port in common."""
    try:
        return _origin(urlsplit(first)) == _origin(urlsplit(second))
    except ValueError:
        return False


def why_not_followed(url: str) -> str:
    """Return why no redirect leads to `url`, or nothing if one may."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "redirected to what is no URL"
    if parts.scheme not in _DEFAULT_PORTS:
        return f'redirected to protocol "{parts.scheme[:20]}", which is not followed'
    return "" if host else "redirected to a URL without a host"


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _with_user(first: str, second: str) -> str:
    """Return a URL of the same origin with the user and password of the first, as browsers keep them."""
    user, separator, _ = urlsplit(first).netloc.rpartition("@")
    parts = urlsplit(second)
    if not separator or "@" in parts.netloc:
        return second
    return parts._replace(netloc=f"{user}@{parts.netloc}").geturl()
