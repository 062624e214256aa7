"""`outrider alerts`: trying channels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from outrider.alerts import Lane, test_row
from outrider.app.incident_lookup import now_us, settings_of
from outrider.app.runtime import open_store, workspace_here
from outrider.model import Status, UsageError

if TYPE_CHECKING:
    from outrider.alerts import AlertSettings

_FAILED = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def alerts() -> None:
    """Try the channels that alerts go to."""


@alerts.command(epilog="Example: outrider alerts test root")
@click.argument("route")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def test(route: str, *, as_json: bool) -> int:
    """Send one message, marked as a test, to every receiver that ROUTE leads to, its escalation included.

    ROUTE is the name of a route: "root", "root/1" for the first below it, or the name that it was given.
    """
    workspace = workspace_here()
    settings = settings_of(workspace)
    told = []
    with open_store(workspace) as store:
        for receiver in _receivers(settings, route):
            row = test_row(settings, receiver, route=route, workspace=workspace.name, now_us=now_us())
            store.outbox.add(row)
            Lane(settings.receivers[receiver], store).deliver_one(row)
            (after,) = (one for one in store.outbox.search(receiver=receiver, limit=1_000_000) if one.id == row.id)
            told.append({"receiver": receiver, "delivered": after.status is Status.DELIVERED, "note": after.note})
    if as_json:
        click.echo(json.dumps(told))
    else:
        for one in told:
            click.echo(
                f"{one['receiver']}: {'delivered' if one['delivered'] else 'NOT delivered: ' + str(one['note'])}"
            )
    return 0 if all(one["delivered"] for one in told) else _FAILED


def _receivers(settings: AlertSettings, name: str) -> list[str]:
    routes = {one.name: one for one in settings.route.walk()}
    if name not in routes:
        raise UsageError(f'there is no route "{name}"', slug="unknown-route", fix=f"there are: {', '.join(routes)}")
    route = routes[name]
    found = list(route.receivers)
    policy, passed = route.escalation, set[str]()
    while policy and policy not in passed:
        passed.add(policy)
        for level in settings.escalations[policy].levels:
            people = [one for each in level.rotations for one in settings.rotations[each].people]
            found += [*level.receivers, *(one for person in people for one in settings.people[person])]
        policy = settings.escalations[policy].then
    if not found:
        raise UsageError(f'the route "{name}" leads to nobody', slug="unknown-route", fix="give it receivers")
    return list(dict.fromkeys(found))
