"""Sessions as Sentry's clients tell of them -> counts. Pure.

https://develop.sentry.dev/sdk/telemetry/sessions/. A client of users tells of each session when it begins and whenever
its state changes (`session`); one of a server sums many up by minute (`sessions`).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from outrider.errors.sentry_event import time_us
from outrider.model import SessionCount, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SESSION_ITEMS: Final = frozenset({"session", "sessions"})
_MOST_GROUPS: Final = 500
_MOST_SESSIONS: Final = 1_000_000
_NAME_CHARACTERS: Final = 200
_AHEAD_US: Final = 60_000_000
_BEHIND_US: Final = 30 * 86_400_000_000
_ENDS: Final = {"crashed": "crashed", "abnormal": "abnormal", "unhandled": "crashed"}


def session_counts(document: Mapping[str, Any], project: int, received_us: int) -> Iterator[SessionCount]:
    """Yield what an item of either kind tells; nothing of one that names no release.

    A session that is told of again is counted once: its beginning by the first message, an error by the first one, and
    its end by the last.
    """
    attributes = document.get("attrs")
    names = attributes if isinstance(attributes, dict) else {}
    release, environment = _name(names.get("release")), _name(names.get("environment"))
    groups, is_page = document.get("aggregates"), bool(session_agent(document))
    if not release:
        return
    for group in groups[:_MOST_GROUPS] if isinstance(groups, list) else [document]:
        if isinstance(group, dict):
            count = _of_many(group) if isinstance(groups, list) else _of_user(group)
            started_us = _time(group.get("started"), received_us)
            yield SessionCount(
                project, environment, release, started_us, session_user(group.get("did"), project), **count,
                from_pages=count["sessions"] if is_page else 0,
            )  # fmt: skip


def session_agent(document: Mapping[str, Any]) -> str:
    """Return the `User-Agent` of the browser whose session it is; "" where none is told."""
    attributes = document.get("attrs")
    agent = attributes.get("user_agent") if isinstance(attributes, dict) else ""
    return agent if isinstance(agent, str) and agent.startswith("Mozilla/") else ""


def _of_user(session: Mapping[str, Any]) -> dict[str, int]:
    is_first = session.get("init") is True or session.get("seq") == 0
    end, errors = _ENDS.get(str(session.get("status"))), _number(session.get("errors"))
    is_errored = (errors > 0 and is_first) or errors == 1 or (end is not None and errors == 0)
    return {"sessions": int(is_first), "errored": int(is_errored), **({end: 1} if end else {})}


def _of_many(group: Mapping[str, Any]) -> dict[str, int]:
    exited, errored, crashed, abnormal = (
        _number(group.get(name)) for name in ("exited", "errored", "crashed", "abnormal")
    )
    errored += crashed + abnormal
    return {"sessions": exited + errored, "errored": errored, "crashed": crashed, "abnormal": abnormal}


def _number(value: object) -> int:
    return max(0, min(value, _MOST_SESSIONS)) if isinstance(value, int) and not isinstance(value, bool) else 0


def _time(value: object, received_us: int) -> int:
    at_us = time_us(value)
    is_likely = at_us is not None and received_us - _BEHIND_US <= at_us <= received_us + _AHEAD_US
    return at_us if at_us is not None and is_likely else received_us


def session_user(value: object, project: int) -> str:
    """Return a digest: who it was is of no use for a number."""
    text = str(value) if isinstance(value, (str, int)) else ""
    return sha256(f"{project} {text}".encode("utf-8", "surrogatepass")).hexdigest()[:32] if text else ""


def _name(value: object) -> str:
    return printable(value[:_NAME_CHARACTERS]).strip() if isinstance(value, str) else ""
