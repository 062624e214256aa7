"""One HTTP exchange: a request, and its answer or the reason that there is none."""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

import pycurl

from outrider.probes.answers import Answer
from outrider.probes.certificates import read_chain
from outrider.probes.host_addresses import host_of, is_name
from outrider.probes.probe_result import Blame, Failure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.probes.http_request import Options, Request
    from outrider.probes.transfers import Transfers

KEPT_BYTES = 256_000
"""How much of a body is kept as evidence where no assertion needs more of it."""

_PROTOCOLS = {1: "HTTP/1.0", 2: "HTTP/1.1", 3: "HTTP/2", 30: "HTTP/3"}
_TIMED_OUT = (pycurl.E_OPERATION_TIMEDOUT,)
_UNRESOLVED = (pycurl.E_COULDNT_RESOLVE_HOST, pycurl.E_COULDNT_RESOLVE_PROXY)
_OURS = {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM}
_REFUSED = {errno.ECONNREFUSED, errno.ECONNRESET}
_WRONG_PROBE = {
    pycurl.E_URL_MALFORMAT, pycurl.E_SSL_CERTPROBLEM, pycurl.E_SSL_CACERT_BADFILE, pycurl.E_SSL_CIPHER,
    pycurl.E_BAD_FUNCTION_ARGUMENT, pycurl.E_NOT_BUILT_IN,
}  # fmt: skip
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
    """The log of an exchange without its bodies."""

    content: BytesIO = field(default_factory=BytesIO)

    def note(self, kind: int, data: bytes) -> None:
        """Append a line of libcurl's log."""
        if kind in _LOG_MARKS and self.content.tell() < KEPT_BYTES:
            for line in data.splitlines():
                self.content.write(_LOG_MARKS[kind].encode() + line + b"\n")


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The result of a request: an answer, or a failure."""

    url: str
    answer: Answer
    failure: Failure | None = None


async def exchange(
    transfers: Transfers, curl: pycurl.Curl, request: Request, filled: tuple[str, Options], *, limit_s: float,
    log: ExchangeLog | None = None,
) -> Exchanged:  # fmt: skip
    """Make a request on a handle without options, within `limit_s`.

    Args:
        filled: What `request.filled` returned.
        log: Receives the log of the exchange.
    """
    url, options = filled
    most = request.max_body_bytes
    headers, sink = BytesIO(), _Sink(most if request.keeps_body else min(most, KEPT_BYTES), most)
    _set(curl, request.options)
    _set(curl, options)
    curl.setopt(pycurl.TIMEOUT_MS, max(1, int(limit_s * 1000)))
    curl.setopt(pycurl.HEADERFUNCTION, headers.write)
    curl.setopt(pycurl.WRITEFUNCTION, sink.write)
    is_tls = url.startswith("https:")
    if is_tls:
        curl.setopt(pycurl.OPT_CERTINFO, 1)
    if log is not None:
        curl.setopt(pycurl.DEBUGFUNCTION, log.note)
        curl.setopt(pycurl.VERBOSE, 1)
    code, message = await transfers.perform(curl)
    answer = _answer(curl, headers.getvalue(), sink.content.getvalue(), has_name=is_name(host_of(url)))
    if sink.size > most:
        return Exchanged(url, answer, Failure(Blame.TARGET, f"the body is larger than {most} bytes, and was cut off"))
    if code:
        return Exchanged(url, answer, explain(curl, code, message, limit_s))
    if request.version and answer.protocol != request.version:
        return Exchanged(url, answer, Failure(Blame.TARGET, f"answered by {answer.protocol}, not {request.version}"))
    return Exchanged(url, answer)


def _set(curl: pycurl.Curl, options: Iterable[tuple[int, object]]) -> None:
    setopt = curl.setopt
    for option, value in options:
        setopt(option, value)


def read_phases(curl: pycurl.Curl, *, has_name: bool) -> tuple[float, dict[str, float]]:
    """Return the total and each phase that happened, in ms; libcurl's times add up over redirects.

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


def _answer(curl: pycurl.Curl, headers: bytes, body: bytes, *, has_name: bool) -> Answer:
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
        raw_headers=headers,
        body=body,
    )


def lowered(text: str) -> str:
    """Return a sentence as it stands within another one."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def explain(curl: pycurl.Curl, code: int, message: str, limit_s: float) -> Failure:
    """Return what an error of libcurl means; https://curl.se/libcurl/c/libcurl-errors.html."""
    system = curl.getinfo(pycurl.OS_ERRNO)
    text = lowered(message)
    if system in _OURS:
        return Failure(Blame.PROBER, f"this host has no more of what a connection needs: {text}")
    if code in _UNRESOLVED:
        return Failure(Blame.NETWORK, text)
    if code in _TIMED_OUT:
        return _time_out(curl, limit_s)
    if code == pycurl.E_COULDNT_CONNECT:
        blame = Blame.TARGET if system in _REFUSED else Blame.NETWORK
        why = lowered(os.strerror(system)) if system else text
        return Failure(blame, f"cannot connect: {why}")
    if code in _WRONG_PROBE:
        return Failure(Blame.SETUP, text)
    return Failure(Blame.TARGET, text)


def _time_out(curl: pycurl.Curl, limit_s: float) -> Failure:
    _, phases = read_phases(curl, has_name=True)
    if not curl.getinfo(pycurl.NAMELOOKUP_TIME_T):
        return Failure(Blame.NETWORK, f"time-out after {limit_s:.1f} s, during the name lookup")
    if not curl.getinfo(pycurl.CONNECT_TIME_T):
        return Failure(Blame.NETWORK, f"time-out after {limit_s:.1f} s, while connecting")
    if not curl.getinfo(pycurl.PRETRANSFER_TIME_T):
        return Failure(Blame.SLOW, f"time-out after {limit_s:.1f} s, during the TLS handshake")
    during = "during the transfer" if "first_byte" in phases else "waiting for the first byte"
    return Failure(Blame.SLOW, f"time-out after {limit_s:.1f} s, {during}")
