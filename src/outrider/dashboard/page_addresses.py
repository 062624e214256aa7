"""Addresses of pages. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

from outrider.model import RowPosition, RunId, RunPosition

_TIME = re.compile(r"-?[0-9]{1,17}")
_MOST_NS = 2**63 - 1
_ROW = re.compile(r"([0-9]{1,19})\.([0-9]{1,5})")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_path(check: str) -> str:
    """Return the path of a check's page: readable where no segment of its id means something to a browser."""
    is_plain = all(segment not in {"", ".", ".."} for segment in check.split("/"))
    return f"/checks/{quote(check, safe='/:@' if is_plain else ':@', errors='replace')}"


def run_path(run: str) -> str:
    """Return the path of a run's page."""
    return f"/runs/{quote(run, safe='')}"


def incident_path(incident: str) -> str:
    """Return the path of an incident's page."""
    return f"/incidents/{quote(incident, safe='')}"


def issue_path(issue: str | int) -> str:
    """Return the path of an issue's page."""
    return f"/errors/{quote(str(issue), safe='')}"


def errors_path(query: str, page: int = 1) -> str:
    """Return the path of the issues that a query finds."""
    return _asked("/errors", q=query, page=str(page) if page > 1 else "")


def gate_path(gate: str) -> str:
    """Return the path of the page of a gate's decision."""
    return f"/gates/{quote(gate, safe='')}"


def logs_path(query: str, **more: str) -> str:
    """Return the path of the log records that a query finds."""
    return _asked("/logs", q=query, **more)


def logs_tail_path(query: str) -> str:
    """Return the path of the stream of log records that match a query."""
    return _asked("/logs/live", q=query)


def logs_export_path(query: str, form: str) -> str:
    """Return the path of the file of all log records that match a query."""
    return _asked("/api/v1/logs/export", q=query, format=form)


def surrounding_logs_path(service: str, time_ns: int) -> str:
    """Return the path of what a service logged around a time."""
    return _asked("/logs/around", service=service, at=str(time_ns))


def traces_path(query: str, **more: str) -> str:
    """Return the path of the spans that a query finds."""
    return _asked("/traces", q=query, **more)


def saved_view_path(page: str, query: str = "") -> str:
    """Return the path of a page whose query may be saved, with a query of it."""
    return _asked(f"/{quote(page, safe='', errors='replace')}", q=query)


def view_removal_path(view: str) -> str:
    """Return the path that a form which removes a saved view posts to."""
    return f"/views/{quote(view, safe='', errors='replace')}/remove"


def trace_path(trace: str) -> str:
    """Return the path of a trace."""
    return f"/traces/{quote(trace, safe='', errors='replace')}"


def service_path(name: str) -> str:
    """Return the path of the page of a service that spans tell of."""
    return f"/services/{quote(name, safe='', errors='replace')}"


def host_path(name: str, since: str = "") -> str:
    """Return the path of the page of a host."""
    return _asked(f"/hosts/{quote(name, safe='', errors='replace')}", since=since)


def hosts_path(since: str, order: str = "", text: str = "") -> str:
    """Return the path of the table of hosts."""
    return _asked("/hosts", since=since, order=order, q=text)


def vitals_path(**asked: str) -> str:
    """Return the path of vitals of real users, narrowed."""
    return _asked("/vitals", **asked)


def sessions_path(**asked: str) -> str:
    """Return the path of the list of sessions of real users, narrowed."""
    return _asked("/sessions", **asked)


def session_path(session: str) -> str:
    """Return the path of one visit of a real user."""
    return f"/sessions/{quote(session, safe='', errors='replace')}"


def replay_path(session: str) -> str:
    """Return the path of the replay of a session."""
    return f"/replays/{quote(session, safe='', errors='replace')}"


def services_path(path: str, since: str) -> str:
    """Return the path of a page of services in a time."""
    return _asked(path, since=since)


def dashboard_path(name: str, **values: str) -> str:
    """Return the path of a dashboard, with the time and the values of variables that are chosen."""
    return _asked(f"/dashboards/{quote(name, safe='', errors='replace')}", **values)


def _asked(path: str, **values: str) -> str:
    present = {name: value for name, value in values.items() if value}
    return f"{path}?{urlencode(present, errors='replace')}" if present else path


def write_row_position(position: RowPosition) -> str:
    """Return a position among telemetry as a cursor for addresses."""
    return f"{position.time_ns}.{position.skipped}"


def read_row_position(text: str) -> RowPosition | None:
    """Return the position that a cursor names; None for anything that `write_row_position` did not write."""
    match = _ROW.fullmatch(text)
    return RowPosition(int(match[1]), int(match[2])) if match and int(match[1]) < _MOST_NS else None


def write_moment(at_us: int, name: str) -> str:
    """Return a time and an id as a cursor for addresses."""
    return f"{at_us}.{name}"


def read_moment(text: str) -> tuple[int, str] | None:
    """Return the time and id that a cursor names; None for anything that `write_moment` did not write."""
    at, _, name = text.partition(".")
    return (int(at), name) if _TIME.fullmatch(at) and _ID.fullmatch(name) else None


def write_position(position: RunPosition) -> str:
    """Return a position among runs as a cursor for addresses."""
    return f"{position.due_us}.{position.id}"


def read_position(text: str) -> RunPosition | None:
    """Return the position that a cursor names; None for anything that `write_position` did not write."""
    due, _, run = text.partition(".")
    digits = run.replace("-", "")
    is_id = len(run) == 36 and len(digits) == 32 and all(digit in "0123456789abcdef" for digit in digits)
    is_time = due.removeprefix("-").isascii() and due.removeprefix("-").isdigit() and len(due) <= 18
    return RunPosition(int(due), RunId(run)) if is_id and is_time else None
