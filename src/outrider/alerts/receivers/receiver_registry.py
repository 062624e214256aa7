"""Every kind of receiver, by the word that `scheduler/alerts.toml` uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.receivers.alertmanager import read as read_alertmanager
from outrider.alerts.receivers.apprise_service import read as read_apprise
from outrider.alerts.receivers.command_receiver import read as read_command
from outrider.alerts.receivers.mail import read as read_mail
from outrider.alerts.receivers.pagerduty import read as read_pagerduty
from outrider.alerts.receivers.sentry import read as read_sentry
from outrider.alerts.receivers.webhook import read as read_webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.alerts.receivers.options import Options
    from outrider.alerts.rendered_message import Receiver

KINDS: Mapping[str, Callable[[Options], Receiver]] = {
    "mail": read_mail,
    "apprise": read_apprise,
    "webhook": read_webhook,
    "pagerduty": read_pagerduty,
    "alertmanager": read_alertmanager,
    "sentry": read_sentry,
    "command": read_command,
}
