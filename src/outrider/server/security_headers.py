"""Headers of every answer: a page runs only our own scripts, is framed by nobody, and tells nobody where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


def page_policy(artifacts: str = "") -> str:
    """Return the Content-Security-Policy of a page that shows pictures, videos and replays from an origin, if given."""
    pictures = f" {artifacts}; media-src {artifacts}; frame-src {artifacts}" if artifacts else ""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{pictures}; "
        "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


HEADERS = {
    "Content-Security-Policy": page_policy(),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
UNKEPT = {"Cache-Control": "no-store"}
"""What does not say how long it may be kept is not kept, so that nobody reads it after a sign-out."""


class SecurityHeaders:
    """Adds headers, those of pages by default, to every answer that does not set them itself."""

    def __init__(self, application: ASGIApp, headers: Mapping[str, str] = HEADERS) -> None:
        self._application = application
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**self._headers, **UNKEPT}.items():
                    headers.setdefault(name, value)
                if "vary" in headers:  # of routes, and of the compression around them
                    headers["Vary"] = ", ".join(dict.fromkeys(headers["Vary"].replace(" ", "").split(",")))
            await send(message)

        await self._application(scope, receive, send_with_headers)
