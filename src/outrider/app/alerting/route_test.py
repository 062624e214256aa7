"""A test message to everybody that a route leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import Lane, test_row
from outrider.app.access.workspace_access import now_us
from outrider.app.alerting.alert_configuration import alert_settings
from outrider.model import Status, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.alerts import AlertSettings
    from outrider.model import Outbox
    from outrider.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DeliveryTest:
    """Whether a receiver accepted the test message; `note` is why not."""

    receiver: str
    delivered: bool
    note: str


def try_alert_route(workspace: Workspace, outbox: Outbox, route: str) -> tuple[DeliveryTest, ...]:
    """Send a message, marked as a test, to every receiver of a route and of its escalation, each once.

    Args:
        workspace: Whose alert settings.
        outbox: What the messages pass.
        route: "root", "root/1" for the first below it, or the name that it was given.

    Raises:
        ConfigErrors: If the alert settings are wrong.
        UsageError: unknown-route.
    """
    settings = alert_settings(workspace)
    return tuple(_deliver(workspace, outbox, settings, route, receiver) for receiver in _receivers(settings, route))


def _deliver(workspace: Workspace, outbox: Outbox, settings: AlertSettings, route: str, receiver: str) -> DeliveryTest:
    row = test_row(settings, receiver, route=route, workspace=workspace.name, now_us=now_us())
    outbox.add(row)
    Lane(settings.receivers[receiver], outbox).deliver_one(row)
    sent = outbox.get(row.id) or row
    return DeliveryTest(receiver, sent.status is Status.DELIVERED, sent.note)


def _receivers(settings: AlertSettings, name: str) -> list[str]:
    routes = {route.name: route for route in settings.route.walk()}
    if name not in routes:
        raise UsageError(f'there is no route "{name}"', slug="unknown-route", fix=f"there are: {', '.join(routes)}")
    route = routes[name]
    receivers = [*route.receivers, *_escalated(settings, route.escalation)]
    if not receivers:
        raise UsageError(f'the route "{name}" leads to nobody', slug="unknown-route", fix="give it receivers")
    return list(dict.fromkeys(receivers))


def _escalated(settings: AlertSettings, policy: str) -> Iterator[str]:
    """Yield the receivers of an escalation policy and of those that follow it."""
    passed = set[str]()
    while policy and policy not in passed:
        passed.add(policy)
        for level in settings.escalations[policy].levels:
            yield from level.receivers
            for rotation in level.rotations:
                for person in settings.rotations[rotation].people:
                    yield from settings.people[person]
        policy = settings.escalations[policy].then
