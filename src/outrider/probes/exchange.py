"""One HTTP exchange: a request, and its answer or the reason that there is none."""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import TYPE_CHECKING

import pycurl

from outrider.probes.answers import Answer, PassedHop
from outrider.probes.certificates import NAMELESS, read_chain
from outrider.probes.handshake_errors import explain_handshake, is_handshake_error
from outrider.probes.host_addresses import address_of, host_of, is_name
from outrider.probes.own_certificate import explain_alert
from outrider.probes.probe_result import Blame, Failure
from outrider.probes.redirects import STATUSES, body_options, redirected, why_not_followed
from outrider.probes.system_errors import OURS, lacks_descriptors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.probes.http_request import Request
    from outrider.probes.redirects import Hop
    from outrider.probes.transfers import Transfers

KEPT_BYTES = 256_000
"""How much of a body is kept as evidence where no assertion needs more of it."""

_PROTOCOLS = {1: "HTTP/1.0", 2: "HTTP/1.1", 3: "HTTP/2", 30: "HTTP/3"}
_TIMED_OUT = (pycurl.E_OPERATION_TIMEDOUT,)
_UNRESOLVED = (pycurl.E_COULDNT_RESOLVE_HOST, pycurl.E_COULDNT_RESOLVE_PROXY)
_EXHAUSTED = {pycurl.E_OUT_OF_MEMORY, pycurl.E_FAILED_INIT}
_OF_FILES = {
    pycurl.E_COULDNT_RESOLVE_HOST, pycurl.E_COULDNT_RESOLVE_PROXY, pycurl.E_COULDNT_CONNECT, pycurl.E_SSL_CERTPROBLEM,
    pycurl.E_SSL_CACERT_BADFILE, pycurl.E_SSL_CONNECT_ERROR,
}  # fmt: skip
_REFUSED = {errno.ECONNREFUSED, errno.ECONNRESET}
_WRONG_PROBE = {
    pycurl.E_URL_MALFORMAT, pycurl.E_SSL_CERTPROBLEM, pycurl.E_SSL_CACERT_BADFILE, pycurl.E_SSL_CIPHER,
    pycurl.E_BAD_FUNCTION_ARGUMENT, pycurl.E_NOT_BUILT_IN,
}  # fmt: skip
_BROKEN = {pycurl.E_SEND_ERROR, pycurl.E_RECV_ERROR}
_E_TOO_LARGE = 100  # which pycurl does not name
_SILENT = {
    pycurl.E_HTTP2: "the server ended the connection, or spoke no HTTP/2",
    pycurl.E_WRITE_ERROR: "something follows the end of the compressed body",
    pycurl.E_BAD_CONTENT_ENCODING: "the compressed body is broken",
    _E_TOO_LARGE: "the headers are too large",
}  # which libcurl may report without a word
_PLAIN = {pycurl.E_TOO_MANY_REDIRECTS: "the server asks again and again to sign in"}  # redirects are not libcurl's
_LOG_MARKS = {pycurl.INFOTYPE_TEXT: "* ", pycurl.INFOTYPE_HEADER_IN: "< ", pycurl.INFOTYPE_HEADER_OUT: "> "}


@dataclass(slots=True)
class _Sink:
    """A receiver of a body: it keeps the beginning, counts the rest, and stops above a size."""

    kept_bytes: int
    most_bytes: int
    content: BytesIO = field(default_factory=BytesIO)
    size: int = 0

    def write(self, chunk: bytes) -> int:
        """Take a piece; anything but its length stops the transfer."""
        self.size += len(chunk)
        if self.size > self.most_bytes:
            return 0
        if (room := self.kept_bytes - self.content.tell()) > 0:
            self.content.write(chunk[:room])
        return len(chunk)


@dataclass(slots=True)
class ExchangeLog:
    """The log of an exchange without its bodies; of a long one the beginning."""

    content: BytesIO = field(default_factory=BytesIO)
    left_out_bytes: int = 0

    def note(self, kind: int, data: bytes) -> None:
        """Append a line of libcurl's log."""
        if kind not in _LOG_MARKS:
            return
        if self.content.tell() >= KEPT_BYTES:
            self.left_out_bytes += len(data)
            return
        for line in data.splitlines():
            self.content.write(_LOG_MARKS[kind].encode() + line + b"\n")


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The result of a request: an answer, or a failure; `url` is the one that was asked first."""

    url: str
    answer: Answer
    failure: Failure | None = None


async def exchange(
    transfers: Transfers, curl: pycurl.Curl, request: Request, hop: Hop, *, limit_s: float,
    log: ExchangeLog | None = None,
) -> Exchanged:  # fmt: skip
    """Make a request on a handle without options, within `limit_s`, and follow its redirects.

    Args:
        hop: What `request.filled` returned.
        log: Receives the log of the exchange.
    """
    first, hops, ends_s = hop.url, list[PassedHop](), time.monotonic() + limit_s
    while True:
        left_s = ends_s - time.monotonic() if hops else limit_s
        answer, failure = await _transfer(transfers, curl, request, hop, left_s=left_s, limit_s=limit_s, log=log)
        url = _location(curl, answer.status) if request.redirects and failure is None else ""
        url = hop.route.shown_url(url, hop.url) if url and hop.route else url
        if url:
            failure = _unfollowed(request.redirects, len(hops), url)
        if failure or not url:
            break
        hops.append(PassedHop(answer.status, address_of(hop.url), answer.total_ms))
        hop = redirected(hop, answer.status, url)
        curl.reset()
    if failure is None and request.version and answer.protocol != request.version:
        failure = Failure(Blame.TARGET, f"answered by {answer.protocol}, not {request.version}")
    if failure is None and answer.is_nameless and (pycurl.SSL_VERIFYHOST, 2) in request.options:
        failure = Failure(Blame.TARGET, NAMELESS)
    if failure and hops:
        failure = replace(failure, reason=f"redirected to {address_of(hop.url)}: {failure.reason}")
    return Exchanged(first, answer.after(tuple(hops)) if hops else answer, failure)


async def _transfer(
    transfers: Transfers, curl: pycurl.Curl, request: Request, hop: Hop, *, left_s: float, limit_s: float,
    log: ExchangeLog | None,
) -> tuple[Answer, Failure | None]:  # fmt: skip
    most = request.max_body_bytes
    headers, sink = BytesIO(), _Sink(most if request.keeps_body else min(most, KEPT_BYTES), most)
    _set(curl, request.options)
    if hop.is_trusted:
        _set(curl, request.credentials)
    _set(curl, hop.options)
    _set(curl, body_options(hop.body))
    curl.setopt(pycurl.TIMEOUT_MS, max(1, int(left_s * 1000)))
    curl.setopt(pycurl.HEADERFUNCTION, headers.write)
    curl.setopt(pycurl.WRITEFUNCTION, sink.write)
    if hop.url.startswith("https:"):
        curl.setopt(pycurl.OPT_CERTINFO, 1)
    if log is not None:
        curl.setopt(pycurl.DEBUGFUNCTION, log.note)
        curl.setopt(pycurl.VERBOSE, 1)
    code, message = await transfers.perform(curl)
    answer = _answer(curl, headers.getvalue(), sink, has_name=is_name(host_of(hop.url)))
    if sink.size > most:
        return answer, Failure(Blame.TARGET, f"the body is larger than {most} bytes, and was cut off")
    return answer, explain(curl, code, message, limit_s) if code else None


def _location(curl: pycurl.Curl, status: int) -> str:
    """Return where an answer redirects to, made absolute, or nothing."""
    if status not in STATUSES:
        return ""
    return (curl.getinfo_raw(pycurl.REDIRECT_URL) or b"").decode("utf-8", "replace")


def _unfollowed(most: int, followed: int, url: str) -> Failure | None:
    why = f"maximum ({most}) redirects followed" if followed == most else why_not_followed(url)
    return Failure(Blame.TARGET, why) if why else None


def _set(curl: pycurl.Curl, options: Iterable[tuple[int, object]]) -> None:
    setopt = curl.setopt
    for option, value in options:
        setopt(option, value)


def read_phases(curl: pycurl.Curl, *, has_name: bool) -> tuple[float, dict[str, float]]:
    """Return the total and each phase that happened, in ms; of one request.

    Its timers and their order: https://curl.se/libcurl/c/curl_easy_getinfo.html, section "Times".
    """
    get = curl.getinfo
    name, connect, tls = get(pycurl.NAMELOOKUP_TIME_T), get(pycurl.CONNECT_TIME_T), get(pycurl.APPCONNECT_TIME_T)
    first, total = get(pycurl.STARTTRANSFER_TIME_T), get(pycurl.TOTAL_TIME_T)
    phases = {}
    looked_up = name if has_name else 0
    if has_name:
        phases["dns"] = name / 1000
    if connect:
        phases["connect"] = (connect - looked_up) / 1000
    if tls:
        phases["tls"] = (tls - connect) / 1000
    if first:
        phases["first_byte"] = (first - (tls or connect)) / 1000
        phases["transfer"] = (total - first) / 1000
    return total / 1000, phases


def _answer(curl: pycurl.Curl, headers: bytes, sink: _Sink, *, has_name: bool) -> Answer:
    total_ms, phases = read_phases(curl, has_name=has_name)
    chain = read_chain(curl.getinfo(pycurl.INFO_CERTINFO)) if "tls" in phases else ()
    return Answer(
        status=curl.getinfo(pycurl.RESPONSE_CODE),
        total_ms=total_ms,
        phases_ms=phases,
        protocol=_PROTOCOLS.get(curl.getinfo(pycurl.INFO_HTTP_VERSION), ""),
        remote=curl.getinfo(pycurl.PRIMARY_IP) or "",
        body_bytes=float(curl.getinfo(pycurl.SIZE_DOWNLOAD_T)),
        certificate_days=chain[0].days_left(time.time()) if chain else None,
        is_nameless=bool(chain) and chain[0].is_nameless,
        raw_headers=headers,
        body=sink.content.getvalue(),
        left_out_bytes=sink.size - sink.content.tell(),
    )


def lowered(text: str) -> str:
    """Return a sentence as it stands within another one."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def explain(curl: pycurl.Curl, code: int, message: str, limit_s: float) -> Failure:
    """Return what an error of libcurl means; https://curl.se/libcurl/c/libcurl-errors.html."""
    system = curl.getinfo(pycurl.OS_ERRNO)
    text = _PLAIN.get(code) or lowered(message) or _SILENT.get(code, f"the transfer ended with libcurl's error {code}")
    if lacking := _lacking(system, code, text):
        return Failure(Blame.PROBER, f"{lacking}: {text}")
    if code in _UNRESOLVED:
        return Failure(Blame.NETWORK, text)
    if code in _TIMED_OUT:
        return _time_out(curl, limit_s)
    if code == pycurl.E_COULDNT_CONNECT:
        blame = Blame.TARGET if system in _REFUSED else Blame.NETWORK
        why = lowered(os.strerror(system)) if system else text
        return Failure(blame, f"cannot connect: {why}")
    if reason := explain_alert(text) or (explain_handshake(text) if is_handshake_error(text) else ""):
        return Failure(Blame.TARGET, reason)
    if code in _BROKEN and curl.getinfo(pycurl.APPCONNECT_TIME_T) and not curl.getinfo(pycurl.HEADER_SIZE):
        text += "; it ended the connection after the TLS handshake, as a server does that wants a certificate of ours"
    return Failure(Blame.SETUP if code in _WRONG_PROBE else Blame.TARGET, text)


def _lacking(system: int, code: int, text: str) -> str:
    """Return what this host has run out of, or nothing."""
    if system in OURS or code in _EXHAUSTED or "thread failed to start" in text:
        return "this host has no more of what a connection needs"
    return "this process has no more file descriptors" if code in _OF_FILES and lacks_descriptors() else ""


def _time_out(curl: pycurl.Curl, limit_s: float) -> Failure:
    blame, during = _interrupted(curl)
    return Failure(blame, f"time-out after {limit_s:.1f} s, {during}", is_time_out=True)


def _interrupted(curl: pycurl.Curl) -> tuple[Blame, str]:
    """Return what a transfer was doing when its time was over."""
    if not curl.getinfo(pycurl.NAMELOOKUP_TIME_T):
        return Blame.NETWORK, "during the name lookup"
    if not curl.getinfo(pycurl.CONNECT_TIME_T):
        return Blame.NETWORK, "while connecting"
    if (curl.getinfo(pycurl.SCHEME) or "").lower() == "https" and not curl.getinfo(pycurl.APPCONNECT_TIME_T):
        return Blame.SLOW, "during the TLS handshake"
    if curl.getinfo(pycurl.HEADER_SIZE):  # libcurl sets the timers of later phases when it gives up
        return Blame.SLOW, "during the transfer"
    return Blame.SLOW, "waiting for the first byte"
