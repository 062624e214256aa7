"""Bodies of OTLP over HTTP: protobuf or JSON, perhaps compressed, read as one message; and the answers to them.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from outrider.telemetry.attribute_reader import valid_text
from outrider.telemetry.limits import USUAL_LIMITS

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from outrider.telemetry.limits import Limits

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"


class SignalKind(StrEnum):
    """What a request brings; the last part of its address."""

    LOGS = "logs"
    TRACES = "traces"
    METRICS = "metrics"


@cache
def _messages(kind: SignalKind) -> tuple[type[Message], type[Message]]:
    """Return the types of request and response; imported late, since only a process that takes telemetry needs them."""
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs  # noqa: PLC0415
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics  # noqa: PLC0415
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces  # noqa: PLC0415

    if kind is SignalKind.LOGS:
        return logs.ExportLogsServiceRequest, logs.ExportLogsServiceResponse
    if kind is SignalKind.TRACES:
        return traces.ExportTraceServiceRequest, traces.ExportTraceServiceResponse
    return metrics.ExportMetricsServiceRequest, metrics.ExportMetricsServiceResponse


_REJECTED: Final = {
    SignalKind.LOGS: "rejected_log_records",
    SignalKind.TRACES: "rejected_spans",
    SignalKind.METRICS: "rejected_data_points",
}
_IDS: Final = frozenset({"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"})
_HEX: Final = re.compile(r"[0-9a-fA-F]*\Z")
_ID_CHARACTERS: Final = (0, 16, 32)
_DEEPEST: Final = 60
_WRONG_VALUES: Final = (AttributeError, ArithmeticError, RecursionError)
"""What `json_format` raises, besides its own errors, where a value is of another kind or infinite."""
_WINDOW: Final = 47  # zlib or gzip, by the header


class BadTelemetry(Exception):
    """A body cannot be read; the client must not send it again.

    Attributes:
        status: Of the answer.
    """

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.status = status


def media_type(header: str) -> str:
    """Return which of the two media types a `Content-Type` names.

    Raises:
        BadTelemetry: If it is neither.
    """
    name = header.partition(";")[0].strip().lower()
    if name not in {PROTOBUF, JSON}:
        raise BadTelemetry(f"Content-Type is {name[:60] or 'missing'!r}: send {PROTOBUF} or {JSON}", 415)
    return name


def inflated(data: bytes, encoding: str, limits: Limits = USUAL_LIMITS) -> bytes:
    """Return a body without its compression.

    Raises:
        BadTelemetry: If it is too large, inflated too large, damaged or cut short, or of an unknown encoding.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return data
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise BadTelemetry(f"Content-Encoding is {name[:60]!r}: send gzip, deflate or none", 415)
    pieces: list[bytes] = []
    left = limits.inflated_bytes
    while data:
        machine = zlib.decompressobj(_WINDOW)
        try:
            pieces.append(machine.decompress(data, left + 1))
        except zlib.error:
            raise BadTelemetry(f"the body is not {name}") from None
        left -= len(pieces[-1])
        if left < 0:
            raise BadTelemetry(f"the body inflates to more than {limits.inflated_bytes:,} bytes", 413)
        if not machine.eof:
            raise BadTelemetry(f"the {name} of the body is cut short")
        data = machine.unused_data
    return b"".join(pieces)


def parse(kind: SignalKind, data: bytes, media: str) -> Message:
    """Return the message of a request; what it holds that nobody knows is passed over.

    Raises:
        BadTelemetry: If it is not such a message.
    """
    from google.protobuf import json_format  # noqa: PLC0415  as the messages
    from google.protobuf.message import DecodeError  # noqa: PLC0415

    message = _messages(kind)[0]()
    try:
        if media == PROTOBUF:
            message.ParseFromString(data)
        else:
            json_format.ParseDict(_document(data), message, ignore_unknown_fields=True, max_recursion_depth=_DEEPEST)
    except (DecodeError, json_format.Error, ValueError, TypeError, *_WRONG_VALUES) as error:
        raise BadTelemetry(f"the body is no {kind} of OTLP in {media}: {_first_line(error)}") from None
    return message


def answer(kind: SignalKind, media: str, rejected: int = 0, why: str = "") -> bytes:
    """Return the body of a successful answer, which may be a success in part."""
    response: Any = _messages(kind)[1]()
    if rejected or why:
        setattr(response.partial_success, _REJECTED[kind], rejected)
        response.partial_success.error_message = why
    if media == PROTOBUF:
        return bytes(response.SerializeToString())
    from google.protobuf import json_format  # noqa: PLC0415  as the messages

    return json.dumps(json_format.MessageToDict(response)).encode()


def request_message(kind: SignalKind) -> Message:
    """Return a request without records."""
    return _messages(kind)[0]()


def rejected_records(kind: SignalKind, data: bytes) -> int:
    """Return how many records a successful answer in protobuf refuses; none if it cannot be read."""
    from google.protobuf.message import DecodeError  # noqa: PLC0415  as the messages

    response: Any = _messages(kind)[1]()
    try:
        response.ParseFromString(data)
    except DecodeError:
        return 0
    return max(0, int(getattr(response.partial_success, _REJECTED[kind])))


def failure(media: str, why: str) -> bytes:
    """Return the body of a refusal: a `google.rpc.Status` whose message says why."""
    if media == JSON:
        return json.dumps({"message": why}).encode()
    text = why.encode()[:1_000]
    return b"\x12" + _varint(len(text)) + text  # field 2 of google.rpc.Status, a string


def _varint(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])


def _document(data: bytes) -> dict[str, Any]:
    document = _with_binary_ids(json.loads(data), 0)
    if not isinstance(document, dict):
        raise TypeError("it is no object")
    return document


def _with_binary_ids(value: Any, depth: int) -> Any:
    """Return a document with ids in base64, as protobuf's JSON wants them; OTLP's JSON has them in hexadecimal."""
    if isinstance(value, str):
        return valid_text(value)
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    if isinstance(value, list):
        return [_with_binary_ids(entry, depth + 1) for entry in value]
    if isinstance(value, dict):
        return {valid_text(key): _entry(key, entry, depth) for key, entry in value.items()}
    return value


def _entry(key: str, value: Any, depth: int) -> Any:
    if key not in _IDS or not isinstance(value, str):
        return _with_binary_ids(value, depth + 1)
    if len(value) not in _ID_CHARACTERS or not _HEX.match(value):
        raise ValueError(f"{key} is {value[:40]!r}: it takes 16 or 32 hexadecimal digits")
    return base64.b64encode(binascii.unhexlify(value)).decode()


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0][:200]
