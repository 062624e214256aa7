"""`outrider alerts`: tests of routes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from outrider.app import find_workspace, open_store, try_alert_route
from outrider.cli.echo import echo

if TYPE_CHECKING:
    from outrider.app import DeliveryTest


def _delivered(delivery: DeliveryTest) -> str:
    """Return that a receiver accepted, and which recipients of it were refused."""
    return f"delivered, but not to all: {delivery.note}" if delivery.note else "delivered"


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog="Example: outrider alerts test root")
def alerts() -> None:
    """Test alert routes."""


@alerts.command(epilog="Example: outrider alerts test root")
@click.argument("route")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def test(route: str, *, as_json: bool) -> int:
    """Send a message, marked as a test, to every receiver of ROUTE and of its escalation.

    ROUTE is the name of a route: "root", "root/1" for the first below it, or the name that it was given.
    """
    workspace = find_workspace()
    with open_store(workspace) as store:
        deliveries = try_alert_route(workspace, store.outbox, route)
    if as_json:
        click.echo(json.dumps([asdict(delivery) for delivery in deliveries]))
    else:
        for delivery in deliveries:
            result = _delivered(delivery) if delivery.delivered else f"NOT delivered: {delivery.note}"
            echo(f"{delivery.receiver}: {result}")
    return 0 if all(delivery.delivered and not delivery.note for delivery in deliveries) else 1
