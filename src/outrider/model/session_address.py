"""Addresses of sessions and events of other tools, recognised in what their clients leave in texts. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST: Final = 5
_LONGEST: Final = 1_000
_ADDRESS: Final = re.compile(r"(?<![\w/])https://[\w.~:/?#&=%+,;@!*$\\-]++(?!…)", re.ASCII)
"""Not those that were cut."""
_NAME: Final = r"[\w-]+"
_REST: Final = r"/(?:[\w:-]|%3[Aa])+(?:/(?:[\w:-]|%3[Aa])+)*/?(?:[?#].*)?"
"""One name or more, without dots, which could lead to another page of the tool."""
_TOOLS: Final = {
    "LogRocket": rf"app\.logrocket\.com/{_NAME}/{_NAME}/(?:s|sessions)",
    "Sentry": rf"(?:[a-z0-9-]+\.sentry\.io|sentry\.io/organizations/{_NAME})/(?:issues|replays)",
    "Datadog": r"(?:app\.datadoghq\.(?:com|eu)|(?:us3|us5|ap1)\.datadoghq\.com)/rum/replay/sessions",
    "FullStory": rf"app\.(?:eu1\.)?fullstory\.com/ui/{_NAME}/(?:client-)?session",
    "PostHog": rf"(?:app|us|eu)\.posthog\.com/project/{_NAME}/replay",
}
_FORM: Final = re.compile(
    rf"https://(?:{'|'.join(f'(?P<{tool}>{form})' for tool, form in _TOOLS.items())}){_REST}", re.ASCII
)


def session_addresses(texts: Iterable[str]) -> dict[str, str]:
    """Return the first addresses of sessions and events of known tools, at most five, and the tool of each.

    The whole address has to have the tool's form: `https`, its host, and the path of a session or an event.

    Args:
        texts: What was sent, such as values of attributes.
    """
    tools: dict[str, str] = {}
    for text in texts:
        for match in _ADDRESS.finditer(text) if "https://" in text else ():
            address = match[0].rstrip(".,;:!?*")
            form = _FORM.fullmatch(address) if len(address) <= _LONGEST else None
            if form and form.lastgroup:
                tools.setdefault(address, form.lastgroup)
            if len(tools) == _MOST:
                return tools
    return tools
