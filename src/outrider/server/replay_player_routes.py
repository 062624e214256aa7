"""The player of replays: a document at the origin of artifacts, which plays what the page around it names.

It knows no replay by itself: the page that shows it hands over signed addresses of parts, which lie at this origin. So
it may be framed by anybody, and holds nothing of anybody. It is sandboxed, and its policy lets no script run but its
own; the frame in which rrweb builds the replay has no scripts at all, and inherits that policy, as about:blank.
`allow-same-origin` is needed, as else the player could not reach into that frame; the origin has no cookie and no page.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Route

from outrider.server.refusal import problem

if TYPE_CHECKING:
    from starlette.requests import Request

PLAYER_PATH: Final = "/replay/player"
_SCRIPT_PATH: Final = "/replay/player.js"
_POLICY: Final = (
    "sandbox allow-scripts allow-same-origin; default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
)
_STYLE: Final = """
*{box-sizing:border-box}
html,body{height:100%;margin:0}
body{display:grid;grid-template-rows:minmax(0,1fr) auto;color-scheme:light dark;font:15px/1.5 system-ui,sans-serif;
  background:light-dark(#fff,#12161c);color:light-dark(#1b2430,#e6eaf0)}
#stage{position:relative;overflow:hidden;background:light-dark(#f4f6f9,#1a2029)}
.replayer-wrapper{position:absolute;top:0;left:0;transform-origin:0 0}
.replayer-wrapper iframe{border:0;background:#fff;color-scheme:light}
.replayer-mouse{position:absolute;z-index:2;width:20px;height:20px;margin:-10px 0 0 -10px;border-radius:50%;
  background:#2563c955;border:2px solid #2563c9;pointer-events:none}
.replayer-mouse.active{background:#b3261e88;border-color:#b3261e}
.replayer-mouse-tail{display:none}
.controls{display:flex;flex-wrap:wrap;gap:.3rem .9rem;align-items:center;padding:.5rem .2rem 0;margin:0}
#seek{flex:1 1 12rem;accent-color:light-dark(#2563c9,#7fb0ff)}
#clock{font-variant-numeric:tabular-nums;white-space:nowrap}
#state{flex-basis:100%;min-height:1.5em;margin:0;font-size:.86rem;color:light-dark(#5b6776,#9aa6b5)}
button,select{font:inherit;color:inherit;background:light-dark(#f4f6f9,#1a2029);padding:.2rem .8rem;
  border:1px solid light-dark(#aab4c0,#556273);border-radius:.3rem}
:focus-visible{outline:2px solid light-dark(#2563c9,#7fb0ff);outline-offset:2px}
"""
_PAGE: Final = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Replay</title><style>{_STYLE}</style>
<script src="{_SCRIPT_PATH}" defer></script></head><body>
<div id="stage"></div>
<div class="controls"><button type="button" id="toggle" disabled>Play</button>
<input type="range" id="seek" min="0" max="0" step="100" value="0" aria-label="Moment" disabled>
<span id="clock">0:00 / 0:00</span>
<label>Speed <select id="speed" disabled><option value="1">1x</option><option value="2">2x</option>
<option value="4">4x</option><option value="8">8x</option></select></label>
<label><input type="checkbox" id="skip" checked disabled> skip idle time</label>
<p id="state" role="status">The replay is being fetched …</p></div>
</body></html>
"""


def has_player() -> bool:
    """Return whether the package was built with the player."""
    return _script() is not None


def replay_player_routes() -> list[Route]:
    """Return the routes."""
    return [Route(PLAYER_PATH, _page, methods=["GET"]), Route(_SCRIPT_PATH, _player, methods=["GET"])]


@cache
def _script() -> bytes | None:
    built = files("outrider.charts") / "built" / "replay-player.js"
    return built.read_bytes() if built.is_file() else None


def _page(_: Request) -> Response:
    headers = {"Content-Security-Policy": _POLICY, "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(_PAGE, media_type="text/html; charset=utf-8", headers=headers)


def _player(request: Request) -> Response:
    content = _script()
    if content is None:
        return problem(404, "there is no player", "unknown-address", "the package was built without it")
    headers = {"Cache-Control": "no-cache", "ETag": f'"{sha256(content).hexdigest()[:24]}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="text/javascript", headers=headers)
