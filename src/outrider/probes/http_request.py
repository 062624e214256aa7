"""One request over HTTP: its description in a file, and the options of libcurl that make it."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, urlencode

import pycurl

from outrider.probes.certificates import system_authorities
from outrider.probes.expectations import Expectation, read_expectation
from outrider.probes.own_certificate import read_own_certificate
from outrider.probes.redirects import Hop, Options
from outrider.probes.request_form import read_form
from outrider.probes.request_route import read_route
from outrider.workspace import Refused, Template, as_count, as_flag, as_one_of, check_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from outrider.probes.probe_table import ProbeTable
    from outrider.probes.request_form import Form
    from outrider.probes.request_route import Route

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
_MOST_TOKEN = 65_536
_USUAL_BODY = 10_000_000
_ALWAYS: Options = ((pycurl.ACCEPT_ENCODING, ""), (pycurl.COOKIEFILE, ""))  # within one exchange cookies are kept
RESERVED = "!#$%&'()*+,/:;=?@[]"
_ONLY_HOST = re.compile(r"[a-z]+://[^/?#]+", re.IGNORECASE)
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
        credentials: Options of libcurl that hold our credentials; they go to the first origin only.
        form: The fields of a body of type multipart/form-data, or none.
        route: Where the first origin really is.
        grant: How an access token is asked for, if one is needed.
        redirects: How many are followed.
        version: The only version of HTTP that will do, in libcurl's words, or empty.
    """

    title: str
    method: str
    url: Template
    headers: tuple[tuple[str, Template], ...]
    body: Template | None
    options: Options = field(repr=False)
    credentials: Options = field(repr=False)
    redirects: int
    version: str
    max_body_bytes: int
    expect: Expectation
    keeps_body: bool = False
    form: Form | None = None
    route: Route | None = None
    grant: Grant | None = None

    @property
    def names(self) -> frozenset[str]:
        """Variables that an earlier request has to fill."""
        texts = (self.url, *(value for _, value in self.headers), *([self.body] if self.body else []))
        texts += self.form.templates if self.form else ()
        return frozenset(name for text in texts for name in text.names)

    def filled(self, values: Mapping[str, str]) -> Hop:
        """Return the request with its variables filled.

        Raises:
            Refused: If the URL is none, or a header would break the request.
        """
        url = fill_url(self.url, values)
        if self.url.names:
            check_url(url)
        headers = tuple((name, value.fill(values)) for name, value in self.headers)
        for name, value in headers:
            _check_header(name, value)
        body = None if self.body is None else self.body.fill(values).encode("utf-8", "replace")
        if self.form is not None:
            body = self.form.encoded(values)
            headers = (*headers, ("Content-Type", self.form.content_type))
        return Hop(url, self.method, headers, body, route=self.route)


@dataclass(frozen=True, slots=True)
class Grant:
    """How a token is asked for; equal ones share theirs.

    Attributes:
        key: Address, client, secret and fields.
    """

    key: tuple[str, ...] = field(repr=False)
    secret: str = field(repr=False, compare=False)
    request: Request = field(repr=False, compare=False)
    hop: Hop = field(repr=False, compare=False)


def plain_request(url: str, options: Options, *, version: str = "", max_bytes: int) -> Request:
    """Return a POST that follows no redirect, of which the whole answer is kept."""
    return Request(
        title="", method="POST", url=Template((url,)), headers=(), body=None, options=options, credentials=(),
        redirects=0, version=version, max_body_bytes=max_bytes, expect=Expectation(), keeps_body=True,
    )  # fmt: skip


def read_request(entry: ProbeTable, title: str = "", *, expect: bool = True) -> Request:
    """Read the keys of a request; report problems to its table."""
    table = entry.table
    form = read_form(entry)
    method = table.read("method", as_one_of(*_METHODS), "POST" if form else "GET")
    version = table.read("http", as_one_of(*_VERSIONS), "")
    shared = (*FRESH, *read_trust(entry), *_proxy(entry))
    auth = _auth(entry, shared)
    expectation = read_expectation(entry, has_body=method != "HEAD") if expect else Expectation()
    return Request(
        title=title,
        method=method,
        url=entry.url('"https://shop.example/"'),
        headers=(*auth.headers, *read_headers(entry)),
        body=entry.template("body"),
        options=encoded([*shared, *_version(version), *_ALWAYS]),
        credentials=encoded([*auth.options, *read_certificate(entry)]),
        redirects=table.read("redirects", as_count(0, 50), 10),
        version=_EXPECTED_VERSIONS.get(version, ""),
        max_body_bytes=table.read("max_body_bytes", as_count(1, _MOST_BODY), _USUAL_BODY),
        expect=expectation,
        keeps_body=bool(expectation.body),
        form=form,
        route=read_route(entry),
        grant=auth.grant,
    )


def encoded(options: Iterable[tuple[int, object]]) -> Options:
    """Return options whose texts are bytes, as libcurl's are; pycurl itself encodes ASCII only."""
    return tuple(
        (option, value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value)
        for option, value in options
    )


def read_trust(entry: ProbeTable) -> Options:
    """Read the trusted authorities, and the version of IP."""
    verify = entry.table.read("verify", as_flag, True)
    options: list[tuple[int, object]] = [(pycurl.SSL_VERIFYPEER, int(verify)), (pycurl.SSL_VERIFYHOST, 2 * verify)]
    authority = entry.file("authority") or system_authorities()
    if authority:
        options.append((pycurl.CAINFO, authority))
    family = entry.table.read("ip", as_one_of(*FAMILIES), "")
    if family:
        options.append((pycurl.IPRESOLVE, FAMILIES[family]))
    return tuple(options)


def read_certificate(entry: ProbeTable) -> Options:
    """Read our own certificate."""
    files = zip((pycurl.SSLCERT, pycurl.SSLKEY), read_own_certificate(entry), strict=True)
    return tuple((option, path) for option, path in files if path)


def _version(version: str) -> Options:
    return ((pycurl.HTTP_VERSION, _VERSIONS[version]),) if version else ()


def _proxy(entry: ProbeTable) -> Options:
    proxy = entry.text("proxy", _as_proxy, None)
    return ((pycurl.PROXY, proxy),) if proxy else ()


def _as_proxy(text: str) -> str:
    if not text.startswith(("http://", "https://", "socks4://", "socks5://", "socks5h://")):
        raise Refused("is not a proxy", 'write its URL, such as "http://proxy.example:3128"', "bad-url")
    return text


@dataclass(frozen=True, slots=True)
class _Auth:
    """Our credentials: options of libcurl, headers, or how a token is asked for."""

    options: Options = ()
    headers: tuple[tuple[str, Template], ...] = ()
    grant: Grant | None = None


def _auth(entry: ProbeTable, shared: Options) -> _Auth:
    """Read our credentials."""
    below = entry.below(entry.table.section("auth"))
    table = below.table
    token, user = below.template("token"), below.text("user", _as_user, None)
    password = below.text("password", _as_credential, "")
    scheme = table.read("scheme", as_one_of("basic", "digest"), "basic")
    grant = _grant(below, shared) if "token_url" in table.data else None
    table.close()
    ways = {"token", "user", "token_url"} & table.data.keys()
    if table.data and len(ways) != 1:
        fix = "write user and password, or a token, or token_url, client and secret"
        table.report("user", "stands beside another way" if ways else "is missing", fix, "missing-key")
    if token is not None:
        return _Auth(headers=(("Authorization", Template(("Bearer ", *token.parts))),))
    if user is None:
        return _Auth(grant=grant)
    kind = pycurl.HTTPAUTH_DIGEST if scheme == "digest" else pycurl.HTTPAUTH_BASIC
    return _Auth(((pycurl.HTTPAUTH, kind), (pycurl.USERNAME, user), (pycurl.PASSWORD, password)))


def _grant(entry: ProbeTable, shared: Options) -> Grant:
    """Read how a token is asked for by client credentials (RFC 6749, sections 2.3.1 and 4.4)."""
    table = entry.table
    url = entry.needed_text("token_url", _as_url, "", '"https://login.example/token"')
    client = entry.needed_text("client", str, "", '"watch"')
    secret = entry.needed_text("secret", str, "", '"${CLIENT_SECRET}"')
    names = ("scope", "audience", "resource")
    fields = [("grant_type", "client_credentials")]
    fields += [(name, value) for name in names if (value := entry.text(name, str, ""))]
    in_body = table.read("in_body", as_flag, False)
    headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")]
    if in_body:
        fields += [("client_id", client), ("client_secret", secret)]
    else:
        basic = b64encode(f"{quote_plus(client)}:{quote_plus(secret)}".encode()).decode()
        headers.append(("Authorization", f"Basic {basic}"))
    body = urlencode(fields, errors="replace").encode()
    request = plain_request(url, encoded(shared), max_bytes=_MOST_TOKEN)
    hop = Hop(url, "POST", tuple(headers), body)
    return Grant((url, client, secret, str(in_body), body.decode()), secret, request, hop)


def _as_url(text: str) -> str:
    check_url(text)
    return text


def _as_user(text: str) -> str:
    if ":" in text:  # RFC 7617, 2: what follows the first colon is the password
        raise Refused("holds a colon, where the password would begin", "write a user without colons", "bad-header")
    return _as_credential(text)


def _as_credential(text: str) -> str:
    """Accept what a header can hold, in UTF-8 (RFC 7617, 2.1): no control characters (RFC 7617, 2)."""
    if any(character < " " or character == "\x7f" for character in text) or not _is_utf8(text):
        raise Refused(
            "holds characters that no credential may hold", "write it without control characters", "bad-header"
        )
    return text


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_headers(entry: ProbeTable) -> tuple[tuple[str, Template], ...]:
    """Read the headers; report and drop those that would break the request."""
    sound = []
    for name, value in entry.templates("headers"):
        try:
            _check_header(name, value.fill(dict.fromkeys(value.names, "")))
        except Refused as refused:
            entry.table.section("headers").report(name, refused.what, refused.fix, refused.slug)
        else:
            sound.append((name, value))
    return tuple(sound)


def _check_header(name: str, value: str) -> None:
    if any(character in name + value for character in "\r\n\0") or not name or ":" in name:
        raise Refused("is no header", "write a name without colons and a value on one line", "bad-header")


def fill_url(template: Template, values: Mapping[str, str]) -> str:
    """Return a URL with its variables filled, each encoded for its place.

    A value that begins the URL, or the path right after the host with a slash, is an address, and only what no URL
    may hold is encoded; anywhere else it is data, and everything but letters, digits and `-._~` is encoded.
    """
    url = ""
    for part in template.parts:
        if isinstance(part, str):
            url += part
            continue
        value = values[part.name].encode("utf-8", "replace").decode()
        is_address = not url or (value.startswith("/") and _ONLY_HOST.fullmatch(url))
        url += quote(value, safe=RESERVED if is_address else "")
    return url
