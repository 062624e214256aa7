"""A report's own file in the workspace: `reports/NAME.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from os.path import lexists
from typing import TYPE_CHECKING, Any

from outrider.model import ConfigError, Place

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS = ("health", "changes", "incidents", "load", "forecasts", "steps", "flaky", "noise", "unmeasured", "details")
FOLDER = "reports"
CRONS = {"weekly": "0 7 * * mon", "daily": "0 7 * * *"}
"""The reports that are sent on schedule, and when by default."""


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """What a report shows.

    Attributes:
        objective: Share of runs that shall pass.
        checks: Patterns over check ids.
        environment: Of this one only; empty for all.
        sections: In the order of the page.
        detailed: How many checks get charts of their own.
        mail: Receivers of `scheduler/alerts.toml` that it is sent to; empty for nobody.
        cron: When, in the workspace's time zone; empty for the usual time of `CRONS`.
    """

    title: str = "Outrider"
    objective: float = 0.995
    checks: tuple[str, ...] = ("*",)
    environment: str = ""
    sections: tuple[str, ...] = SECTIONS
    detailed: int = 12
    mail: tuple[str, ...] = ()
    cron: str = ""


def read_settings(root: Path, name: str) -> ReportSettings:
    """Return the settings of `reports/NAME.toml` below a workspace's root, or the defaults without that file.

    Raises:
        ConfigError: bad-report.
    """
    path = root / FOLDER / f"{name}.toml"
    if not lexists(path):
        return ReportSettings()
    shown = f"{FOLDER}/{name}.toml"
    if not path.is_file():
        raise _wrong(shown, "is not a file, or a link that leads to none", "make it a file that this user may read")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _wrong(shown, f"cannot be read: {error}", "correct it") from None
    known = {field.name for field in fields(ReportSettings)}
    for key, value in data.items():
        if key not in known:
            raise _wrong(shown, f"{key} is not known", f"known are: {', '.join(sorted(known))}")
        if (problem := _problem(key, value) or _unknown(root, key, value)) is not None:
            raise _wrong(shown, f"{key} = {value!r} {problem[0]}", problem[1])
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    if name not in CRONS and given.keys() & {"mail", "cron"}:
        raise _wrong(shown, "mail and cron are not for this report", f"for {' and '.join(CRONS)} they are")
    return ReportSettings(**given)


def _problem(key: str, value: object) -> tuple[str, str] | None:
    match key:
        case "objective":
            right = isinstance(value, float) and 0 < value < 1
            return None if right else ("is not a share", "write a number between 0 and 1, such as 0.995")
        case "detailed":
            right = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100
            return None if right else ("is out of range", "write a whole number from 0 to 100")
        case "checks" | "sections" | "mail":
            right = isinstance(value, list) and all(isinstance(entry, str) for entry in value)
            return None if right else ("is not a list of texts", 'write a list, such as ["journey:*"]')
        case _:
            return None if isinstance(value, str) else ("is not a text", 'write a text, such as "Shop"')


def _unknown(root: Path, key: str, value: object) -> tuple[str, str] | None:
    """Say which sections are neither ours nor the workspace's own."""
    if key != "sections" or not isinstance(value, list):
        return None
    folder = root / FOLDER / "templates" / "sections"
    own = {name.stem for name in folder.glob("*.html")} if folder.is_dir() else set()
    known = [*SECTIONS, *sorted(own - set(SECTIONS))]
    unknown = [name for name in value if name not in known]
    fix = f"known are: {', '.join(known)}; one of your own is {FOLDER}/templates/sections/NAME.html"
    return (f"names no section {unknown[0]!r}", fix) if unknown else None


def _wrong(file: str, what: str, fix: str) -> ConfigError:
    return ConfigError(what, slug="bad-report", fix=fix, where=Place(file))
