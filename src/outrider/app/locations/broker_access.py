"""The broker that a workspace names: opened and replaced while the service runs, and what it lets a location do."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from outrider.app.access.workspace_access import now_us
from outrider.model import OutriderError
from outrider.workspace import available_secrets, broker_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.app.locations.broker_desk import BrokerDesk, BrokerRecords
    from outrider.app.locations.location_desk import LocationDesk
    from outrider.scheduler import Health
    from outrider.workspace import Workspace


class BrokerAccess:
    """Serves workers through the broker of a workspace, if it has one.

    Args:
        desk: Gives orders, and takes results.
        records: Where they are kept.
        health: Is told what is wrong with the broker.
    """

    def __init__(self, desk: LocationDesk, records: BrokerRecords, health: Health) -> None:
        self._desk = desk
        self._records = records
        self._health = health
        self._url = ""
        self._open: BrokerDesk | None = None

    def use(self, workspace: Workspace) -> None:
        """Go on with the broker that the workspace names now."""
        try:
            url = _url(workspace)
            if url != self._url:
                self.close()
                self._open = self._opened(url) if url else None
                self._url = url
        except OutriderError as error:
            self._health.wrong("broker", str(error))

    def close(self) -> None:
        """Serve no more."""
        if self._open is not None:
            self._open.close()
        self._open, self._url = None, ""

    def _opened(self, url: str) -> BrokerDesk:
        from outrider.app.locations.broker_desk import BrokerDesk  # noqa: PLC0415 - brings Celery along

        desk = BrokerDesk(self._desk, self._records, url, now_us, self._health)
        desk.start()
        return desk


def broker_rights(workspace: Workspace, location: str) -> Sequence[str]:
    """Return lines that say how a worker of a location gets to the broker; none if the workspace names none."""
    if not workspace.locations.broker:
        return ()
    parts = urlsplit(workspace.locations.broker)
    host = unquote(parts.path.removeprefix("/")) or "/"
    own = rf"^outrider\.(orders\.{re.escape(location)}|answers\.{re.escape(location)}/.*)$"
    write = rf"^outrider\.(server|orders\.{re.escape(location)}|answers\.{re.escape(location)}/.*)$"
    address = f"{parts.scheme}://{location}@{parts.netloc.rpartition('@')[2]}{parts.path}"
    if queue_type := broker_options(workspace.locations.broker).get("queue_type"):  # files are this machine's
        address += f"?queue_type={queue_type}"
    return (
        f"or by the broker: rabbitmqctl add_user {location}, then",
        f"  rabbitmqctl set_permissions -p {host} {location} '{own}' '{write}' '{own}'",
        f"there: OUTRIDER_TOKEN=… outrider worker --location {location} --broker {address}, with its password",
    )


def broker_remains(workspace: Workspace, location: str) -> Sequence[str]:
    """Return lines that say how what a broker keeps of a location is removed; none if the workspace names no broker."""
    if not workspace.locations.broker:
        return ()
    host = unquote(urlsplit(workspace.locations.broker).path.removeprefix("/")) or "/"
    return (
        f"the broker keeps its user and its queue: rabbitmqctl delete_user {location}, then",
        f"  rabbitmqctl delete_queue -p {host} outrider.orders.{location}",
    )


def _url(workspace: Workspace) -> str:
    """Return the address of the broker with its password; empty if there is none."""
    from outrider.app.locations.broker_address import broker_address  # noqa: PLC0415

    settings = workspace.locations
    if not settings.broker:
        return ""
    password = ""
    if settings.broker_password:
        secrets = available_secrets(workspace, os.environ)
        if settings.broker_password in secrets.missing:
            raise secrets.missing[settings.broker_password]
        password = secrets.by_name[settings.broker_password].reveal()
    return broker_address(settings.broker, password)
