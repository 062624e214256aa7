"""Values of OTLP -> text, attributes, services and times, within limits and scrubbed; what all signals share."""

from __future__ import annotations

import base64
import copy
import json
import time
from typing import TYPE_CHECKING, Any, Final, Self

from outrider.model import VENDOR, Origin, origin_of
from outrider.telemetry.limits import OTHER, USUAL_LIMITS, Known, Tally
from outrider.telemetry.scrubber import HIDDEN, Scrubber

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

    from outrider.telemetry.limits import Limits

UNKNOWN_SERVICE: Final = "unknown_service"
"""What OpenTelemetry's SDKs call a service that says nothing (specification, resource, semantic conventions)."""

_SERVICE: Final = "service.name"
_STACK: Final = "exception.stacktrace"  # issues are made of it: it may be as long as a body
_DEEPEST: Final = 16
_NS: Final = 1_000_000_000
_NO_TRACE: Final = bytes(16)
_NO_SPAN: Final = bytes(8)


class LogOrder:
    """Keeps log records of one source in their order: those of one time follow each other by a nanosecond.

    Many write their time in seconds or milliseconds, and records are sorted by nothing but their time later.
    """

    def __init__(self) -> None:
        self._time_ns = 0
        self._repeats = 0

    def moment(self, time_ns: int) -> int:
        """Return the time of the next record."""
        self._repeats = self._repeats + 1 if time_ns == self._time_ns else 0
        self._time_ns = time_ns
        return time_ns + self._repeats


class AttributeReader:
    """Reads what all signals share; of one process, since it remembers names of services and attributes.

    Args:
        limits: Of a record and of the process.
        scrubber: Of texts.
        tally: Counts what is cut or left out.
        key: Of the workspace, with which it signs the state of its traces; without one all traffic is of users.
        now_ns: The time, nanoseconds UTC.
    """

    def __init__(
        self,
        limits: Limits = USUAL_LIMITS,
        *,
        scrubber: Scrubber | None = None,
        tally: Tally | None = None,
        key: bytes = b"",
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.limits = limits
        self.tally = tally or Tally()
        self.scrubber = scrubber or Scrubber()
        self.now_ns = now_ns
        self._key = key
        self._services = Known(limits.services)
        self._names = Known(limits.attribute_names)
        self._whose = {"source": "", "service": ""}

    def of(self, **whose: str) -> Self:
        """Return the same reader for what a `source` sent, or a `service` of it."""
        own = copy.copy(self)
        own._whose = {**self._whose, **whose}
        return own

    def lose(self, what: str, count: int = 1) -> None:
        """Count what is cut or left out, and whose it is."""
        self.tally.add(what, count, **self._whose)

    def attributes(self, pairs: Iterable[KeyValue]) -> dict[str, str]:
        """Return attributes; those beyond a limit are left out, and counted."""
        limits, scrub, hides = self.limits, self.scrubber.text, self.scrubber.hides
        attributes: dict[str, str] = {}
        for pair in pairs:
            name = scrub(pair.key, limits.name_characters)
            if len(attributes) >= limits.attributes or not self._names.takes(name):
                self.lose("attributes left out")
                continue
            most = limits.text_characters if name == _STACK else limits.value_characters
            attributes[name] = HIDDEN if hides(name) else self.text(pair.value, most)
        return attributes

    def plain(self, values: Iterable[tuple[str, object]]) -> dict[str, str]:
        """Return attributes of values as JSON has them, within the same limits."""
        limits, scrub, hides = self.limits, self.scrubber.text, self.scrubber.hides
        attributes: dict[str, str] = {}
        for key, value in values:
            name = scrub(valid_text(key), limits.name_characters)
            if len(attributes) >= limits.attributes or not self._names.takes(name):
                self.lose("attributes left out")
                continue
            attributes[name] = HIDDEN if hides(name) else self.plain_text(value, limits.value_characters)
        return attributes

    def plain_text(self, value: object, most: int) -> str:
        """Return a value of JSON as text: a list or a map is JSON again."""
        if not isinstance(value, str):
            value = "" if value is None else json.dumps(self._without_secrets(value, 0), ensure_ascii=False)
        if len(value) > most:
            self.lose("texts cut")
        return self.scrubber.text(valid_text(value), most)

    def _without_secrets(self, value: object, depth: int) -> object:
        if depth > _DEEPEST:
            return None
        if isinstance(value, list):
            return [self._without_secrets(entry, depth + 1) for entry in value[: self.limits.attributes]]
        if isinstance(value, dict):
            entries = [*value.items()][: self.limits.attributes]
            return {
                key: HIDDEN if self.scrubber.hides(key) else self._without_secrets(entry, depth + 1)
                for key, entry in entries
            }
        return value

    def text(self, value: AnyValue, most: int) -> str:
        """Return a value as text: a list or a map is JSON, bytes are base64."""
        text = value.string_value or self._other_text(value)
        if len(text) > most:
            self.lose("texts cut")
        return self.scrubber.text(text, most)

    def _other_text(self, value: AnyValue) -> str:
        plain = self._plain(value, 0)
        if isinstance(plain, str):
            return plain
        return "" if plain is None else json.dumps(plain, ensure_ascii=False)

    def service(self, resource: dict[str, str]) -> str:
        """Return the service of a resource; `other` once there are too many."""
        name = resource.get(_SERVICE) or UNKNOWN_SERVICE
        if self._services.takes(name):
            return name
        self.lose("records of services beyond the limit")
        return OTHER

    def origin(self, trace: str, trace_state: str) -> Origin:
        """Return whose traffic a span belongs to."""
        if VENDOR not in trace_state or not self._key:
            return Origin.USER
        return origin_of(self._key, trace, trace_state, self.now_ns() / _NS)

    def moment(self, time_ns: int, otherwise_ns: int = 0) -> int:
        """Return a time that can be: the first that is given, or now where a clock is too far from ours."""
        chosen = time_ns or otherwise_ns
        now = self.now_ns()
        if now - self.limits.behind_s * _NS <= chosen <= now + self.limits.ahead_s * _NS:
            return chosen
        if chosen:
            self.lose("clocks too far from ours")
        return now

    def _plain(self, value: AnyValue, depth: int) -> Any:
        kind = value.WhichOneof("value")
        if kind is None or depth > _DEEPEST:
            return None
        content = getattr(value, kind)
        if kind == "array_value":
            return [self._plain(entry, depth + 1) for entry in content.values[: self.limits.attributes]]
        if kind == "kvlist_value":
            return {entry.key: self._entry(entry, depth) for entry in content.values[: self.limits.attributes]}
        return base64.b64encode(content).decode() if kind == "bytes_value" else content

    def _entry(self, entry: KeyValue, depth: int) -> Any:
        return HIDDEN if self.scrubber.hides(entry.key) else self._plain(entry.value, depth + 1)


def valid_text(text: str) -> str:
    """Return a text without half characters, which browsers send where they cut a text, and UTF-8 cannot hold."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def trace_id(data: bytes) -> str:
    """Return the id of a trace in hexadecimal; "" where there is none, or none that the standard knows."""
    return data.hex() if len(data) == len(_NO_TRACE) and data != _NO_TRACE else ""


def span_id(data: bytes) -> str:
    """Return the id of a span in hexadecimal; "" where there is none, or none that the standard knows."""
    return data.hex() if len(data) == len(_NO_SPAN) and data != _NO_SPAN else ""
