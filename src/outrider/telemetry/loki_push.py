"""Bodies of Loki's push API, JSON or protobuf compressed by snappy -> log records.

https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from outrider.telemetry.line_reader import SERVICE_NAME, LineReader, decoded, parse_time
from outrider.telemetry.otlp_body import JSON, BadTelemetry
from outrider.telemetry.snappy_block import inflate_snappy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from google.protobuf.message import Message

    from outrider.model import LogRecord
    from outrider.telemetry.attribute_reader import AttributeReader

_LABEL: Final = re.compile(r'([\w.:]+)\s*=\s*"((?:[^"\\]|\\.)*)"')
_SERVICES: Final = ("service_name", "service", "app", "application", "job", "container")
_LEVELS: Final = ("level", "severity", "detected_level")
_MOST_SNAPPY: Final = 4 << 20  # some seconds of the processor, at worst; clients send 1 MB at most
_NS: Final = 1_000_000_000

Entry = tuple[int, str, "Mapping[str, object]"]
"""Time in ns, line, and what is known beside it."""


def read_push(data: bytes, media: str, reader: AttributeReader) -> list[LogRecord]:
    """Return the log records of a body, whose gzip was taken away.

    Raises:
        BadTelemetry: If it cannot be read, or has too many lines.
    """
    records: list[LogRecord] = []
    try:
        for labels, entries in _json_streams(data) if media == JSON else _binary_streams(data, reader):
            level = next((str(labels.pop(name)) for name in _LEVELS if name in labels), "")
            service = next((labels[name] for name in _SERVICES if labels.get(name)), "")
            lines = LineReader(reader, {**labels, SERVICE_NAME: service} if service else labels)
            for time_ns, line, attributes in entries:
                records.append(lines.record(line, time_ns=time_ns, severity=level, attributes=attributes))
                if len(records) > reader.limits.records:
                    raise BadTelemetry(f"the body has more than {reader.limits.records:,} lines", 413)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError, ArithmeticError) as error:
        why = (str(error) or type(error).__name__).partition("\n")[0][:200]
        raise BadTelemetry(f"the body is no push of Loki in {media}: {why}") from None
    return records


def _json_streams(data: bytes) -> Iterator[tuple[dict[str, Any], Iterator[Entry]]]:
    for stream in json.loads(data)["streams"]:
        if "stream" in stream:
            yield dict(stream["stream"]), map(_json_entry, stream["values"])
        else:
            yield (
                _labels(stream["labels"]),
                ((parse_time(entry["ts"]), _text(entry["line"]), {}) for entry in stream["entries"]),
            )


def _json_entry(value: Any) -> Entry:
    time, line, *more = value
    return int(time), _text(line), dict(more[0]) if more else {}


def _text(line: object) -> str:
    if not isinstance(line, str):
        raise TypeError("a line is no text")
    return line


def _binary_streams(data: bytes, reader: AttributeReader) -> Iterator[tuple[dict[str, Any], Iterator[Entry]]]:
    from google.protobuf.message import DecodeError  # noqa: PLC0415  only a process that takes telemetry needs it

    if len(data) > _MOST_SNAPPY:
        raise BadTelemetry(f"the body has more than {_MOST_SNAPPY:,} bytes in snappy", 413)
    try:
        content = inflate_snappy(data, reader.limits.inflated_bytes)
    except OverflowError:
        raise BadTelemetry(f"the body inflates to more than {reader.limits.inflated_bytes:,} bytes", 413) from None
    message: Any = _push_request()()
    try:
        message.ParseFromString(content)
    except DecodeError:
        raise ValueError("it is no PushRequest") from None
    for stream in message.streams:
        yield _labels(decoded(stream.labels)), map(_binary_entry, stream.entries)


def _binary_entry(entry: Any) -> Entry:
    metadata = {decoded(pair.name): decoded(pair.value) for pair in entry.metadata}
    return entry.timestamp.seconds * _NS + entry.timestamp.nanos, decoded(entry.line), metadata


def _labels(text: str) -> dict[str, Any]:
    """Return labels that are written as `{app="shop", level="error"}`."""
    return {name: re.sub(r"\\(.)", r"\1", value) for name, value in _LABEL.findall(text)}


@cache
def _push_request() -> type[Message]:
    """Return the type of a body in protobuf: what of `logproto.PushRequest` is read.

    Texts are bytes here, since protobuf refuses a whole body for one line that is no UTF-8.
    """
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: PLC0415  as above

    kinds, package = descriptor_pb2.FieldDescriptorProto, "outrider.loki"
    file = descriptor_pb2.FileDescriptorProto(name="outrider_loki.proto", package=package, syntax="proto3")
    fields: dict[str, tuple[tuple[str, int, str], ...]] = {
        "Time": (("seconds", 1, "int64"), ("nanos", 2, "int32")),
        "Pair": (("name", 1, "bytes"), ("value", 2, "bytes")),
        "Entry": (("timestamp", 1, "Time"), ("line", 2, "bytes"), ("metadata", 3, "Pair*")),
        "Stream": (("labels", 1, "bytes"), ("entries", 2, "Entry*")),
        "PushRequest": (("streams", 1, "Stream*"),),
    }
    scalars = {"int64": kinds.TYPE_INT64, "int32": kinds.TYPE_INT32, "bytes": kinds.TYPE_BYTES}
    for message, members in fields.items():
        added = file.message_type.add(name=message)
        for name, number, kind in members:
            label = kinds.LABEL_REPEATED if kind.endswith("*") else kinds.LABEL_OPTIONAL
            field = added.field.add(name=name, number=number, label=label)
            if kind in scalars:
                field.type = scalars[kind]
            else:
                field.type, field.type_name = kinds.TYPE_MESSAGE, f".{package}.{kind.rstrip('*')}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    request: type[Message] = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.PushRequest"))
    return request
