"""A minimal workspace that runs at once, or settings for an existing suite."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from outrider.model import ConfigError, Place
from outrider.workspace.locustfiles import find_locustfiles
from outrider.workspace.option_conflicts import find_option_conflicts
from outrider.workspace.playwright_suites import find_playwright_suites, suite_tables
from outrider.workspace.pytest_suites import Suite, find_suite
from outrider.workspace.workspace_settings import SCHEDULE_FILE, SETTINGS_FILE, STATE_FOLDER

_TEMPLATES = Path(__file__).parent / "template"
_FOLDERS: Final = ("journeys", "probes", "baselines", "reports", "scheduler")
_LOADS: Final = "probes/loads.toml"
_SUITES: Final = "probes/suites.toml"
_EXAMPLE: Final = "journeys/test_example.py"
_IGNORED_LINE: Final = f"{STATE_FOLDER}/"
_DOTENV: Final = ".env*"


@dataclass(frozen=True, slots=True)
class Scaffold:
    """What `init` did, as paths below the root.

    Attributes:
        written: Files made, or added to.
        kept: Files that were there, and were left as they are.
        suite: The pytest-playwright tests that were there.
        loads: Locustfiles that were there.
        playwright: Folders of suites of Playwright Test that were there.
        included: Files that runs get although git may ignore them.
        conflicts: Options of conftests that plug-ins define as well, and what to do.
    """

    written: tuple[str, ...]
    kept: tuple[str, ...]
    suite: Suite
    loads: tuple[str, ...] = ()
    included: tuple[str, ...] = ()
    playwright: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


def init(root: Path, *, force: bool = False) -> Scaffold:
    """Make `root` a workspace. Nothing that exists is overwritten.

    Args:
        force: Also within another workspace.

    Raises:
        ConfigError: If it stands within another workspace, or cannot be written to.
    """
    root = root.resolve()
    if not force:
        _refuse_nested(root)
    suite, loads, playwright = find_suite(root), find_locustfiles(root), find_playwright_suites(root)
    included = tuple(sorted(path.name for path in root.glob(_DOTENV) if path.is_file())) if suite.paths else ()
    written: list[str] = []
    kept: list[str] = []
    try:
        files = _files(root, suite.paths, loads, included)
        if playwright:
            files = {_SUITES: suite_tables(playwright), **files}
            files.pop("probes/.gitkeep", None)
        for path, content in files.items():
            (written if _write_new(root / path, content) else kept).append(path)
        if _ignore_state(root / ".gitignore"):
            written.append(".gitignore")
    except OSError as error:
        raise ConfigError(
            f"cannot be written to: {error.strerror or error}",
            slug="unwritable-folder",
            fix="let this user write there, and see that the disk is not full",
            where=Place(str(error.filename or root)),
        ) from None
    conflicts = tuple(map(str, find_option_conflicts(root)))
    return Scaffold(tuple(written), tuple(kept), suite, loads, included, playwright, conflicts)


def _refuse_nested(root: Path) -> None:
    for parent in root.parents:
        if (parent / SETTINGS_FILE).is_file() and not (root / SETTINGS_FILE).exists():
            raise ConfigError(
                f"{parent} is a workspace already, and this folder stands within it",
                slug="nested-workspace",
                fix="put your tests into that one, or repeat the command with --force",
                where=Place(str(root)),
            )


def _files(
    root: Path, suite: tuple[str, ...], loads: tuple[str, ...], included: tuple[str, ...]
) -> dict[str, str]:  # fmt: skip
    """Return what a new workspace holds."""
    paths = f"paths = {json.dumps(suite, ensure_ascii=False)}" if suite else '# paths = ["journeys"]'
    include = f'include = ["{_DOTENV}"]' if included else "# include = []"
    known_as = root.name if root.name and root.name.isprintable() else "workspace"
    name = f"name = {json.dumps(known_as, ensure_ascii=False)}"
    files = {
        SETTINGS_FILE: _template("outrider.toml").format(name=name, include=include, paths=paths),
        SCHEDULE_FILE: _template("schedule.toml"),
    }
    if loads:
        files[_LOADS] = _load_tables(loads)
    if not suite:
        files[_EXAMPLE] = _template("example.py")
    holders = (f"{folder}/.gitkeep" for folder in _FOLDERS if not suite or folder != "journeys")
    empty = {path: "" for path in holders if not _has_files(root / path) and not _fills(files, path)}
    return {**files, **empty}


def _load_tables(files: tuple[str, ...]) -> str:
    """Return a table of a load profile for each locustfile, named by its file, or its path where that is shared."""
    stems = [Path(file).stem for file in files]
    names = [stem if stems.count(stem) == 1 else file for file, stem in zip(files, stems, strict=True)]
    tables = [(json.dumps(text, ensure_ascii=False) for text in pair) for pair in zip(names, files, strict=True)]
    return "\n".join(f'[{name}]\nkind = "load"\nfile = {file}\n' for name, file in tables)


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _has_files(holder: Path) -> bool:
    return holder.parent.is_dir() and any(holder.parent.iterdir())


def _fills(files: dict[str, str], holder: str) -> bool:
    return any(path.startswith(holder.removesuffix(".gitkeep")) for path in files)


def _write_new(path: Path, content: str) -> bool:
    """Write a file unless something is there; return whether it was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def _ignore_state(path: Path) -> bool:
    """Add Outrider's own folder to what git ignores; return whether it was missing."""
    before = path.read_bytes() if path.exists() else b""
    lines = {line.strip().strip(b"/") for line in before.splitlines()}
    if STATE_FOLDER.encode() in lines:
        return False
    gap = b"" if not before or before.endswith(b"\n") else b"\n"
    with path.open("ab") as file:
        file.write(gap + _IGNORED_LINE.encode() + b"\n")
    return True
