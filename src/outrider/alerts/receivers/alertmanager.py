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
    from outrider.alerts.message import Item, Message
    from outrider.alerts.network_guard import Guard
    from outrider.alerts.notification_kind import NotificationKind
    from outrider.alerts.receivers.options import Options
    from outrider.alerts.rendered_message import RenderedMessage

_NAME: Final = re.compile(r"[^a-zA-Z0-9_]")
_LEAST_LASTING_S: Final = 300.0
_CHANGING: Final = {"fault", "severity", "runbook"}
"""Labels that may differ from run to run; `runbook` is an annotation."""


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """An Alertmanager; an alert ends by itself if no reminder comes for twice the route's repeat."""

    url: str
    guard: Guard
    kinds: frozenset[NotificationKind] = FOR_MACHINES

    def deliver(self, rendered: RenderedMessage) -> None:
        """Push an alert for each incident."""
        alerts = [alert for item in rendered.message.items for alert in _alerts(item, rendered)]
        body = json.dumps(alerts).encode()
        url = f"{self.url.rstrip('/')}/api/v2/alerts"
        post(Post(url, body, {"Content-Type": "application/json"}), self.guard)


def _alerts(item: Item, rendered: RenderedMessage) -> list[dict[str, Any]]:
    """Return the alert of an incident, and the end of those that it was before it became more severe.

    Alertmanager knows an alert by its labels. All but the severity are those of the moment when the incident opened.
    """
    message = rendered.message
    current = item.labels.get("severity", message.severity)
    began, over = _time(item.began_us / 1_000_000), _time(message.created_us / 1_000_000)
    past = [
        {"labels": _labels(item, message, severity), "startsAt": began, "endsAt": over}
        for severity in item.past_severities
        if severity != current
    ]
    annotations = {
        "summary": item.headline,
        "description": rendered.body,
        "severity": message.severity,
        "title": item.title,
        "address": item.address,
        "runbook": item.runbook,
        "runbook_url": item.runbook if "://" in item.runbook else "",
        "notification": rendered.id,
    }
    alert: dict[str, Any] = {
        "labels": _labels(item, message, current),
        "annotations": {name: text for name, text in annotations.items() if text},
        "startsAt": began,
        "endsAt": _time(_end_s(item, message)),
    }
    if item.run_url:
        alert["generatorURL"] = item.run_url
    return [*past, alert]


def _labels(item: Item, message: Message, severity: str) -> dict[str, str]:
    labels = {
        **{name: text for name, text in (item.opening_labels or item.labels).items() if name not in _CHANGING},
        "alertname": f"Outrider {item.labels.get('problem', 'test')}",
        "incident": item.incident,
        "workspace": message.workspace,
        "severity": severity,
    }
    return {_NAME.sub("_", name): text for name, text in labels.items() if text}


def _end_s(item: Item, message: Message) -> float:
    if message.is_over or item.ended_us is not None:
        return (item.ended_us or message.created_us) / 1_000_000
    return message.created_us / 1_000_000 + max(_LEAST_LASTING_S, 2 * message.repeat_s)


def _time(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def read(options: Options) -> Alertmanager:
    """Read `url`."""
    return Alertmanager(options.needed("url", '"http://alertmanager:9093"', check_url), options.guard)
