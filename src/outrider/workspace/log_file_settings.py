"""`logs` of `[telemetry]`: for how long they are kept, and which files of logs are followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.workspace.tables import Refused, as_flag, as_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.workspace.tables import Table

RECORDS: Final = ("stack", "time", "line")
_FIX: Final = 'write paths, or tables such as {path = "/var/log/shop/*.log", service = "shop"}'


@dataclass(frozen=True, slots=True)
class LogFile:
    """Files to follow: a path, which may have `*` and `**`, relative to the workspace, and whose logs they are."""

    pattern: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class LogFiles:
    """`[telemetry.logs]`: which files are followed, and how.

    Attributes:
        records: What one record is: a line with the stack below it, all from one time to the next, or a line.
        from_beginning: Whether files that are there when they are first followed are read from their beginning.
    """

    files: tuple[LogFile, ...] = ()
    records: str = RECORDS[0]
    from_beginning: bool = False


def read_logs(table: Table, kept: Callable[[object], float], usual_s: float) -> tuple[float, LogFiles]:
    """Return for how long logs are kept, and which files are followed.

    `logs = "7d"` of `[telemetry]` says the first alone; `[telemetry.logs]` says it as `keep`.
    """
    if not isinstance(table.data.get("logs"), dict):
        return table.read("logs", kept, usual_s), LogFiles()
    section, usual = table.section("logs"), LogFiles()
    kept_s = section.read("keep", kept, usual_s)
    files = LogFiles(
        section.read("files", _as_files, usual.files),
        section.read("records", _as_records, usual.records),
        section.read("from_beginning", as_flag, usual.from_beginning),
    )
    section.close()
    return kept_s, files


def _as_files(value: object) -> tuple[LogFile, ...]:
    entries = value if isinstance(value, list) else [value]
    return tuple(_file(entry) for entry in entries)


def _file(entry: object) -> LogFile:
    if isinstance(entry, str):
        return LogFile(_as_pattern(entry))
    if not isinstance(entry, dict) or not set(entry) <= {"path", "service"} or "path" not in entry:
        raise Refused("is not a list of files", _FIX)
    return LogFile(_as_pattern(entry["path"]), as_text(entry["service"]) if "service" in entry else "")


def _as_pattern(value: object) -> str:
    pattern = as_text(value)
    if "\0" in pattern or any("**" in part and part != "**" for part in pattern.split("/")):
        raise Refused(f"holds {pattern!r}, which is no path", _FIX, "out-of-range")
    return pattern


def _as_records(value: object) -> str:
    if value not in RECORDS:
        raise Refused("is not what a record can be", f"write one of {', '.join(RECORDS)}", "out-of-range")
    return str(value)
