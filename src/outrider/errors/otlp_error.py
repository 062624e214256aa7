"""Exceptions that spans and log records tell of -> `ErrorEvent`s of the project of their service. Pure.

https://opentelemetry.io/docs/specs/semconv/exceptions/: events `exception` of spans, and attributes `exception.*` of
log records. An SDK records an exception at each span that it passes, and again in the log: within a trace what has one
type and one message is one event.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from outrider.errors.text_stack import stack_exceptions
from outrider.model import ErrorEvent, ErrorRequest, ErrorUser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.model import ErrorProject, LogRecord, Span, SpanEvent

EXCEPTION: Final = "exception"
_TYPE, _MESSAGE, _STACK = "exception.type", "exception.message", "exception.stacktrace"
_NAMES: Final = (_TYPE, _MESSAGE, _STACK)
_ENVIRONMENTS: Final = ("deployment.environment.name", "deployment.environment")
_PLATFORMS: Final = {"nodejs": "node", "webjs": "javascript", "dotnet": "csharp", "cpp": "native"}
_OF_PAGES: Final = ("http://", "https://")
_FATAL, _ERROR, _WARNING = 21, 17, 13
_NAME_CHARACTERS: Final = 500
_TEXT_CHARACTERS: Final = 8_192
_TAGS: Final = {"rpc.method": "rpc.method", "messaging.destination.name": "queue", "faas.name": "function"}


def has_exception(record: LogRecord) -> bool:
    """Return whether a log record tells of an exception."""
    return any(name in record.attributes for name in _NAMES)


def environment_of(resource: Mapping[str, str]) -> str:
    """Return the environment that a resource names; "" if it names none."""
    return next((resource[name] for name in _ENVIRONMENTS if resource.get(name)), "")


def span_error(span: Span, event: SpanEvent, project: ErrorProject, received_us: int) -> ErrorEvent:
    """Return the error of an event `exception` of a span; the same exception of a trace always has one id."""
    attributes = event.attributes
    is_called = span.kind in {"Server", "Consumer"}
    where = span.attributes
    method = where.get("http.request.method") or where.get("http.method", "")
    url = where.get("url.full") or where.get("http.url") or where.get("url.path") or where.get("http.target", "")
    return ErrorEvent(
        at_us=event.time_ns // 1_000,
        level="error",
        transaction=(where.get("http.route") or span.name)[:_NAME_CHARACTERS] if is_called else "",
        request=ErrorRequest(method[:16], url.partition("?")[0][:2_048]),
        extra={"span": span.name[:_NAME_CHARACTERS]},
        span_id=span.span_id,
        origin=span.origin,
        **_shared(span, attributes, project, received_us),
    )


def log_error(record: LogRecord, project: ErrorProject, received_us: int) -> ErrorEvent:
    """Return the error of a log record that has an exception."""
    return ErrorEvent(
        at_us=record.time_ns // 1_000,
        level=_level(record.severity_number),
        message=record.body[:_TEXT_CHARACTERS],
        logger=record.scope_name[:_NAME_CHARACTERS],
        span_id=record.span_id,
        origin=record.origin,
        **_shared(record, record.attributes, project, received_us),
    )


def _shared(
    record: Span | LogRecord, attributes: Mapping[str, str], project: ErrorProject, received_us: int
) -> dict[str, Any]:
    """Return what spans and log records tell alike."""
    resource, where = record.resource, record.attributes
    kind, value = attributes.get(_TYPE, ""), attributes.get(_MESSAGE, "")[:_TEXT_CHARACTERS]
    language = resource.get("telemetry.sdk.language", "")
    runtime = {name: resource.get(f"process.runtime.{name}", "")[:100] for name in ("name", "version")}
    sdk = f"{resource.get('telemetry.sdk.name', '')} {resource.get('telemetry.sdk.version', '')}"
    user = where.get("user.id") or where.get("enduser.id", "")
    exceptions = stack_exceptions(attributes.get(_STACK, ""), kind[:_NAME_CHARACTERS], value)
    if not language and any(frame.path.startswith(_OF_PAGES) for own in exceptions for frame in own.frames):
        language = "webjs"
    return {
        "id": _id(record, project, kind, value or attributes.get(_STACK, "")[:_TEXT_CHARACTERS]),
        "project": project.id,
        "received_us": received_us,
        "exceptions": exceptions,
        "platform": _PLATFORMS.get(language, language)[:64],
        "service": project.service,
        "environment": environment_of(resource)[:_NAME_CHARACTERS] or project.environment,
        "release": resource.get("service.version", "")[:_NAME_CHARACTERS],
        "server": (resource.get("host.name") or resource.get("service.instance.id", ""))[:_NAME_CHARACTERS],
        "tags": {name: where[key][:_NAME_CHARACTERS] for key, name in _TAGS.items() if where.get(key)},
        "user": ErrorUser(user[:_NAME_CHARACTERS]),
        "contexts": {"runtime": runtime} if runtime["name"] else {},
        "sdk": sdk.strip()[:150],
        "trace_id": record.trace_id,
    }


def _id(record: Span | LogRecord, project: ErrorProject, kind: str, value: str) -> str:
    """Return the same id for the same exception of a trace; of a record without a trace, for its moment."""
    where = record.trace_id or str(record.time_ns)
    text = "\n".join((str(project.id), where, kind, value))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _level(severity: int) -> str:
    if severity >= _FATAL:
        return "fatal"
    return "error" if severity >= _ERROR or not severity else "warning" if severity >= _WARNING else "info"
