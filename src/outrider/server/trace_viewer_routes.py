"""Playwright's trace viewer, served from where the installed package has it, unchanged, under a policy of our own.

The viewer shows what a page looked like in a frame that its service worker answers for. Playwright removes scripts and
handlers from it, and its policy lets only a nonce run. Ours adds that nothing leaves this origin, and that a frame can
be nothing but such a picture: a file out of a trace has no type, and opened as a page it would run.
"""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from outrider.server.refusal import problem

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

PREFIX = "/trace"
_WORKER = "sw.bundle.js"
_INNER_WORKER = "playwright-sw.js"
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".webmanifest": "application/manifest+json",
}
_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
GUARD = f"""\
// Pages may be the viewer's own and pictures of pages; a file out of a trace is only ever saved.
addEventListener("fetch", (event) => {{
  const {{ pathname, searchParams }} = new URL(event.request.url);
  const isFile = pathname.startsWith("{PREFIX}/file/") && !searchParams.get("dn");
  if (event.request.mode === "navigate" && isFile) {{
    event.stopImmediatePropagation();
    event.respondWith(new Response(null, {{ status: 403 }}));
  }}
}});
importScripts("{_INNER_WORKER}");
"""


def trace_viewer_routes(folder: Path | None) -> list[Route]:
    """Return the routes of the viewer; none where there is no viewer."""
    if folder is None:
        return []
    files = ViewerFiles(folder)
    return [
        Route(PREFIX, lambda _: RedirectResponse(f"{PREFIX}/index.html")),
        Route(f"{PREFIX}/{{path:path}}", files.answer, methods=["GET"]),
    ]


class ViewerFiles:
    """Answers with the files of the viewer that its folder had at the start, and with no others.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        paths = (path for path in folder.rglob("*") if path.suffix in _MEDIA_TYPES and path.is_file())
        self._paths = {path.relative_to(folder).as_posix(): path for path in paths}
        if _WORKER in self._paths:
            self._paths[_INNER_WORKER] = self._paths[_WORKER]
        self._scripts = _hashes(self._paths["index.html"].read_bytes())

    def answer(self, request: Request) -> Response:
        """Answer with a file."""
        name = request.path_params["path"] or "index.html"
        path = self._paths.get(name)
        if path is None:
            return problem(404, "there is no such file", "unknown-address", "the viewer has none of this name")
        content = GUARD.encode() if name == _WORKER else path.read_bytes()
        headers = {
            "Content-Type": _MEDIA_TYPES[path.suffix],
            "Content-Security-Policy": self._policy(request),
            "X-Frame-Options": "SAMEORIGIN",
            "Cache-Control": "no-cache",
            "ETag": f'"{sha256(content).hexdigest()[:24]}"',
        }
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers)

    def _policy(self, request: Request) -> str:
        pictures = f"{request.url.scheme}://{request.url.netloc}{PREFIX}/snapshot/"
        return (
            f"default-src 'none'; script-src 'self' {self._scripts}; style-src 'self' 'unsafe-inline'; "
            f"img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
            f"worker-src 'self'; manifest-src 'self'; frame-src {pictures} data:; base-uri 'none'; form-action 'none'; "
            f"frame-ancestors 'self'"
        )


def _hashes(page: bytes) -> str:
    """Return the hashes of a page's inline scripts as a policy names them."""
    digests = (sha256(script).digest() for script in _INLINE_SCRIPT.findall(page))
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
