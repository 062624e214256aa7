"""A report's own file in the workspace: `reports/NAME.toml`."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from os.path import lexists
from typing import TYPE_CHECKING, Any

from outrider.model import ConfigError, ConfigErrors, Place
from outrider.workspace import in_reading_order, read_document, shown

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS = (
    "health",
    "outages",
    "incidents",
    "changes",
    "load",
    "forecasts",
    "steps",
    "flaky",
    "noise",
    "unmeasured",
    "details",
)
FOLDER = "reports"
CRONS = {
    "weekly": "0 7 * * mon",
    "daily": "0 7 * * *",
    "monthly": "0 7 1 * *",
    "quarterly": "0 7 1 1,4,7,10 *",
}
"""The reports that are sent on schedule, and when by default."""


@dataclass(frozen=True, slots=True)
class ReportGroup:
    """Checks whose report goes to receivers of its own; `checks` are patterns over check ids."""

    name: str
    checks: tuple[str, ...]
    mail: tuple[str, ...]


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
        groups: Chosen checks for receivers of their own, beside those of `mail`.
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
    groups: tuple[ReportGroup, ...] = ()


def read_settings(root: Path, name: str) -> ReportSettings:
    """Return the settings of `reports/NAME.toml` below a workspace's root, or the defaults without that file.

    Raises:
        ConfigError: bad-report.
        ConfigErrors: If there are several of them.
    """
    settings, problems = read_with_problems(root, name)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ConfigErrors(problems)
    return settings


def editions(settings: ReportSettings) -> list[ReportSettings]:
    """Return the settings of each report that is mailed: the whole, and that of each group."""
    usual = ReportSettings().title
    groups = [
        replace(
            settings,
            title=group.name if settings.title == usual else f"{settings.title}, {group.name}",
            checks=group.checks,
            mail=group.mail,
            groups=(),
        )
        for group in settings.groups
    ]
    return [settings, *groups] if settings.mail else groups


def place_of(root: Path, name: str, key: str) -> Place:
    """Return where a key of `reports/NAME.toml` stands."""
    file = f"{FOLDER}/{name}.toml"
    return read_document(root / file, file).place((key,)) if lexists(root / file) else Place(file)


def read_with_problems(root: Path, name: str) -> tuple[ReportSettings, tuple[ConfigError, ...]]:
    """Return the settings of `reports/NAME.toml`, with defaults in the place of what is wrong, and every problem."""
    return _read(root, name) if lexists(root / FOLDER / f"{name}.toml") else (ReportSettings(), ())


def _read(root: Path, name: str) -> tuple[ReportSettings, tuple[ConfigError, ...]]:
    file = f"{FOLDER}/{name}.toml"
    try:
        document = read_document(root / file, file)
    except ConfigError as error:
        return ReportSettings(), (_wrong(error.where or Place(file), error.what, error.fix),)
    problems: list[ConfigError] = []
    given: dict[str, Any] = {}
    for key, value in document.data.items():
        if (problem := _refusal(root, name, key, value)) is not None:
            problems.append(_wrong(document.place((key,)), *problem))
        else:
            given[key] = _value(key, value)
    return ReportSettings(**given), in_reading_order(problems)


def _value(key: str, value: Any) -> object:
    if key == "groups":
        return tuple(ReportGroup(group["name"], tuple(group["checks"]), tuple(group["mail"])) for group in value)
    return tuple(value) if isinstance(value, list) else value


def _is_group(group: object) -> bool:
    if not isinstance(group, dict) or set(group) != {"name", "checks", "mail"} or not isinstance(group["name"], str):
        return False
    return all(
        isinstance(group[key], list) and group[key] and all(isinstance(entry, str) for entry in group[key])
        for key in ("checks", "mail")
    )


def _refusal(root: Path, name: str, key: str, value: object) -> tuple[str, str] | None:
    """Return what is wrong with a key, and what to write."""
    known = {field.name for field in fields(ReportSettings)}
    if key not in known:
        return f"{key} is not known", f"known are: {', '.join(sorted(known))}"
    if name not in CRONS and key in {"mail", "cron", "groups"}:
        return f"{key} is not for this report", f"it is for {' and '.join(CRONS)}; remove the line"
    problem = _problem(key, value) or _unknown(root, key, value)
    return problem and (f"{key} = {shown(value)} {problem[0]}", problem[1])


def _problem(key: str, value: object) -> tuple[str, str] | None:
    match key:
        case "objective":
            right = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1
            return None if right else ("is not a share", "write a number above 0 and up to 1, such as 0.995")
        case "detailed":
            right = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100
            return None if right else ("is out of range", "write a whole number from 0 to 100")
        case "groups":
            right = isinstance(value, list) and all(map(_is_group, value))
            fix = 'write [[groups]] with name = "payments", checks = ["*pay*"] and mail = ["NAME OF A RECEIVER"]'
            return None if right else ("is no list of groups", fix)
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


def _wrong(where: Place, what: str, fix: str) -> ConfigError:
    return ConfigError(what, slug="bad-report", fix=fix, where=where)
