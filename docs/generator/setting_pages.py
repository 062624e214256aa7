"""The keys of `outrider.toml` and `scheduler/schedule.toml`: what the program reads, beside what pages say of each."""

from __future__ import annotations

import re
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from outrider.model import Policy
from outrider.workspace import Table, load
from outrider.workspace.tables import Refused, as_table, as_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCS = Path(__file__).parents[1]
PAGES = ("configuration", "scheduling")
_EXAMPLE = re.compile(r"```toml\n(.*?)```", re.DOTALL)
_SCHEDULE = "scheduler/schedule.toml"
_HEADING = re.compile(r"#+ \[(.+)\]$")
_NAMED_TABLE = re.compile(r"`\[{1,2}([a-z_.]+[A-Z]*)\]{1,2}`")
_ROW = re.compile(r"\| (`.+?`(?:, `.+?`)*) \| (.+?) \| (.+) \|$")
_CODE = re.compile(r"`([^`]+)`")
_CHOSEN_NAMES = re.compile(r"^(secrets|sessions|sources)\.[^.]+")
_FREE = {"secrets", "sessions", "sources", "env", "aliases"}
"""Tables whose keys a workspace chooses."""
_MAPS = {"telemetry.keep.services", "telemetry.keep.operations", "server.oidc.roles", "server.identity.roles"}
_INTRODUCTION = """# Settings

All keys of `outrider.toml` and `scheduler/schedule.toml`, by their tables. [Configuration](../configuration.md)
has the same keys with examples. *What it takes* is what the message about a wrong value advises."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A key that the program read, what turns its value into a setting, and what holds without it."""

    convert: Callable[[object], object]
    default: object

    @property
    def takes(self) -> str:
        """Return what may be written, as the message about a wrong value says it."""
        try:
            self.convert(object())
        except Refused as refused:
            advice = refused.fix.removeprefix("write ").removeprefix("known: ")
            return advice.replace("it in quotation marks", "text").replace(", without quotation marks", "")
        return ""


@dataclass(frozen=True, slots=True)
class Described:
    """A row of a page's table."""

    page: str
    default: str
    meaning: str


Key = tuple[str, str]


@contextmanager
def _recorded(readings: dict[Key, Reading]) -> Iterator[None]:
    """Note each key that any table is asked for."""
    originals = {name: getattr(Table, name) for name in ("read", "_read")}

    def noting(original: Callable[..., Any]) -> Callable[..., Any]:
        def read(table: Table, key: str, convert: Callable[[object], object], default: object) -> object:
            title = _CHOSEN_NAMES.sub(r"\1.NAME", table.title)
            readings.setdefault((title, key), Reading(convert, default))
            return original(table, key, convert, default)

        return read

    try:
        for name, original in originals.items():
            setattr(Table, name, noting(original))
        yield
    finally:
        for name, original in originals.items():
            setattr(Table, name, original)


def read_keys() -> dict[Key, Reading]:
    """Return what is read of a workspace that consists of all examples, by table and key."""
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    files: dict[str, list[str]] = {"outrider.toml": [], _SCHEDULE: []}
    for example in _EXAMPLE.findall(text):
        files[_SCHEDULE if _SCHEDULE in example else "outrider.toml"].append(example)
    readings: dict[Key, Reading] = {}
    with TemporaryDirectory() as folder:
        for name, examples in files.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n".join(examples), encoding="utf-8")
        Path(folder, "journeys").mkdir()
        with _recorded(readings):
            load(Path(folder))
    usual = Policy()
    for (table, key), reading in readings.items():
        if table == "defaults":
            readings[table, key] = replace(reading, default=getattr(usual, key, getattr(usual, f"{key}_s", None)))
    return readings


def described_keys() -> dict[Key, Described]:
    """Return the rows of the pages' tables of keys, by table and key."""
    rows: dict[Key, Described] = {}
    for page in PAGES:
        table = paragraph = ""
        is_keys = False
        for line in (DOCS / f"{page}.md").read_text(encoding="utf-8").splitlines():
            if line.startswith("| key |"):
                is_keys = True
                table = (_NAMED_TABLE.findall(paragraph) or [table])[-1]
            elif line.startswith("|"):
                if is_keys and (row := _ROW.match(line)):
                    rows |= dict(_described(page, table, row))
            elif line.startswith("#"):
                heading = _HEADING.match(line)
                table, paragraph = (heading[1] if heading else ""), ""
            elif line:
                is_keys = False
                paragraph = line
    return rows


def _described(page: str, table: str, row: re.Match[str]) -> Iterator[tuple[Key, Described]]:
    names = _CODE.findall(row[1])
    defaults = row[2].split(", ") if len(names) > 1 and row[2].count(", ") == len(names) - 1 else [row[2]] * len(names)
    for name, default in zip(names, defaults, strict=True):
        below, _, key = f"{table}.{name}".rpartition(".")
        yield (below, key), Described(page, default, row[3])


def undocumented(readings: dict[Key, Reading], rows: dict[Key, Described]) -> list[str]:
    """Return the keys that no table has; those of a `[[check]]` are the keys of `[defaults]`, and some more."""
    return [
        f"[{table}] {key}"
        for (table, key), reading in readings.items()
        if table.split(".")[0] not in _FREE or table.endswith(".NAME")
        if (table, key) not in rows and not (table == "check" and ("defaults", key) in rows)
        if not _is_table(reading) and table not in _MAPS
    ]


def wrong_defaults(readings: dict[Key, Reading], rows: dict[Key, Described]) -> list[str]:
    """Return the keys whose described default, written into a file, would mean something else than leaving it out."""
    return [
        f"[{key[0]}] {key[1]}: {row.default} is not {readings[key].default!r}"
        for key, row in rows.items()
        if key in readings and not _agree(row.default, readings[key])
    ]


def _agree(described: str, reading: Reading) -> bool:
    written = _CODE.fullmatch(described)
    if written is None:  # "required", or a sentence
        return described != "none" or not reading.default
    value = tomllib.loads(f"value = {written[1]}")["value"]
    if value == []:
        return not reading.default
    try:
        return bool(reading.convert(value) == reading.default)
    except Refused:
        return bool(value == reading.default)


def _is_table(reading: Reading) -> bool:
    return reading.convert in (as_table, as_tables)


def settings_page() -> str:
    """Return the page of all keys, by their tables."""
    readings, rows = read_keys(), described_keys()
    parts = [_INTRODUCTION]
    table = None
    for (below, key), row in sorted(rows.items()):
        if below != table:
            table = below
            parts.append(f"\n## [{below}]\n\n| key | default | what it takes | meaning |\n|---|---|---|---|")
        takes = readings[below, key].takes.replace("|", "\\|") if (below, key) in readings else ""
        parts.append(f"| `{key}` | {row.default} | {takes} | {_from_here(row)} |")
    return "\n".join(parts) + "\n"


def _from_here(row: Described) -> str:
    """Return a meaning whose links lead from the folder of the reference."""
    links = re.sub(r"\]\((?=[a-z-]+\.md)", "](../", row.meaning)
    return links.replace("](#", f"](../{row.page}.md#")
