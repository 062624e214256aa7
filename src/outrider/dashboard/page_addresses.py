"""Addresses of pages. Pure."""

from __future__ import annotations

from urllib.parse import quote

from outrider.model import RunId, RunPosition


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
