"""Accepted baselines: a file a check in `baselines/`, small, sorted, and made to be reviewed in a diff."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

from outrider.gate.fingerprint import Fingerprint
from outrider.gate.run_session import Session
from outrider.model import CheckId, ConfigError, Place

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
_NUMBERS = re.compile(r"\[\n([-+.0-9eE,\s]*?)\n\s*\]")  # a string of JSON holds no line break
_SEPARATORS = re.compile(r"/|::")
_PLAIN = re.compile(r"[A-Za-z0-9_./:]{1,120}")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.]+")
_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was accepted of one check.

    Attributes:
        accepted: When, ISO 8601 in UTC.
        release: What was deployed then, or empty.
    """

    check: CheckId
    environment: str
    accepted: str
    release: str
    fingerprint: Fingerprint
    sessions: tuple[Session, ...]


def file_of(folder: Path, check: str) -> Path:
    """Return the file of a check's accepted baseline; no two checks share one."""
    name = check.removeprefix("probe:" if ".toml::" in check else "journey:")
    if _PLAIN.fullmatch(name) and ":" not in name.replace("::", ""):
        return folder / f"{_SEPARATORS.sub('-', name)}.json"
    return folder / f"{_UNSAFE.sub('-', name)[:_MAX_NAME].strip('-')}-{crc32(check.encode()):08x}.json"


def write_accepted(path: Path, accepted: Accepted) -> None:
    """Write a baseline, whole or not at all; durations are kept to a tenth of a millisecond."""
    data = {
        "format": FORMAT,
        "check": accepted.check,
        "environment": accepted.environment,
        "accepted": accepted.accepted,
        "release": accepted.release,
        "fingerprint": asdict(accepted.fingerprint),
        "sessions": [
            {
                "runs": session.runs,
                "failed": session.failed,
                "durations_ms": {
                    step: [round(duration, 1) for duration in session.durations[step]] for step in session.durations
                },
            }
            for session in accepted.sessions
        ],
    }
    text = json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_text(_NUMBERS.sub(lambda match: f"[{' '.join(match[1].split())}]", text) + "\n", encoding="utf-8")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def read_accepted(path: Path) -> Accepted:
    """Read a baseline.

    Raises:
        ConfigError: baseline-version or baseline-damaged.
    """
    where = Place(str(path))
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        version = data["format"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise _damaged(where, error) from None
    if version != FORMAT:
        raise ConfigError(
            f"is a baseline of format {version}, this Outrider reads {FORMAT}",
            slug="baseline-version",
            fix="accept the check anew: outrider baseline accept",
            where=where,
        )
    try:
        return _accepted(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(where, error) from None


def _accepted(data: dict[str, Any]) -> Accepted:
    sessions = tuple(_session(session) for session in data["sessions"])
    if not sessions:
        raise ValueError("no sessions")
    return Accepted(
        check=CheckId(str(data["check"])),
        environment=str(data["environment"]),
        accepted=str(data["accepted"]),
        release=str(data["release"]),
        fingerprint=Fingerprint(**data["fingerprint"]),
        sessions=sessions,
    )


def _session(data: dict[str, Any]) -> Session:
    durations = {str(step): _numbers(values) for step, values in data["durations_ms"].items()}
    runs, failed = int(data["runs"]), int(data["failed"])
    if not 0 <= failed <= runs or not all(
        0 < value < float("inf") for step_durations in durations.values() for value in step_durations
    ):
        raise ValueError("counts or durations that cannot be")
    return Session(durations, runs, failed)


def _numbers(values: object) -> tuple[float, ...]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r} is no list")
    return tuple(map(float, values))


def _damaged(where: Place, error: Exception) -> ConfigError:
    return ConfigError(
        f"cannot be read as a baseline: {type(error).__name__}: {error}",
        slug="baseline-damaged",
        fix="restore it from version control, or accept the check anew: outrider baseline accept",
        where=where,
    )
