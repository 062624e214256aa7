"""Sentry: an incident as an event of the store that a project's DSN names, grouped by the incident.

https://develop.sentry.dev/sdk/data-model/envelopes/
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from outrider.alerts.http_post import Post, post
from outrider.alerts.notification_kind import FOR_MACHINES
from outrider.workspace import Refused

if TYPE_CHECKING:
    from outrider.alerts.network_guard import Guard
    from outrider.alerts.notification_kind import NotificationKind
    from outrider.alerts.receivers.options import Options
    from outrider.alerts.rendered_message import RenderedMessage

_LEVELS: Final = {"critical": "fatal", "warning": "warning", "info": "info"}
_SPACE: Final = uuid.UUID("5b1f2a52-55a8-5a0e-9a3e-6e6f75747269")
_TAG_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Sentry:
    """A project, by its DSN."""

    dsn: str = field(repr=False)
    guard: Guard
    kinds: frozenset[NotificationKind] = FOR_MACHINES

    def deliver(self, rendered: RenderedMessage) -> None:
        """Send an event; its id comes from the notification's, so that the same one twice is one."""
        parts = urlsplit(self.dsn)
        prefix, _, project = parts.path.rpartition("/")
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
        event_id = uuid.uuid5(_SPACE, rendered.id).hex
        payload = json.dumps(_event(rendered, event_id)).encode()
        lines = [json.dumps({"event_id": event_id}), json.dumps({"type": "event", "length": len(payload)})]
        body = "\n".join(lines).encode() + b"\n" + payload + b"\n"
        headers = {
            "Content-Type": "application/x-sentry-envelope",
            "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_client=outrider/1, sentry_key={parts.username}",
        }
        post(Post(f"{parts.scheme}://{host}{prefix}/api/{project}/envelope/", body, headers), self.guard)


def _event(rendered: RenderedMessage, event_id: str) -> dict[str, object]:
    message = rendered.message
    first = message.items[0].labels if message.items else {}
    return {
        "event_id": event_id,
        "timestamp": message.created_us / 1_000_000,
        "platform": "other",
        "logger": "outrider",
        "level": "info" if message.is_over else _LEVELS.get(message.severity, "error"),
        "logentry": {"formatted": rendered.subject},
        "fingerprint": [message.topic],
        "environment": first.get("environment", "production"),
        "tags": {name: text[:_TAG_CHARACTERS] for name, text in first.items() if name != "trouble"},
        "transaction": message.items[0].title if message.items else "",
        "extra": {"text": rendered.body},
    }


def read(options: Options) -> Sentry:
    """Read `dsn`."""
    return Sentry(options.needed("dsn", '"https://key@sentry.example/1"', _check_dsn), options.guard)


def _check_dsn(text: str) -> None:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.username and parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is no number, or brackets around no address
        usable = False
    if not usable or not parts.path.rpartition("/")[2].isdigit():
        raise Refused("is not a DSN", 'write "https://key@host/1"; the number is the project', "bad-url")
