"""Where a journey's step waited, by the requests of its HAR: every moment belongs to a phase of one, or to none. Pure.

Of requests that are under way at a time it is the one that ends last, as of spans. While none is, the page's main
thread works, as far as that was noted, or the browser and the test do.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from outrider.causes.phase_parts import PHASE
from outrider.causes.trace_parts import StepParts, Waited, without_numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from outrider.causes.har_requests import MainThreadTask, WireRequest
    from outrider.causes.trace_parts import Places

ANSWER: Final = "answer of "
"""How a part begins that is the wait for a request's first byte."""

MAIN_THREAD: Final = "the browser's main thread: "
"""How a part begins that is work of a page."""

_TRANSFER: Final = "transfer of "
_SLACK_MS: Final = 5.0
_DOCUMENT: Final = "document"
_WORK: Final = {"script": "script", "layout": "style, layout and paint", "task": "other work"}
"""Of the main thread, as it is called; of two that are told of one moment the first."""

_CONTENT_HASH: Final = re.compile(r"[.-](?=[A-Za-z_]*\d)\w{8,}(?=\.\w+$)")


def network_parts(
    places: Places,
    requests: Sequence[WireRequest],
    begin_ms: float,
    duration_ms: float,
    tasks: Sequence[MainThreadTask] = (),
    *,
    run_ms: tuple[float, float] | None = None,
    by_host: bool = False,
) -> StepParts | str:
    """Return what a step waited for, or why that is not known.

    Phases that lead to a host are one part a host, and so are answers of other hosts than the pages' own; of these each
    path is one. What ended after the step did not delay it, except a document, which it need not have read to its end.

    Args:
        places: What numbers them, for all runs that are to be compared.
        requests: Of the attempt.
        begin_ms: When the step began, milliseconds since 1970.
        duration_ms: Of the step.
        tasks: Of the main threads of its pages.
        run_ms: When its run began and ended: a step of it may do without requests. The step's own times if None.
        by_host: Answers of the pages' own hosts are one part a host, too.
    """
    end_ms = begin_ms + duration_ms
    own = [
        request
        for request in requests
        if request.began_ms < end_ms and _end_ms(request) > begin_ms
        and (_end_ms(request) <= end_ms + _SLACK_MS or request.resource_type == _DOCUMENT)
    ]  # fmt: skip
    first_ms, last_ms = run_ms or (begin_ms, end_ms)
    if not own and not any(request.began_ms < last_ms and _end_ms(request) > first_ms for request in requests):
        return f"no request of the {'run' if run_ms else 'step'} was recorded"
    hosts = () if by_host else _page_hosts(requests)
    waited: dict[int, Waited] = {}
    idle: list[tuple[float, float]] = []
    cursor_ms = end_ms
    for request in sorted(own, key=_end_ms, reverse=True):
        last_ms = min(_end_ms(request), cursor_ms)
        first_ms = min(max(request.began_ms, begin_ms), last_ms)
        if first_ms < last_ms:
            idle.append((last_ms, cursor_ms))
            cursor_ms = first_ms
        for name, phase_begin_ms, phase_end_ms in _phases(request, hosts):
            part = waited.setdefault(places.number(-1, PHASE, name), Waited())
            part.ms += max(min(phase_end_ms, last_ms) - max(phase_begin_ms, first_ms), 0.0)
            part.count += 1
            part.errors += request.is_failed and name.startswith(ANSWER)
            part.bytes += request.bytes if name.startswith(_TRANSFER) else 0
    idle = _take_work(places, waited, [*idle, (begin_ms, cursor_ms)], tasks)
    return StepParts(duration_ms, waited, sum(end - begin for begin, end in idle), 0.0)


def _take_work(
    places: Places, waited: dict[int, Waited], idle: list[tuple[float, float]], tasks: Sequence[MainThreadTask]
) -> list[tuple[float, float]]:
    """Note what main threads did while no request was under way; return when they did nothing that is known."""
    order = list(_WORK)
    for task in sorted((own for own in tasks if own.kind in _WORK), key=lambda own: order.index(own.kind)):
        left: list[tuple[float, float]] = []
        for begin, end in idle:
            first, last = max(begin, task.began_ms), min(end, task.began_ms + task.duration_ms)
            if first >= last:
                left.append((begin, end))
                continue
            part = waited.setdefault(places.number(-1, PHASE, _work_name(task)), Waited())
            part.ms += last - first
            part.count += 1
            left += [own for own in ((begin, first), (last, end)) if own[0] < own[1]]
        idle = left
    return idle


def _work_name(task: MainThreadTask) -> str:
    parts = urlsplit(task.url)
    source = f" {path_text(task.url)} of {parts.netloc}" if parts.netloc else ""
    return f"{MAIN_THREAD}{_WORK[task.kind]}{source}"


def path_text(url: str) -> str:
    """Return the path of an address, in which numbers and hashes of builds count as one."""
    return _CONTENT_HASH.sub(".*", without_numbers(urlsplit(url).path or "/"))


def _page_hosts(requests: Sequence[WireRequest]) -> Collection[str]:
    """Return the hosts of documents; without any the one that is asked most."""
    hosts = {_host(request) for request in requests if request.resource_type == _DOCUMENT}
    return hosts or {host for host, _ in Counter(map(_host, requests)).most_common(1)}


def _phases(request: WireRequest, page_hosts: Collection[str]) -> Iterator[tuple[str, float, float]]:
    """Yield what a request did, one after another, and from when until when."""
    took_ms, host = dict(request.phases), _host(request)
    whose = f"{request.method} {path_text(request.url)} of {host}" if host in page_hosts else host
    steps = (
        (f"waiting in line for {host}", took_ms.get("blocked", 0.0)),
        (f"DNS lookup of {host}", took_ms.get("dns", 0.0)),
        (f"connection to {host}", took_ms.get("connect", 0.0) - took_ms.get("ssl", 0.0)),
        (f"TLS handshake with {host}", took_ms.get("ssl", 0.0)),
        (f"{ANSWER}{whose}", took_ms.get("send", 0.0) + took_ms.get("wait", 0.0)),
        (f"{_TRANSFER}{whose}", took_ms.get("receive", 0.0)),
    )  # fmt: skip
    begin_ms = request.began_ms
    for name, ms in steps:
        if ms > 0 or name.startswith(ANSWER):
            yield name, begin_ms, begin_ms + max(ms, 0.0)
            begin_ms += max(ms, 0.0)


def _end_ms(request: WireRequest) -> float:
    phases = dict(request.phases)
    return request.began_ms + sum(phases.values()) - phases.get("ssl", 0.0)


def _host(request: WireRequest) -> str:
    """Return the host with its port if the address names one: another port is another server."""
    return urlsplit(request.url).netloc.rpartition("@")[2].lower() or "(no host)"
