"""The tree of routes: who is notified of what, how soon and how often. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.alerts.matcher import all_hold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrider.alerts.matcher import Matcher

ROOT = "root"
INCIDENT = "incident"
"""The label that keeps every incident in a group of its own."""


@dataclass(frozen=True, slots=True)
class Route:
    """A node of the tree; what it leaves out it has from the node above.

    Attributes:
        name: Unique; by it `outrider alerts test` and groups know it.
        matchers: All must hold.
        group_by: Labels; incidents with equal values share their notifications.
        wait_us: Between the opening and the first notification, so that what belongs together comes together.
        interval_us: Between two notifications of a group that changed.
        repeat_us: Between two of one that did not.
        active: Names of windows outside of which nobody is notified.
        muted: Names of windows within which nobody is notified.
        goes_on: Whether the next routes beside it are looked at too.
    """

    name: str = ROOT
    matchers: tuple[Matcher, ...] = ()
    receivers: tuple[str, ...] = ()
    escalation: str = ""
    group_by: tuple[str, ...] = (INCIDENT,)
    wait_us: int = 3_000_000
    interval_us: int = 300_000_000
    repeat_us: int = 14_400_000_000
    active: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    goes_on: bool = False
    routes: tuple[Route, ...] = field(default=())

    def walk(self) -> Iterator[Route]:
        """Yield this node and all below it."""
        yield self
        for route in self.routes:
            yield from route.walk()

    def find(self, labels: Mapping[str, str]) -> tuple[Route, ...]:
        """Return the deepest routes that match; as in Alertmanager, the first of siblings unless it continues."""
        if not all_hold(self.matchers, labels):
            return ()
        routes: list[Route] = []
        for route in self.routes:
            deeper = route.find(labels)
            routes += deeper
            if deeper and not route.goes_on:
                break
        return tuple(routes) or (self,)

    def group_of(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Return the values that incidents of one group share."""
        return tuple(labels.get(label, "") for label in self.group_by)

    def group_key(self, labels: Mapping[str, str]) -> str:
        """Return the key of their group: at most 64 characters, which every receiver takes whole."""
        identity = "\x1f".join((self.name, *self.group_of(labels)))
        return f"outrider-{hashlib.sha256(identity.encode()).hexdigest()[:40]}"
