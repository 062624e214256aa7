"""What the service says of itself: whether it lives, whether it is ready, metrics, and a page to read."""

from __future__ import annotations

import html
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from outrider.model import printable
from outrider.server.metrics import MEDIA_TYPE, exposition

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from outrider.model import CheckView, HostTurn, ServiceView

_STYLE = (
    "body{font:15px system-ui;margin:2rem;max-width:70rem}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}"
    ".bad{color:#b00020}.good{color:#0a6b2d}@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}}"
)
_GOOD = {"passed", "passed on retry"}


def page_routes(view: Callable[[], ServiceView]) -> list[Route]:
    """Return the routes `/`, `/healthz`, `/readyz` and `/metrics`.

    Args:
        view: How the service does now.
    """

    async def health(_: Request) -> Response:
        alive = view().is_alive
        return PlainTextResponse("alive\n" if alive else "the scheduler has stopped\n", 200 if alive else 503)

    async def readiness(_: Request) -> Response:
        now = view()
        return PlainTextResponse(f"{printable(_readiness(now))}\n", 200 if now.is_ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(printable(exposition(view())), media_type=MEDIA_TYPE)

    async def status(_: Request) -> Response:
        return HTMLResponse(printable(status_page(view())))

    routes = {"/": status, "/healthz": health, "/readyz": readiness, "/metrics": metrics}
    return [Route(path, answer, methods=["GET"]) for path, answer in routes.items()]


def _readiness(view: ServiceView) -> str:
    """Return why the service is not ready, or what is wrong although it is, such as a refused reload."""
    if view.is_ready:
        return "\n".join(["ready", *(f"but {subject}: {problem}" for subject, problem in view.problems.items())])
    if not view.leads:
        return "waits in standby for another process to end"
    return "\n".join(view.problems.values()) or "getting ready"


def status_page(view: ServiceView) -> str:
    """Return the page: how it goes in a sentence, problems, then every check."""
    problems = "".join(f"<li class=bad>{html.escape(name)}: {_lines(text)}" for name, text in view.problems.items())
    findings = "".join(f"<li>{html.escape(text)}" for text in view.findings)
    turns = "".join(f"<li>{html.escape(_turn(turn, view.timezone))}" for turn in view.turns)
    rows = "".join(
        _row(check, view.timezone)
        for check in sorted(view.checks, key=lambda check: (check.outcome in _GOOD, check.check))
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        "<meta http-equiv=refresh content=10>"
        f"<title>Outrider</title><style>{_STYLE}</style><h1>Outrider</h1>"
        f"<p>{_summary(view)}</p>"
        f"<ul>{problems}{findings}{turns}</ul><table><thead><tr><th>check<th>location<th>last run"
        f"<th>due ({html.escape(view.timezone)})<th>coverage<th>reason</thead><tbody>{rows}</tbody></table></html>"
    )


def _summary(view: ServiceView) -> str:
    """Return how it goes: "3 checks, all well. 1 run under way, 0 waiting."."""
    if not view.leads:
        return "This process is a standby: another one runs the checks."
    ended = [check for check in view.checks if check.outcome]
    unwell = sum(check.outcome not in _GOOD for check in ended)
    counts = ((unwell, "not well"), (len(ended) - unwell, "well"), (len(view.checks) - len(ended), "without a run yet"))
    known = [f"{count} {what}" for count, what in counts if count]
    is_all_well = bool(ended) and len(known) == 1 and not unwell
    state = ", all well" if is_all_well else f": {', '.join(known)}" if known else ""
    incidents = sum(view.incidents.values())
    parts = [
        f"{_counted(len(view.checks), 'check')}{state}.",
        f"{_counted(incidents, 'incident')} open." if incidents else "",
        f"{_counted(view.running, 'run')} under way, {view.waiting} waiting." if view.running or view.waiting else "",
    ]
    return " ".join(filter(None, parts))


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _row(check: CheckView, timezone: str) -> str:
    due = datetime.fromtimestamp(check.due_us / 1e6, ZoneInfo(timezone))
    at = f"{due:%Y-%m-%d %H:%M:%S}" if check.outcome else ""
    kind = "good" if check.outcome in _GOOD else "bad" if check.outcome else ""
    outcome = "paused" if check.paused else check.outcome or "not yet"
    return (
        f"<tr><td>{html.escape(check.check)}<td>{html.escape(check.location)}<td class='{kind}'>{outcome}<td>{at}"
        f"<td>{check.coverage:.1%}<td>{html.escape(check.reason)}"
    )


def _turn(turn: HostTurn, timezone: str) -> str:
    at = datetime.fromtimestamp((turn.began_us or turn.claimed_us) / 1e6, ZoneInfo(timezone))
    state = "waiting" if turn.began_us is None else "under way"
    return f"on this host: {turn.claim.check} of {turn.workspace} (process {turn.pid}), {state} since {at:%H:%M:%S}"


def _lines(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
