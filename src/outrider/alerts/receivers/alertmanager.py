"""Alertmanager API v2: incidents pushed into a Prometheus world that has its routes already.

https://prometheus.io/docs/alerting/latest/alerts_api/
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from outrider.alerts.http_post import Post, post
from outrider.alerts.notification_kind import FOR_MACHINES
from outrider.workspace import check_url

if TYPE_CHECKING:
    from outrider.alerts.letter import Letter
    from outrider.alerts.message import Item, Message
    from outrider.alerts.network_guard import Guard
    from outrider.alerts.notification_kind import NotificationKind
    from outrider.alerts.receivers.options import Options

_NAME: Final = re.compile(r"[^a-zA-Z0-9_]")
_LEAST_LASTING_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """An Alertmanager; an alert ends by itself if no reminder comes for twice the route's repeat."""

    url: str
    guard: Guard
    kinds: frozenset[NotificationKind] = FOR_MACHINES

    def deliver(self, letter: Letter) -> None:
        """Push an alert for each incident."""
        alerts = [_alert(item, letter) for item in letter.message.items]
        body = json.dumps(alerts).encode()
        url = f"{self.url.rstrip('/')}/api/v2/alerts"
        post(Post(url, body, {"Content-Type": "application/json"}), self.guard)


def _alert(item: Item, letter: Letter) -> dict[str, Any]:
    message = letter.message
    annotations = {
        "summary": item.headline,
        "description": letter.body,
        "severity": message.severity,
        "runbook": item.runbook,
        "notification": letter.id,
    }
    alert: dict[str, Any] = {
        "labels": {
            "alertname": f"Outrider {item.labels.get('trouble', 'test')}",
            "incident": item.incident,
            "workspace": message.workspace,
        },
        "annotations": {name: text for name, text in annotations.items() if text},
        "startsAt": _time(item.began_us / 1_000_000),
        "endsAt": _time(_end_s(item, message)),
    }
    # A label that changed would be another alert, so only what an incident keeps for life is one.
    stable = {name: text for name, text in item.labels.items() if name in {"trouble", "environment"}}
    alert["labels"] = {_NAME.sub("_", name): text for name, text in {**alert["labels"], **stable}.items() if text}
    return alert


def _end_s(item: Item, message: Message) -> float:
    if message.is_over or item.ended_us is not None:
        return (item.ended_us or message.created_us) / 1_000_000
    return message.created_us / 1_000_000 + max(_LEAST_LASTING_S, 2 * message.repeat_s)


def _time(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def read(options: Options) -> Alertmanager:
    """Read `url`."""
    return Alertmanager(options.needed("url", '"http://alertmanager:9093"', check_url), options.guard)
