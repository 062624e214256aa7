"""Rendering of a message with a receiver's Jinja2 templates; the plain text goes out where they fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.rendered_message import RenderedMessage, cut
from outrider.model import printable

if TYPE_CHECKING:
    from outrider.alerts.alert_settings import ReceiverSettings
    from outrider.alerts.message import Message

_MOST_CHARACTERS = 100_000


def write(message: Message, settings: ReceiverSettings, identity: str) -> RenderedMessage:
    """Return the message as a receiver gets it; one whose template fails is the plain text, with the reason.

    Reports are not rendered: templates are for alerts.
    """
    subject, body = message.subject, message.text
    if message.kind is NotificationKind.REPORT:
        return RenderedMessage(identity, subject, cut(body, _MOST_CHARACTERS), message)
    try:
        subject = _filled(settings.subject, message) or subject
        body = _filled(settings.body, message) or body
    except Exception as error:  # whatever a template does, the alert goes out
        subject = message.subject
        body = f"{message.text}\n(The template of {settings.name} is wrong: {type(error).__name__}: {error})\n"
    return RenderedMessage(identity, subject, cut(body, _MOST_CHARACTERS), message)


def check_template(text: str) -> str:
    """Return what is wrong with a template; empty if it is Jinja2."""
    from jinja2 import TemplateSyntaxError  # noqa: PLC0415 - only where there are templates
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    try:
        ImmutableSandboxedEnvironment().parse(text)
    except TemplateSyntaxError as error:
        return str(error.message)
    return ""


def _filled(template: str, message: Message) -> str:
    if not template:
        return ""
    from jinja2 import StrictUndefined  # noqa: PLC0415
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    return printable(environment.from_string(template).render(message=message, items=message.items, text=message.text))
