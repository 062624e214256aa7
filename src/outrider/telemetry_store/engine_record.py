"""What stands beside the engine's folder: how processes reach the engine that serves it, and who wrote the folder."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from outrider.model import TelemetryError

if TYPE_CHECKING:
    from pathlib import Path

_RECORD = "engine.json"
_FORMAT = "format.json"
DATA = "data"
_DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class EngineRecord:
    """Where an engine listens, and its password."""

    pid: int
    port: int
    password: str


def write_record(folder: Path, record: EngineRecord) -> None:
    """Tell other processes of this user where the engine listens; the file is replaced as a whole."""
    draft = folder / f"{_RECORD}.{os.getpid()}"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(record), file)
    draft.replace(folder / _RECORD)


def read_record(folder: Path) -> EngineRecord | None:
    """Return where the engine of a folder listens, or did; None if nothing says so."""
    try:
        fields = json.loads((folder / _RECORD).read_text("utf-8"))
        return EngineRecord(int(fields["pid"]), int(fields["port"]), str(fields["password"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove_record(folder: Path, record: EngineRecord) -> None:
    """Remove the record of an engine that has ended, unless another engine has replaced it."""
    if read_record(folder) == record:
        (folder / _RECORD).unlink(missing_ok=True)


def check_extra(*, needs_engine: bool = True) -> None:
    """Raise an error that says what to install, where the extra is missing.

    Args:
        needs_engine: Whether the engine is needed; a server is reached by its client alone.

    Raises:
        TelemetryError: missing-extra.
    """
    lacks_engine = find_spec("chdb") is None or _installed() == (0, 0)
    if find_spec("clickhouse_connect") is None or (needs_engine and lacks_engine):
        what = "telemetry needs the engine chDB and its client"
        fix = "pip install 'outrider[telemetry]' (some 860 MB), or name a server: [telemetry] clickhouse"
        raise TelemetryError(what, slug="missing-extra", fix=fix)


def check_format(folder: Path) -> None:
    """Raise an error if a newer engine wrote the folder, and record this one as its writer.

    Raises:
        TelemetryError: telemetry-newer, telemetry-damaged.
    """
    if check_readable(folder) != _installed():
        record_format(folder)


def check_readable(folder: Path) -> tuple[int, ...] | None:
    """Return which engine wrote the folder, None if nothing says so; raise an error if it was a newer one.

    Raises:
        TelemetryError: telemetry-newer, telemetry-damaged.
    """
    path, installed = folder / _FORMAT, _installed()
    if not path.exists():
        return None
    try:
        written = tuple(int(part) for part in json.loads(path.read_text("utf-8"))["engine"].split("."))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        what = f"{path} cannot be read: {type(problem).__name__}"
        fix = 'restore the folder from its backup, or write {"engine": "MAJOR.MINOR"}, the engine that wrote it'
        raise TelemetryError(what, slug="telemetry-damaged", fix=fix) from None
    if written > installed:
        what = f"{folder} was written by chDB {_dotted(written)}; installed is {_dotted(installed)}"
        fix = "install Outrider at least as new as the one that wrote it, or name another folder"
        raise TelemetryError(what, slug="telemetry-newer", fix=fix)
    return written


def record_format(folder: Path) -> None:
    """Write beside data of the installed engine which one it is."""
    path = folder / _FORMAT
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"engine": _dotted(_installed())}), "utf-8")
    draft.replace(path)


def _installed() -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in version("chdb-core").split(".")[:2])
    except PackageNotFoundError:
        return (0, 0)


def _dotted(parts: tuple[int, ...]) -> str:
    return ".".join(map(str, parts))


def set_damaged_aside(folder: Path) -> None:
    """Move parts of tables that the engine could not read at its start out of its data; it says nothing of them."""
    for part in (folder / DATA / "store").glob("*/*/detached/broken*"):
        with suppress(OSError):
            (folder / _DAMAGED).mkdir(exist_ok=True)
            part.rename(folder / _DAMAGED / f"{part.parents[1].name}-{part.name}")


def damaged_parts(folder: Path) -> int:
    """Return how many parts of tables were set aside, since the engine could not read them."""
    return len(list((folder / _DAMAGED).glob("*")))
