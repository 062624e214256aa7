"""Switches and levels of `outrider.toml` that can be set beside the file, while the service runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrider.model import UsageError
from outrider.workspace.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.workspace.toml_document import Document

Value = bool | float | str


@dataclass(frozen=True, slots=True)
class ChangeableSetting:
    """A key of `outrider.toml`.

    Attributes:
        name: Its table and key, with a full stop between them.
        default: As it would be written.
        read_by: The processes of `outrider up`, or the command, that take up a change.
        choices: All values, where there are few and they are words.
    """

    name: str
    default: Value
    meaning: str
    read_by: tuple[str, ...] = ("scheduler",)
    choices: tuple[str, ...] = ()

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off."""
        return isinstance(self.default, bool)


@dataclass(frozen=True, slots=True)
class SettingState:
    """A setting, and where its value comes from.

    Attributes:
        value: What holds while the service runs.
        place: Where the file says so, such as "outrider.toml:12"; empty if it does not.
        in_file: What the file says, or the default.
        author: Who set it beside the file; empty if nobody did.
        at_us: When; None if nobody did.
        problem: Why what was set does not hold; empty if it does.
    """

    name: str
    meaning: str
    value: Value
    place: str
    in_file: Value
    author: str = ""
    at_us: int | None = None
    problem: str = ""


CHANGEABLE = {
    setting.name: setting
    for setting in (
        ChangeableSetting("capabilities.journeys", True, "run journeys"),
        ChangeableSetting("capabilities.probes", True, "run probes"),
        ChangeableSetting("capabilities.load", True, "run load profiles"),
        ChangeableSetting("capabilities.injection", True, "inject faults, as outrider prove does", ("outrider prove",)),
        ChangeableSetting(
            "capabilities.judging", True, "judge each run's durations when it is stored", ("scheduler", "telemetry")
        ),
        ChangeableSetting("capabilities.alerts", True, "open incidents and send notifications", ("scheduler", "web")),
        ChangeableSetting(
            "capabilities.interactive", True, "reports show values under the pointer and zoom", ("web", "scheduler")
        ),
        ChangeableSetting(
            "capabilities.telemetry", True, "take telemetry, if [telemetry] is there", ("telemetry", "scheduler", "web")
        ),
        ChangeableSetting("capabilities.logs", True, "take logs", ("telemetry",)),
        ChangeableSetting(
            "capabilities.traces", True, "take traces, and begin one a probe", ("telemetry", "scheduler")
        ),
        ChangeableSetting("capabilities.metrics", True, "take metrics", ("telemetry",)),
        ChangeableSetting("capabilities.services", True, "judge the services that traces tell of", ("telemetry",)),
        ChangeableSetting("capabilities.patterns", True, "tell new and exploding patterns of logs", ("telemetry",)),
        ChangeableSetting("capabilities.sources", True, "read from [sources]", ("web", "scheduler")),
        ChangeableSetting("capabilities.forwarding", True, "send copies to [telemetry.forward]", ("telemetry",)),
        ChangeableSetting("capabilities.errors", True, "take errors, if [errors] is there", ("errors", "telemetry")),
        ChangeableSetting("capabilities.real_users", True, "take what browsers of users send", ("errors",)),
        ChangeableSetting("capabilities.replays", True, "keep replays of users' sessions", ("errors",)),
        ChangeableSetting("capabilities.pages", True, "judge the pages that real users tell of", ("telemetry",)),
        ChangeableSetting(
            "capabilities.explanations",
            True,
            "look up what explains incidents, for messages and pages",
            ("scheduler", "web"),
        ),
        ChangeableSetting(
            "capabilities.suspects", True, "look up what changed before an incident", ("scheduler", "web")
        ),
        ChangeableSetting("capabilities.join", True, "show on runs what their traces hold", ("web",)),
        ChangeableSetting("capabilities.related", True, "find what shares a trace", ("web",)),
        ChangeableSetting("capabilities.noise", True, "count alerts and what was acted on", ("web", "scheduler")),
        ChangeableSetting("capabilities.capacity", True, "plan capacity in reports", ("web", "scheduler")),
        ChangeableSetting("baselines.months_per_false_alert", 5, "months per false alert of a check"),
        ChangeableSetting(
            "baselines.direction", "up", "up: only slower runs alert; both: faster ones too", choices=("up", "both")
        ),
        ChangeableSetting("baselines.floor_ms", 5, "a smaller change of a duration raises no alert"),
        ChangeableSetting("journeys.concurrency", 1, "journeys measured at a time"),
        ChangeableSetting("journeys.starved_above", 0.8, "use of the host by others that makes a run inconclusive"),
        ChangeableSetting("journeys.picture_every", "1h", "age of a picture from which on a passing run takes another"),
        ChangeableSetting("probes.per_host", 8, "concurrent requests to one host"),
        ChangeableSetting("probes.late", "50ms", "lateness of the prober above which a run is inconclusive"),
    )
}


def parse_setting(name: str, text: str) -> Value:
    """Return a value that was typed for a setting.

    Raises:
        UsageError: unknown-override, bad-override.
    """
    written = text.strip()
    if isinstance(_changeable(name).default, str):
        return written
    try:
        value = json.loads(written)
    except ValueError:
        value = written
    return accepted_value(name, value)


def accepted_value(name: str, value: object) -> Value:
    """Return a value of a setting, if it is of the kind of its default.

    Raises:
        UsageError: unknown-override, bad-override.
    """
    default = _changeable(name).default
    kinds, kind = _KINDS[type(default)]
    if isinstance(value, kinds) and isinstance(value, bool) == isinstance(default, bool):
        return value
    raise UsageError(f'{name} cannot be "{str(value)[:80]}"', slug="bad-override", fix=f"write {kind}")


_KINDS: dict[type, tuple[tuple[type[bool | int | float | str], ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int, float), "a number"),
    float: ((int, float), "a number"),
    str: ((str,), "a text, as the file has it"),
}


def _changeable(name: str) -> ChangeableSetting:
    if name not in CHANGEABLE:
        what = f'"{name[:80]}" is no setting that can be changed here'
        raise UsageError(what, slug="unknown-override", fix=nearest(name, CHANGEABLE))
    return CHANGEABLE[name]


def overridden(document: Document, values: Mapping[str, Value]) -> Document:
    """Return a document in which these values stand in the place of its own."""
    data = dict(document.data)
    for name, value in values.items():
        table, _, key = name.partition(".")
        section = data.get(table, {})
        if name in CHANGEABLE and isinstance(section, dict):
            data[table] = {**section, key: value}
    return replace(document, data=data)
