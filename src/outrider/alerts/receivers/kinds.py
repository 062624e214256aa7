"""Every kind of receiver, by the word that `scheduler/alerts.toml` uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.receivers import alertmanager, command, mail, pagerduty, sentry, services, webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.alerts.receivers.options import Options
    from outrider.alerts.receivers.receiver import Receiver

KINDS: Mapping[str, Callable[[Options], Receiver]] = {
    "mail": mail.read,
    "apprise": services.read,
    "webhook": webhook.read,
    "pagerduty": pagerduty.read,
    "alertmanager": alertmanager.read,
    "sentry": sentry.read,
    "command": command.read,
}
