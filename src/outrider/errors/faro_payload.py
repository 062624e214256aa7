"""What Grafana's Faro sends from pages -> documents as Sentry's clients send them.

One payload has `meta` (application, page, browser, session, user) and lists of `exceptions`, `logs`, `events`,
`measurements` and `traces`: https://grafana.com/docs/grafana-cloud/monitor-applications/frontend-observability/.
Its stacks begin with the innermost call.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from outrider.errors.envelope import BadEnvelope

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST: Final = 100
_VITALS: Final = "web-vitals"
_SESSION_DIGITS: Final = 32


def faro_documents(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an event for each exception of a payload; the first hundred of too many.

    Raises:
        BadEnvelope: If it is no payload of Faro.
    """
    meta = payload.get("meta")
    if not isinstance(meta, dict):
        raise BadEnvelope("the payload has no meta")
    shared = _shared(meta)
    return [
        {**shared, **_raised(entry), "contexts": {**shared["contexts"], "trace": _object(entry.get("trace"))}}
        for entry in _objects(payload.get("exceptions"))
    ]


def faro_logs(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item `log` of a payload's log records; it has no items if there are none."""
    shared = _shared(_object(payload.get("meta")))
    page = {"url.full": _object(shared["request"]).get("url"), "session.id": shared["tags"].get("session")}
    about = {name: shared[name] for name in ("release", "environment", "platform", "sdk")}
    return {**about, "items": [_record(entry, page) for entry in _objects(payload.get("logs"))]}


def faro_others(payload: Mapping[str, Any]) -> dict[str, int]:
    """Return how many parts of a payload nobody takes, by their kind."""
    measured = [own for own in _objects(payload.get("measurements")) if own.get("type") != _VITALS]
    counts = {"events": len(_objects(payload.get("events"))), "measurements": len(measured)}
    return {kind: count for kind, count in counts.items() if count}


def faro_session(meta: Mapping[str, Any]) -> str:
    """Return the session of a payload as 32 digits; "" if it names none."""
    name = _object(meta.get("session")).get("id")
    if not isinstance(name, str) or not name:
        return ""
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_SESSION_DIGITS]


def _shared(meta: Mapping[str, Any]) -> dict[str, Any]:
    app, page, browser = (_object(meta.get(name)) for name in ("app", "page", "browser"))
    session, user, sdk = (_object(meta.get(name)) for name in ("session", "user", "sdk"))
    return {
        "platform": "javascript",
        "release": app.get("release") or app.get("version"),
        "environment": app.get("environment"),
        "request": {"url": page.get("url"), "headers": {"User-Agent": browser.get("userAgent")}},
        "contexts": {
            "browser": {"name": browser.get("name"), "version": browser.get("version")},
            "os": {"name": browser.get("os")},
            "session": {"id": faro_session(meta)},
        },
        "tags": {"session": session.get("id"), "view": _object(meta.get("view")).get("name")},
        "user": {"id": user.get("id"), "email": user.get("email"), "username": user.get("username")},
        "sdk": {"name": sdk.get("name") or "faro", "version": sdk.get("version")},
    }


def _raised(entry: Mapping[str, Any]) -> dict[str, Any]:
    frames = _objects(_object(entry.get("stacktrace")).get("frames"))
    exception = {
        "type": entry.get("type"),
        "value": entry.get("value"),
        "mechanism": {"type": "faro"},
        "stacktrace": {"frames": [{**frame, "abs_path": frame.get("filename")} for frame in reversed(frames)]},
    }
    return {
        "timestamp": entry.get("timestamp"),
        "exception": {"values": [exception]},
        "extra": _object(entry.get("context")),
        "fingerprint": [entry["fingerprint"]] if isinstance(entry.get("fingerprint"), str) else [],
    }


def _record(entry: Mapping[str, Any], page: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {**page, **_object(entry.get("context"))}
    return {
        "timestamp": entry.get("timestamp"),
        "level": entry.get("level"),
        "body": entry.get("message"),
        "trace_id": _object(entry.get("trace")).get("trace_id"),
        "attributes": {name: {"value": value} for name, value in attributes.items() if value is not None},
    }


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [own for own in value[:_MOST] if isinstance(own, dict)] if isinstance(value, list) else []
