"""One request over HTTP: its description in a file, and the options of libcurl that make it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pycurl

from outrider.probes.certificates import system_authorities
from outrider.probes.expectations import Expectation, read_expectation
from outrider.workspace import Refused, Template, as_count, as_flag, as_one_of, check_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.probes.probe_table import ProbeTable

Options = tuple[tuple[int, object], ...]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_VERSIONS = {
    "1.1": pycurl.CURL_HTTP_VERSION_1_1,
    "2": pycurl.CURL_HTTP_VERSION_2TLS,
    "3": pycurl.CURL_HTTP_VERSION_3ONLY,
}
FAMILIES = {"4": pycurl.IPRESOLVE_V4, "6": pycurl.IPRESOLVE_V6}
_EXPECTED_VERSIONS = {"1.1": "HTTP/1.1", "2": "HTTP/2", "3": "HTTP/3"}
_SCHEMES = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS
_MOST_BODY = 1_000_000_000
_USUAL_BODY = 10_000_000
# Every probe starts from nothing, as a new visitor does: it reuses no name lookup, connection, TLS session or cookie.
FRESH: Options = (
    (pycurl.NOSIGNAL, 1),
    (pycurl.FRESH_CONNECT, 1),
    (pycurl.FORBID_REUSE, 1),
    (pycurl.DNS_CACHE_TIMEOUT, 0),
    (pycurl.SSL_SESSIONID_CACHE, 0),
    (pycurl.PROTOCOLS, _SCHEMES),
    (pycurl.REDIR_PROTOCOLS, _SCHEMES),
    (pycurl.PROXY, ""),
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request and what its answer has to be like.

    Attributes:
        title: Of the step that it makes.
        options: Options of libcurl that depend on no variable; hidden from `repr`, as they may hold secrets.
        keeps_body: Whether the whole body is needed, and not only the beginning as evidence.
        version: The only version of HTTP that will do, in libcurl's words, or empty.
    """

    title: str
    method: str
    url: Template
    headers: tuple[tuple[str, Template], ...]
    body: Template | None
    options: Options = field(repr=False)
    version: str
    max_body_bytes: int
    expect: Expectation
    keeps_body: bool = False

    @property
    def names(self) -> frozenset[str]:
        """Variables that an earlier request has to fill."""
        texts = (self.url, *(value for _, value in self.headers), *([self.body] if self.body else []))
        return frozenset(name for text in texts for name in text.names)

    def filled(self, values: Mapping[str, str]) -> tuple[str, Options]:
        """Return the URL, and the options that depend on `values`.

        Raises:
            Refused: If the URL is none, or a header would break the request.
        """
        url = self.url.fill(values)
        if self.url.names:
            check_url(url)
        options: list[tuple[int, object]] = [(pycurl.URL, url.encode())]
        if self.headers:
            options.append((pycurl.HTTPHEADER, [_header(name, value.fill(values)) for name, value in self.headers]))
        if self.body is not None:
            options.append((pycurl.COPYPOSTFIELDS, self.body.fill(values).encode()))
        options.append((pycurl.CUSTOMREQUEST, self.method))  # after the body, which would make it a POST
        return url, tuple(options)


def read_request(entry: ProbeTable, title: str = "", *, expect: bool = True) -> Request:
    """Read the keys of a request; report problems to its table."""
    table = entry.table
    method = table.read("method", as_one_of(*_METHODS), "GET")
    version = table.read("http", as_one_of(*_VERSIONS), "")
    options = [*FRESH, *_redirects(table.read("redirects", as_count(0, 50), 10)), *read_trust(entry)]
    auth, identity = _auth(entry)
    options += [*_version(version), *_proxy(entry), *auth, (pycurl.ACCEPT_ENCODING, "")]
    if method == "HEAD":
        options.append((pycurl.NOBODY, 1))
    expectation = read_expectation(entry, has_body=method != "HEAD") if expect else Expectation()
    return Request(
        title=title,
        method=method,
        url=entry.url('"https://shop.example/"'),
        headers=(*identity, *_headers(entry)),
        body=entry.template("body"),
        options=tuple(options),
        version=_EXPECTED_VERSIONS.get(version, ""),
        max_body_bytes=table.read("max_body_bytes", as_count(1, _MOST_BODY), _USUAL_BODY),
        expect=expectation,
        keeps_body=bool(expectation.body),
    )


def read_trust(entry: ProbeTable) -> Options:
    """Read the trusted authorities, our own certificate, and the version of IP."""
    verify = entry.table.read("verify", as_flag, True)
    options: list[tuple[int, object]] = [(pycurl.SSL_VERIFYPEER, int(verify)), (pycurl.SSL_VERIFYHOST, 2 * verify)]
    authority = entry.file("authority") or system_authorities()
    if authority:
        options.append((pycurl.CAINFO, authority))
    for key, option in (("certificate", pycurl.SSLCERT), ("key", pycurl.SSLKEY)):
        if path := entry.file(key):
            options.append((option, path))
    family = entry.table.read("ip", as_one_of(*FAMILIES), "")
    if family:
        options.append((pycurl.IPRESOLVE, FAMILIES[family]))
    return tuple(options)


def _redirects(most: int) -> Options:
    # A site that sets a cookie and sends its visitor back would redirect a visitor without cookies for ever.
    cookies = ((pycurl.COOKIEFILE, ""), (pycurl.COOKIELIST, "ALL"))
    return ((pycurl.FOLLOWLOCATION, 1), (pycurl.MAXREDIRS, most), *cookies) if most else cookies


def _version(version: str) -> Options:
    return ((pycurl.HTTP_VERSION, _VERSIONS[version]),) if version else ()


def _proxy(entry: ProbeTable) -> Options:
    proxy = entry.text("proxy", _as_proxy, None)
    return ((pycurl.PROXY, proxy),) if proxy else ()


def _as_proxy(text: str) -> str:
    if not text.startswith(("http://", "https://", "socks4://", "socks5://", "socks5h://")):
        raise Refused("is not a proxy", 'write its URL, such as "http://proxy.example:3128"', "bad-url")
    return text


def _auth(entry: ProbeTable) -> tuple[Options, tuple[tuple[str, Template], ...]]:
    """Read our credentials: options of libcurl, and headers."""
    below = entry.below(entry.table.section("auth"))
    table = below.table
    token, user = below.template("token"), below.text("user", str, None)
    password = below.text("password", str, "")
    scheme = table.read("scheme", as_one_of("basic", "digest"), "basic")
    table.close()
    if table.data and (token is None) == (user is None):
        table.report("user", "is missing", "write user and password, or a token", "missing-key")
    if token is not None:
        return (), (("Authorization", Template(("Bearer ", *token.parts))),)
    if user is None:
        return (), ()
    kind = pycurl.HTTPAUTH_DIGEST if scheme == "digest" else pycurl.HTTPAUTH_BASIC
    return ((pycurl.HTTPAUTH, kind), (pycurl.USERNAME, user), (pycurl.PASSWORD, password)), ()


def _headers(entry: ProbeTable) -> tuple[tuple[str, Template], ...]:
    """Read the headers; report and drop those that would break the request."""
    sound = []
    for name, value in entry.templates("headers"):
        try:
            _header(name, value.fill(dict.fromkeys(value.names, "")))
        except Refused as refused:
            entry.table.section("headers").report(name, refused.what, refused.fix, refused.slug)
        else:
            sound.append((name, value))
    return tuple(sound)


def _header(name: str, value: str) -> bytes:
    if any(character in name + value for character in "\r\n\0") or not name or ":" in name:
        raise Refused("is no header", "write a name without colons and a value on one line", "bad-header")
    return f"{name}: {value}".encode() if value else f"{name};".encode()
