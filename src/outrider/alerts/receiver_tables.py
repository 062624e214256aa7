"""Reads the receivers of `scheduler/alerts.toml`: what all have, and what each kind needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.alert_settings import ReceiverSettings
from outrider.alerts.message_template import check_template
from outrider.alerts.receivers import KINDS, Options
from outrider.workspace import Refused, as_count, as_duration, as_one_of, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.alerts.network_guard import Guard
    from outrider.workspace import Table

_FALLBACK_AFTER_S = 120.0


def read_receivers(table: Table, variables: Mapping[str, str], guard: Guard) -> dict[str, ReceiverSettings]:
    """Return the receivers by name; one whose kind is unknown is left out, with its problem reported."""
    receivers = {}
    for name in table.data:
        section = table.section(name)
        kind = section.require("kind", as_one_of(*KINDS), "", f'"mail", or another of {", ".join(KINDS)}')
        if kind:
            receivers[name] = _receiver(name, kind, section, Options(section, variables, guard))
            section.close()
    return receivers


def _receiver(name: str, kind: str, table: Table, options: Options) -> ReceiverSettings:
    return ReceiverSettings(
        name=name,
        channel=KINDS[kind](options),
        per_hour=table.read("per_hour", as_count(1, 10_000), 60),
        fallback=table.read("fallback", as_text, ""),
        fallback_after_us=int(table.read("fallback_after", as_duration, _FALLBACK_AFTER_S) * 1_000_000),
        subject=table.read("subject", _as_template, ""),
        body=table.read("body", _as_template, ""),
    )


def _as_template(value: object) -> str:
    text = as_text(value)
    wrong = check_template(text)
    if wrong:
        raise Refused(f"is no template: {wrong}", "correct it; docs/alerts.md lists what it may use", "bad-template")
    return text
