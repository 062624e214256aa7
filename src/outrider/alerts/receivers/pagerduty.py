"""PagerDuty Events API v2: trigger, acknowledge and resolve under one dedup key.

https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from outrider.alerts.http_post import Post, post
from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.rendered_message import cut
from outrider.workspace import check_url

if TYPE_CHECKING:
    from outrider.alerts.message import Item
    from outrider.alerts.network_guard import Guard
    from outrider.alerts.receivers.options import Options
    from outrider.alerts.rendered_message import RenderedMessage

_URL: Final = "https://events.pagerduty.com/v2/enqueue"
_ACTIONS: Final = {NotificationKind.ACKNOWLEDGED: "acknowledge", NotificationKind.RESOLVED: "resolve"}
_SUMMARY_CHARACTERS: Final = 1024


@dataclass(frozen=True, slots=True)
class PagerDuty:
    """A service's integration."""

    routing_key: str = field(repr=False)
    url: str
    guard: Guard
    kinds: frozenset[NotificationKind] = frozenset(
        set(NotificationKind) - {NotificationKind.SUPPRESSED, NotificationKind.REPORT}
    )

    def deliver(self, rendered: RenderedMessage) -> None:
        """Send the event; the topic is the dedup key."""
        message = rendered.message
        action = _ACTIONS.get(message.kind, "trigger")
        event: dict[str, object] = {
            "routing_key": self.routing_key,
            "event_action": action,
            "dedup_key": message.topic,
        }
        if action == "trigger":
            first = message.items[0] if message.items else None
            event["client"] = "Outrider"
            event["links"] = _links(first) if first else []
            event["payload"] = {
                "summary": cut(rendered.subject, _SUMMARY_CHARACTERS),
                "source": message.workspace or "outrider",
                "severity": message.severity,
                "timestamp": datetime.fromtimestamp(message.created_us / 1_000_000, UTC).isoformat(),
                "component": (first.labels.get("step") or first.title) if first else "",
                "group": first.labels.get("environment", "") if first else "",
                "class": first.labels.get("problem", "") if first else "",
                "custom_details": {"text": rendered.body, **_details(first)},
            }
        body = json.dumps(event).encode()
        post(Post(self.url, body, {"Content-Type": "application/json"}), self.guard)


def _links(item: Item) -> list[dict[str, str]]:
    """Return the pages that an event links to; PagerDuty takes web addresses only."""
    pages = (("run", item.run_url), ("incident", item.incident_url), ("runbook", item.runbook))
    return [{"href": url, "text": text} for text, url in pages if url.startswith(("http://", "https://"))]


def _details(item: Item | None) -> dict[str, object]:
    if item is None:
        return {}
    labels = {name: text for name, text in item.labels.items() if name != "trouble"}
    return {"title": item.title, "address": item.address, "runbook": item.runbook, "labels": labels}


def read(options: Options) -> PagerDuty:
    """Read `routing_key`, and `url` for another region."""
    routing_key = options.needed("routing_key", '"${PAGERDUTY_KEY}"')
    return PagerDuty(routing_key, options.text("url", _URL, check_url), options.guard)
