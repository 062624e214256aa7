"""Pages below a path, as behind a proxy that hands one path of its host on to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def path_below(scope: Scope) -> str:
    """Return the path of a request below the base path."""
    path, base = str(scope["path"]), base_of(scope)
    return path[len(base) :] if base and path.startswith(f"{base}/") else path


def base_of(scope: Scope) -> str:
    """Return the path below which the pages lie; empty at the root."""
    return str(scope.get("root_path", "")).rstrip("/")


class BasePath:
    """Lets an application answer below a path, whether a proxy hands it on with that path or without it."""

    def __init__(self, application: ASGIApp, base: str) -> None:
        self._application = application
        self._base = base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if not self._base or scope["type"] != "http":
            await self._application(scope, receive, send)
        elif scope["path"] == self._base:
            await RedirectResponse(f"{self._base}/", 308)(scope, receive, send)
        else:
            is_below = scope["path"].startswith(f"{self._base}/")
            path = scope["path"] if is_below else self._base + scope["path"]
            await self._application({**scope, "root_path": self._base, "path": path}, receive, send)
