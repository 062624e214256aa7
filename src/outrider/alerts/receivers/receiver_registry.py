"""Every kind of receiver, by the word that `scheduler/alerts.toml` uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.receivers import alertmanager, apprise_service, command_receiver, mail, pagerduty, sentry, webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.alerts.letter import Receiver
    from outrider.alerts.receivers.options import Options

KINDS: Mapping[str, Callable[[Options], Receiver]] = {
    "mail": mail.read,
    "apprise": apprise_service.read,
    "webhook": webhook.read,
    "pagerduty": pagerduty.read,
    "alertmanager": alertmanager.read,
    "sentry": sentry.read,
    "command": command_receiver.read,
}
