"""Locations: where workers measure; added with a token, listed with their workers, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from outrider.app.access.audit_trail import command_line_change
from outrider.app.access.workspace_access import now_us
from outrider.app.locations.sealed_box import ORDERS, SealedBox
from outrider.model import HERE, REMEMBERED_US, AccessRecords, Role, TokenKind, UsageError, is_location_name, printable
from outrider.workspace import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.model import Check, LocationLog, LocationWorker
    from outrider.server import IssuedToken


class LocationRecords(AccessRecords, Protocol):
    """Locations and their tokens."""

    @property
    def locations(self) -> LocationLog:
        """Locations."""
        ...


def check_location_name(name: str) -> None:
    """Refuse what no location with workers is called.

    Raises:
        UsageError: bad-location.
    """
    if not is_location_name(name):
        what = f'"{printable(name)[:80]}" cannot be the name of a location with workers'
        fix = "write letters, digits, dots and hyphens, such as fra; local is the service itself"
        raise UsageError(what, slug="bad-location", fix=fix)


def add_location(records: LocationRecords, name: str, *, lifetime_s: float | None = None) -> IssuedToken:
    """Have the runs of a location measured by workers, and create a token for them.

    For one that is there already it creates a further token, valid beside those before it: to replace one, add, restart
    the workers with the new token, and revoke the old.

    Raises:
        UsageError: bad-location, bad-token-request, missing-extra.
    """
    from outrider.server import TokenRequest, issue_token  # noqa: PLC0415 - lists issue nothing

    check_location_name(name)
    SealedBox("00" * 32, ORDERS)  # says what is not installed before anything is kept
    request = TokenRequest(f"location {name}", TokenKind.WORKER, Role.VIEWER, lifetime_s, name)
    issued = issue_token(records, request, command_line_change("token.create", name, TokenKind.WORKER))
    with records.audit.alongside(command_line_change("location.add", name)):
        records.locations.add(name, now_us())
    return issued


def unused_location_note(checks: Iterable[Check], name: str) -> str:
    """Return that no check runs in a location, and which may have been meant; empty if one does."""
    known = {location for check in checks for location in check.policy.locations}
    if name in known:
        return ""
    return f'no check names the location "{name}" yet, as locations = ["{HERE}", "{name}"] does; ' + nearest(
        name, sorted(known)
    )


def remove_location(records: LocationRecords, name: str) -> int:
    """Have the service measure the runs of a location itself again; return how many tokens were revoked.

    Raises:
        UsageError: unknown-location.
    """
    if name not in (known := records.locations.names()):
        fix = f"there are: {', '.join(known) or 'none'}"
        raise UsageError(f'"{name[:80]}" has no workers', slug="unknown-location", fix=fix)
    valid = [
        token
        for token in records.tokens.all()
        if token.kind is TokenKind.WORKER and token.scope == name and token.revoked_us is None
    ]
    for token in valid:  # first: one that is left behind could take orders of a location that is removed
        with records.audit.alongside(command_line_change("token.revoke", token.id)):
            records.tokens.revoke(token.id, now_us())
    with records.audit.alongside(command_line_change("location.remove", name)):
        records.locations.remove(name)
    return len(valid)


def list_locations(records: LocationRecords) -> dict[str, tuple[LocationWorker, ...]]:
    """Return the workers of each location, by name; those that were not heard of for a week are left out."""
    oldest_us = now_us() - REMEMBERED_US
    workers = [worker for worker in records.locations.workers() if worker.seen_us >= oldest_us]
    return {name: tuple(worker for worker in workers if worker.location == name) for name in records.locations.names()}
