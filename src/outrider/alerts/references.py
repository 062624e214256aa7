"""Whether the names in `scheduler/alerts.toml` lead to something, and never in circles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from outrider.alerts.alert_settings import ALERTS_FILE
from outrider.alerts.matcher import implies
from outrider.alerts.runbooks import FOLDER, is_runbook
from outrider.model import ConfigError, Place
from outrider.workspace import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.workspace import Document, KeyPath


def check_references(settings: AlertSettings, root: Path, document: Document, problems: list[ConfigError]) -> None:
    """Add a problem for each name that leads nowhere, and for each circle."""
    _Check(settings, document, problems).run(root)


class _Check:
    """One look at everything."""

    def __init__(self, settings: AlertSettings, document: Document, problems: list[ConfigError]) -> None:
        self._settings = settings
        self._document = document
        self._problems = problems

    def run(self, root: Path) -> None:
        settings = self._settings
        receivers, windows = settings.receivers, settings.windows
        seen: set[str] = set()
        for route in settings.route.walk():
            self._names(f"route {route.name}", "receiver", route.receivers, receivers, ("route",))
            self._names(f"route {route.name}", "window", (*route.active, *route.muted), windows, ("route",))
            self._names(f"route {route.name}", "escalation", _some(route.escalation), settings.escalations, ("route",))
            if route.name in seen:
                self._report(
                    f'there are two routes called "{route.name}"', "rename one", slug="duplicate-name", where=("route",)
                )
            seen.add(route.name)
        for name, receiver in receivers.items():
            self._names(
                f"receiver.{name}", "receiver", _some(receiver.fallback), receivers, ("receiver", name, "fallback")
            )
        for name, receiver_names in settings.people.items():
            self._names(f"person.{name}", "receiver", receiver_names, receivers, ("person", name, "receivers"))
        for index, window in enumerate(settings.maintenance):
            self._names("maintenance", "window", window.windows, windows, ("maintenance", index))
        self._on_call()
        self._runbooks(root)
        self._circles()

    def _on_call(self) -> None:
        settings = self._settings
        for name, rotation in settings.rotations.items():
            everybody = (*rotation.people, *(override.person for override in rotation.overrides))
            self._names(f"rotation.{name}", "person", everybody, settings.people, ("rotation", name))
        for name, policy in settings.escalations.items():
            where = ("escalation", name)
            for level in policy.levels:
                self._names(f"escalation.{name}", "receiver", level.receivers, settings.receivers, where)
                self._names(f"escalation.{name}", "rotation", level.rotations, settings.rotations, where)
            self._names(f"escalation.{name}", "escalation", _some(policy.then), settings.escalations, where)

    def _runbooks(self, root: Path) -> None:
        for index, rule in enumerate(self._settings.labels):
            name = rule.labels.get("runbook", "")
            if name and not is_runbook(root, name):
                what = f'label: there is no runbook "{FOLDER}/{name}"'
                fix = "write it, correct the name, or give an address with https://"
                self._report(what, fix, slug="missing-file", where=("label", index))

    def _circles(self) -> None:
        settings = self._settings
        self._circle("receiver", "fallback", {name: receiver.fallback for name, receiver in settings.receivers.items()})
        self._circle("escalation", "then", {name: escalation.then for name, escalation in settings.escalations.items()})
        rules = settings.inhibitions
        mutes = {
            index: [other for other, rule in enumerate(rules) if implies(rule.source, muting.target)]
            for index, muting in enumerate(rules)
        }
        for index in mutes:
            if _reaches(mutes, index, index):
                what = f"inhibit: rule {index + 1} mutes, perhaps by others, what it mutes with"
                fix = "let the source be something that no rule mutes: both would be silent"
                self._report(what, fix, slug="alert-loop", where=("inhibit", index))

    def _circle(self, kind: str, key: str, leads: Mapping[str, str]) -> None:
        reported: set[str] = set()
        for name in leads:
            passed = [name]
            while (after := leads.get(passed[-1], "")) and after not in passed:
                passed.append(after)
            if after == name and name not in reported:
                reported |= set(passed)
                what = f"{kind}.{name}.{key} leads back to itself: {' -> '.join([*passed, name])}"
                self._report(what, "let the last one end it", slug="alert-loop", where=(kind, name, key))

    def _names(self, who: str, kind: str, names: Iterable[str], defined: Collection[str], where: KeyPath) -> None:
        """Report each name that the file does not define; what it defines wrongly is a problem already."""
        written = self._document.data.get(kind, {})
        if not isinstance(written, Mapping):
            return
        for name in names:
            if name not in written:
                what = f'{who} names the {kind} "{name}", which does not exist'
                self._report(what, f"add [{kind}.{name}]; {nearest(name, defined)}", slug="unknown-name", where=where)

    def _report(self, what: str, fix: str, *, slug: str, where: KeyPath) -> None:
        place = self._document.place(where)
        place = place if place.line else Place(ALERTS_FILE)
        self._problems.append(ConfigError(what, slug=slug, fix=fix, where=place))


def _some(name: str) -> tuple[str, ...]:
    return (name,) if name else ()


def _reaches(edges: Mapping[int, list[int]], start: int, goal: int) -> bool:
    passed: set[int] = set()
    ahead = list(edges[start])
    while ahead:
        node = ahead.pop()
        if node == goal:
            return True
        if node not in passed:
            passed.add(node)
            ahead += edges[node]
    return False
