"""What a browser tells of a page view -> `PageView` and documents of its errors; pure, bounded, of any shape.

Nothing that a browser says of time, user, address or origin is believed: when a view began is reckoned back from when
the beacon came in, users are digests, and whoever only claims to be synthetic is a user.
"""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

from outrider.errors import browser_frames
from outrider.model import Origin, finite_number, printable
from outrider.model import origin_of as trace_origin
from outrider.real_users.browser_family import browser_family, device_of
from outrider.real_users.page_name import bare_url, known_url, page_name
from outrider.real_users.page_view import ROBOT, PageView
from outrider.real_users.view_conditions import cache_state, power_of

if TYPE_CHECKING:
    from collections.abc import Callable

BEACON_VERSION: Final = 1
MOST_EVENTS: Final = 120
MOST_RESOURCES: Final = 40
MOST_ERRORS: Final = 20
_HEX: Final = re.compile(r"[0-9a-f]+\Z")
_SESSION_DIGITS, _VIEW_DIGITS, _TRACE_DIGITS, _EVENT_DIGITS = 32, 16, 32, 32
_COUNTRY: Final = re.compile(r"[A-Z]{2}\Z")
_NAVIGATIONS: Final = frozenset({"navigate", "reload", "back_forward", "prerender", "back-forward-cache", "app"})
_CONNECTIONS: Final = frozenset({"slow-2g", "2g", "3g", "4g"})
_VITALS_MS: Final = ("lcp", "inp", "fcp", "ttfb")
_LONGEST_VITAL_MS: Final = 600_000.0
_MOST_CLS: Final = 100.0
_LONGEST_VIEW_MS: Final = 24 * 3_600_000
_MOST_COUNT: Final = 2**31 - 1
_NAME_CHARACTERS, _URL_CHARACTERS, _STACK_CHARACTERS = 200, 500, 8_192
_MOST_CAUSES: Final = 40
_MOST_MORE: Final = 12
_RESOURCE_FIELDS: Final = 7
_USER_DIGITS: Final = 16
_SHORT: Final = 100
_TIMELINE_HEAD: Final = 3


class BadBeacon(Exception):
    """A body is no beacon of a page view."""


@dataclass(frozen=True, slots=True)
class ReceivedBeacon:
    """Where and when a beacon came in.

    Attributes:
        address: Of the client; its last part is never kept.
        country: Two letters, by the word of a trusted proxy; "" if nobody says.
        agent: Its `User-Agent`.
        query: Names of parameters that stay in addresses of pages.
        key: Of the workspace: digests of users and signatures of probers are made with it.
    """

    project: int
    service: str
    environment: str
    received_us: int
    address: str
    agent: str
    key: bytes
    country: str = ""
    query: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Beacon:
    """A view, and its errors as Sentry's clients write events, each with its id."""

    view: PageView
    errors: tuple[dict[str, Any], ...]


def read_beacon(content: bytes, received: ReceivedBeacon, scrub: Callable[[str, int], str]) -> Beacon:
    """Return what a beacon tells; what has another shape than it should is left out.

    Args:
        content: As it was sent.
        received: Where and when.
        scrub: Returns a text without secrets and personal data, of at most so many characters.

    Raises:
        BadBeacon: If it is none, or does not name its session and view.
    """
    document = _document(content)
    session, view = _digits(document.get("session"), _SESSION_DIGITS), _digits(document.get("view"), _VIEW_DIGITS)
    url = known_url(_raw(document.get("url"), _URL_CHARACTERS), received.query)
    if not (session and view and url):
        raise BadBeacon("it does not name its session, its view and its address")

    def text(value: object, most: int = _NAME_CHARACTERS) -> str:
        if not isinstance(value, str) or not value:
            return ""
        return _clean(value, most, scrub) if len(value) <= _SHORT else _cleaned(value, most, scrub)

    reader = _Reader(document, received, text)
    row = reader.view(session, view, scrub(url, _URL_CHARACTERS))
    return Beacon(row, tuple(reader.errors(row)))


class _Reader:
    """Reads one beacon."""

    def __init__(self, document: dict[str, Any], received: ReceivedBeacon, text: Callable[..., str]) -> None:
        self._beacon = document
        self._received = received
        self._text = text

    def view(self, session: str, view: str, url: str) -> PageView:
        document, received, text = self._beacon, self._received, self._text
        family = browser_family(received.agent)
        counts, vitals = _object(document.get("counts")), _object(document.get("vitals"))
        durations = {name: _vital(vitals.get(name), _LONGEST_VITAL_MS) for name in _VITALS_MS}
        duration_ms = min(_count(document.get("ms")), _LONGEST_VIEW_MS)
        navigation = _one_of(document.get("nav"), _NAVIGATIONS) or "navigate"
        return PageView(
            start_us=self._start_us(duration_ms),
            project=received.project,
            service=received.service,
            environment=received.environment,
            release=text(document.get("release")),
            session=session,
            view=view,
            sequence=max(1, min(_count(document.get("n")), 65_535)),
            page=text(document.get("page")) or page_name(url),
            url=url,
            previous=text(known_url(_raw(document.get("from"), _URL_CHARACTERS), received.query), _URL_CHARACTERS),
            navigation=navigation,
            device=device_of(family, _count(document.get("width")), has_touch=document.get("touch") is True),
            browser=family.browser,
            system=family.system,
            connection=_one_of(document.get("connection"), _CONNECTIONS),
            country=received.country if _COUNTRY.match(received.country) else "",
            network=_network(received.address),
            user=self._user(),
            origin=self._origin(is_robot=family.is_robot),
            trace_id=_digits(document.get("trace"), _TRACE_DIGITS),
            duration_ms=duration_ms,
            lcp_ms=durations["lcp"],
            inp_ms=durations["inp"],
            cls=_vital(vitals.get("cls"), _MOST_CLS),
            fcp_ms=durations["fcp"],
            ttfb_ms=durations["ttfb"],
            causes={
                text(name, 40): text(cause)
                for name, cause in list(_object(document.get("causes")).items())[:_MOST_CAUSES]
            },
            errors=_count(counts.get("errors")),
            rage_clicks=_count(counts.get("rage")),
            dead_clicks=_count(counts.get("dead")),
            long_tasks=_count(counts.get("long")),
            long_task_ms=_count(counts.get("longMs")),
            calls=_count(counts.get("calls")),
            failed_calls=_count(counts.get("failed")),
            cache=self._cache(navigation),
            crashes=_count(counts.get("uncaught")),
            power=power_of(finite_number(document.get("memory")), _count(document.get("cores"))),
            resources=_json([self._resource(row) for row in _list(document.get("resources"))[:MOST_RESOURCES]]),
            events=_json([event for row in _list(document.get("events"))[:MOST_EVENTS] if (event := self._event(row))]),
        )  # fmt: skip

    def errors(self, view: PageView) -> list[dict[str, Any]]:
        """Return documents of errors that name page, session and trace."""
        documents = []
        for error in _list(self._beacon.get("errors"))[:MOST_ERRORS]:
            fields = _object(error)
            if name := _digits(fields.get("id"), _EVENT_DIGITS):
                documents.append({"event_id": name, **self._error(fields, view)})
        return documents

    def _error(self, fields: dict[str, Any], view: PageView) -> dict[str, Any]:
        message, source = _raw(fields.get("message"), _STACK_CHARACTERS), _raw(fields.get("source"), 40)
        kind, stack = _raw(fields.get("type"), _NAME_CHARACTERS), _raw(fields.get("stack"), _STACK_CHARACTERS)
        at_us = view.start_us + min(_count(fields.get("t")), _LONGEST_VIEW_MS) * 1000
        frames = [
            {
                "filename": frame.path, "abs_path": frame.path, "function": frame.function or "?",
                "lineno": frame.line, "colno": frame.column, "in_app": frame.in_app,
            }
            for frame in browser_frames(stack, f"{kind}: {message}")
        ]  # fmt: skip
        trace_id = _digits(fields.get("trace"), _TRACE_DIGITS) or view.trace_id
        exception: dict[str, Any] = {
            "type": kind or "Error", "value": message, "mechanism": {"type": source, "handled": source == "console"},
        }  # fmt: skip
        if frames:
            exception["stacktrace"] = {"frames": frames}
        what: dict[str, Any] = {"exception": {"values": [exception]}} if kind else {"message": message}
        contexts: dict[str, Any] = {
            "session": {"id": view.session, "view": view.view}, "trace": {"trace_id": trace_id} if trace_id else {},
            "browser": {"name": view.browser}, "os": {"name": view.system},
        }  # fmt: skip
        tags = {"device": view.device, "browser": view.browser, "origin": view.origin}
        return {
            **what, "platform": "javascript", "timestamp": at_us / 1e6, "transaction": view.page,
            "release": view.release, "request": {"url": view.url}, "contexts": contexts,
            "user": {"id": view.user} if view.user else {},
            "tags": {name: value for name, value in tags.items() if value},
            "sdk": {"name": "outrider.rum", "version": str(BEACON_VERSION)},
        }  # fmt: skip

    def _start_us(self, duration_ms: int) -> int:
        """Reckon back from when the beacon came in: clocks of browsers may be anywhere."""
        return self._received.received_us - duration_ms * 1000

    def _cache(self, navigation: str) -> str:
        counts = _object(self._beacon.get("counts"))
        own, hits = _count(counts.get("own")), _count(counts.get("hits"))
        return cache_state(finite_number(self._beacon.get("bytes")), own, hits, navigation)

    def _user(self) -> str:
        named = _raw(self._beacon.get("user"), _NAME_CHARACTERS)
        if not named:
            return ""
        return user_digest(self._received.key, self._received.project, named)

    def _origin(self, *, is_robot: bool) -> str:
        """Return whose traffic it is: a prober's only by a signature of ours."""
        claimed = _raw(self._beacon.get("synthetic"), _NAME_CHARACTERS)
        if claimed:
            trace_id, _, state = claimed.partition(" ")
            origin = trace_origin(self._received.key, trace_id, state, self._received.received_us / 1e6)
            if origin is not Origin.USER:
                return origin.value
        return ROBOT if is_robot or self._beacon.get("robot") is True else ""

    def _resource(self, row: object) -> list[object]:
        kind, address, *figures = [*_list(row)[:_RESOURCE_FIELDS], *[0] * _RESOURCE_FIELDS][:_RESOURCE_FIELDS]
        return [self._text(kind, 20), self._text(bare_url(_raw(address, _URL_CHARACTERS))), *map(_count, figures)]

    def _event(self, row: object) -> list[object]:
        fields = _list(row)
        if len(fields) < _TIMELINE_HEAD:
            return []
        at_ms, kind, what, *more = fields[: _TIMELINE_HEAD + _MOST_MORE]
        added = [_count(value) if isinstance(value, (int, float)) else self._text(value) for value in more]
        return [min(_count(at_ms), _LONGEST_VIEW_MS), self._text(kind, 20), self._without_query(what), *added]

    def _without_query(self, what: object) -> str:
        return self._text(re.sub(r"[?#]\S*", "", _raw(what, _URL_CHARACTERS)) if "/" in str(what) else what)


def _cleaned(value: str, most: int, scrub: Callable[[str, int], str]) -> str:
    return printable(scrub(_raw(value, 2 * most), most)).strip()


_clean = lru_cache(maxsize=16_384)(_cleaned)
"""For short texts, since pages repeat themselves."""


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise BadBeacon("it is no JSON") from None
    if not isinstance(document, dict) or document.get("v") != BEACON_VERSION:
        raise BadBeacon(f"it is no beacon of version {BEACON_VERSION}")
    return document


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _raw(value: object, most: int) -> str:
    """Return a text without lone surrogates."""
    return value[:most].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _digits(value: object, count: int) -> str:
    text = value if isinstance(value, str) and len(value) == count and _HEX.match(value) else ""
    return text if text.strip("0") else ""


def _one_of(value: object, known: frozenset[str]) -> str:
    return value if isinstance(value, str) and value in known else ""


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(value: object) -> int:
    if type(value) is int:
        return min(value, _MOST_COUNT) if value > 0 else 0
    number = finite_number(value)
    return 0 if number is None else max(0, min(round(number), _MOST_COUNT))


def _vital(value: object, most: float) -> float | None:
    number = finite_number(value)
    return number if number is not None and 0 <= number <= most else None


@lru_cache(maxsize=4_096)
def _network(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network((known, 24 if known.version == 4 else 48), strict=False))


def user_digest(key: bytes, project: int, name: str) -> str:
    """Return what is kept of a user whom pages of a project name."""
    return hmac.digest(key, f"user {project} {name}".encode(), "sha256").hex()[:_USER_DIGITS]
