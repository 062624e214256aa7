"""Events as Sentry's clients send them -> `ErrorEvent`; of any shape, since clients differ and some are broken.

https://develop.sentry.dev/sdk/data-model/event-payloads/. The document is scrubbed and bounded before.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from outrider.errors.library_code import is_library
from outrider.model import (
    Breadcrumb,
    DebugImage,
    ErrorEvent,
    ErrorException,
    ErrorRequest,
    ErrorThread,
    ErrorUser,
    StackFrame,
)

_LEVELS: Final = {"critical": "fatal", "log": "info", "warn": "warning", "notice": "info", "trace": "debug"}
_KNOWN_LEVELS: Final = frozenset({"fatal", "error", "warning", "info", "debug"})
_HEX: Final = re.compile(r"[0-9a-f]+\Z")
_EVENT_DIGITS, _SPAN_DIGITS = 32, 16
_SECOND_US: Final = 1_000_000
_AHEAD_US: Final = 60 * _SECOND_US
_BEHIND_US: Final = 30 * 86_400 * _SECOND_US
_DRIFT_US: Final = 60 * _SECOND_US
_MOST_FRAMES: Final = 250
_MOST_EXCEPTIONS: Final = 50
_MOST_BREADCRUMBS: Final = 100
_MOST_THREADS: Final = 50
_MOST_TEXTS: Final = 100
_MOST_IMAGES: Final = 200
_VALUE_CHARACTERS: Final = 1_024
_NAME_CHARACTERS: Final = 500
_LARGEST_LINE: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """Where and when a document came in.

    Attributes:
        id: 32 hexadecimal digits.
        service: Of its project; `environment` holds where the event names none.
        sent_us: When it was sent by the client's clock; None if that is not known.
    """

    id: str
    project: int
    service: str
    environment: str
    received_us: int
    sent_us: int | None = None


def event_id(value: object) -> str:
    """Return the id of an event as 32 digits; "" if it is none."""
    return digits(value, _EVENT_DIGITS)


def read_sentry_event(document: dict[str, Any], received: ReceivedEvent) -> ErrorEvent:
    """Return the event of a document; what has another shape than it should is left out."""
    message, template = _message(document)
    trace = _object(_object(document.get("contexts")).get("trace"))
    return ErrorEvent(
        id=received.id,
        project=received.project,
        at_us=_event_time(document.get("timestamp"), received),
        received_us=received.received_us,
        level=_level(document.get("level"), "error"),
        message=message,
        template=template,
        exceptions=_exceptions(document),
        platform=_text(document.get("platform"), 64),
        logger=_text(document.get("logger")),
        service=received.service,
        environment=_text(document.get("environment")) or received.environment,
        release=_text(document.get("release")),
        dist=_text(document.get("dist")),
        server=_text(document.get("server_name")),
        transaction=_text(document.get("transaction")),
        tags=_texts(document.get("tags")),
        user=_user(_object(document.get("user"))),
        request=_request(_object(document.get("request"))),
        breadcrumbs=_breadcrumbs(document.get("breadcrumbs"), received),
        contexts=_contexts(document.get("contexts")),
        extra=_texts(document.get("extra")),
        threads=_threads(document),
        fingerprint=tuple(_text(part) for part in _list(document.get("fingerprint"))[:20]),
        sdk=_sdk(_object(document.get("sdk"))),
        trace_id=digits(trace.get("trace_id"), _EVENT_DIGITS),
        span_id=digits(trace.get("span_id"), _SPAN_DIGITS),
        debug_images=_images(_object(document.get("debug_meta")).get("images")),
    )


def time_us(value: object) -> int | None:
    """Return a time that is written as seconds since 1970 or by ISO 8601; None if it is none."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return round(value * _SECOND_US)
        if isinstance(value, str) and value:
            moment = datetime.fromisoformat(value)
            return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * _SECOND_US)
    except (ValueError, OverflowError):
        pass
    return None


def _event_time(value: object, received: ReceivedEvent) -> int:
    """Return when it happened, by the corrected clock of the client; when it came in where that makes no sense."""
    at_us = time_us(value)
    if at_us is None:
        return received.received_us
    if received.sent_us is not None and abs(received.received_us - received.sent_us) > _DRIFT_US:
        at_us += received.received_us - received.sent_us
    if not received.received_us - _BEHIND_US <= at_us <= received.received_us + _AHEAD_US:
        return received.received_us
    return at_us


def _message(document: dict[str, Any]) -> tuple[str, str]:
    entry = document.get("logentry") or document.get("message")
    if not isinstance(entry, dict):
        return _text(entry, 8_192), ""
    template, formatted = _text(entry.get("message"), 8_192), _text(entry.get("formatted"), 8_192)
    if not formatted:
        formatted = _filled(template, entry.get("params"))
    return formatted, template if template != formatted else ""


def _filled(template: str, values: object) -> str:
    try:
        if isinstance(values, list) and values:
            return str(template % tuple(values))[:8_192]
        if isinstance(values, dict) and values:
            return str(template % values)[:8_192]
    except (TypeError, ValueError, KeyError, OverflowError, MemoryError):
        pass
    return template


def _exceptions(document: dict[str, Any]) -> tuple[ErrorException, ...]:
    entries = [entry for entry in _values(document.get("exception")) if isinstance(entry, dict)]
    if len(entries) > _MOST_EXCEPTIONS:
        half = _MOST_EXCEPTIONS // 2
        entries = entries[:half] + entries[-half:]
    exceptions = tuple(_exception(entry) for entry in entries)
    if exceptions and not any(own.frames for own in exceptions):
        frames = _frames_of_thread(document, entries[-1].get("thread_id"))
        return (*exceptions[:-1], replace(exceptions[-1], frames=frames))
    return exceptions


def _frames_of_thread(document: dict[str, Any], thread_id: object) -> tuple[StackFrame, ...]:
    """Return the stack of the thread that an exception without one names, else of the one that crashed."""
    threads = [entry for entry in _values(document.get("threads")) if isinstance(entry, dict)]
    named = [entry for entry in threads if thread_id is not None and entry.get("id") == thread_id]
    crashed = [entry for entry in threads if entry.get("crashed") is True]
    return next((frames for entry in (*named, *crashed) if (frames := _frames(entry.get("stacktrace")))), ())


def _exception(entry: dict[str, Any]) -> ErrorException:
    mechanism = _object(entry.get("mechanism"))
    handled = mechanism.get("handled")
    kind, value = _text(entry.get("type")), _text(entry.get("value"), 8_192)
    return ErrorException(
        type=kind,
        value=value.removesuffix(f" ({kind})") if kind else value,  # Ruby's detailed_message
        module=_text(entry.get("module")),
        handled=handled if isinstance(handled, bool) else None,
        mechanism=_text(mechanism.get("type")),
        frames=_frames(entry.get("stacktrace")),
    )


def _frames(stacktrace: object) -> tuple[StackFrame, ...]:
    entries = [entry for entry in _list(_object(stacktrace).get("frames")) if isinstance(entry, dict)]
    if len(entries) > _MOST_FRAMES:
        half = _MOST_FRAMES // 2
        entries = entries[:half] + entries[-half:]
    return tuple(_frame(entry) for entry in entries)


def _frame(entry: dict[str, Any]) -> StackFrame:
    path = _text(entry.get("abs_path")) or _text(entry.get("filename"))
    module, is_own = _text(entry.get("module")), entry.get("in_app")
    return StackFrame(
        module=module,
        function=_text(entry.get("function")),
        path=_text(entry.get("filename")) or path,
        line=_number(entry.get("lineno")),
        column=_number(entry.get("colno")),
        in_app=is_own if isinstance(is_own, bool) else not is_library(path, f"{module}."),
        before=_lines(entry.get("pre_context")),
        source=_text(entry.get("context_line"), _VALUE_CHARACTERS),
        after=_lines(entry.get("post_context")),
        locals=_texts(entry.get("vars")),
        package=_text(entry.get("package")),
        address=_text(entry.get("instruction_addr"), 64),
    )


def _threads(document: dict[str, Any]) -> tuple[ErrorThread, ...]:
    threads = [
        ErrorThread(
            _text(entry.get("id"), 64), _text(entry.get("name")), entry.get("crashed") is True,
            _frames(entry.get("stacktrace")),
        )
        for entry in _values(document.get("threads"))[:_MOST_THREADS] if isinstance(entry, dict)
    ]  # fmt: skip
    frames = _frames(document.get("stacktrace"))
    return (*threads, *([ErrorThread("", "", crashed=True, frames=frames)] if frames else []))


def _breadcrumbs(value: object, received: ReceivedEvent) -> tuple[Breadcrumb, ...]:
    return tuple(
        Breadcrumb(
            at_us=_event_time(entry.get("timestamp"), received),
            category=_text(entry.get("category")),
            level=_level(entry.get("level"), "info"),
            message=_text(entry.get("message"), _VALUE_CHARACTERS),
            kind=_text(entry.get("type"), 64),
            data=_texts(entry.get("data")),
        )
        for entry in _values(value)[-_MOST_BREADCRUMBS:]
        if isinstance(entry, dict)
    )


def _user(value: dict[str, Any]) -> ErrorUser:
    return ErrorUser(
        _text(value.get("id")), _text(value.get("email")), _text(value.get("username") or value.get("name")),
        _text(value.get("ip_address"), 64),
    )  # fmt: skip


def _request(value: dict[str, Any]) -> ErrorRequest:
    return ErrorRequest(
        method=_text(value.get("method"), 16),
        url=_text(value.get("url"), 2_048),
        query=_text(value.get("query_string"), 2_048),
        headers=_texts(value.get("headers")),
        body=_text(value.get("data"), 8_192),
    )


def _contexts(value: object) -> dict[str, dict[str, str]]:
    entries = list(_object(value).items())[:_MOST_TEXTS]
    return {name: _texts(entry) for name, entry in entries if isinstance(entry, dict)}


def _images(value: object) -> tuple[DebugImage, ...]:
    images = [image for image in _list(value)[:_MOST_IMAGES] if isinstance(image, dict)]
    return tuple(
        DebugImage(_text(image.get("type"), 64), _text(image.get("debug_id"), 64), _text(image.get("code_file")))
        for image in images
    )


def _sdk(value: dict[str, Any]) -> str:
    return f"{_text(value.get('name'), 100)} {_text(value.get('version'), 50)}".strip()


def _level(value: object, usual: str) -> str:
    name = _text(value, 16).lower()
    name = _LEVELS.get(name, name)
    return name if name in _KNOWN_LEVELS else usual


def _values(value: object) -> list[Any]:
    """Return what is a list, or an object that holds one as `values`."""
    return _list(value.get("values")) if isinstance(value, dict) else _list(value)


def _texts(value: object) -> dict[str, str]:
    """Return names and values of an object, or of a list of pairs."""
    pairs = value.items() if isinstance(value, dict) else (pair for pair in _list(value) if _is_pair(pair))
    texts: dict[str, str] = {}
    for name, entry in pairs:
        if len(texts) >= _MOST_TEXTS:
            break
        texts[_text(name, 200)] = _text(entry, _VALUE_CHARACTERS)
    return texts


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2


def _text(value: object, most: int = _NAME_CHARACTERS) -> str:
    if isinstance(value, str):
        return value[:most]
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False)[:most]


def _lines(value: object) -> tuple[str, ...]:
    return tuple(_text(line, _VALUE_CHARACTERS) for line in _list(value)[:20])


def _number(value: object) -> int:
    is_line = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_LINE
    return value if is_line and isinstance(value, int) else 0


def digits(value: object, count: int) -> str:
    """Return so many hexadecimal digits; "" if a value is something else, or zero."""
    text = value.replace("-", "").lower() if isinstance(value, str) else ""
    return text if len(text) == count and _HEX.match(text) and text.strip("0") else ""


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
