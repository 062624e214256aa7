"""Where a repository's own pytest-playwright tests are: by its pytest configuration, and by what its files use.

A test need not name Playwright: it may take a fixture, or a page object, of a file that does, which is followed.
"""

from __future__ import annotations

import os
import re
import tomllib
from configparser import ConfigParser
from configparser import Error as IniError
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from outrider.workspace.file_list import python_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_READ_BYTES: Final = 1 << 18
_PLAYWRIGHT = re.compile(r"\bplaywright\b|def test_\w+\([^)]*\bpage\b")
_TEST = re.compile(r"^\s*(?:async )?def test_", re.MULTILINE)
_OFFERED = re.compile(r"@(?:\w+\.)?fixture\b.*?\bdef (\w+)|^class (\w+)", re.MULTILINE | re.DOTALL)
_TESTLIKE = re.compile(r"(?<!conf)test|spec", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_ROOT = PurePosixPath()


@dataclass(frozen=True, slots=True)
class PytestSettings:
    """What of a pytest configuration says which files hold tests; the defaults are pytest's."""

    testpaths: tuple[str, ...] = ()
    python_files: tuple[str, ...] = ("test_*.py", "*_test.py")


def find_suite(root: Path) -> tuple[str, ...]:
    """Return the folders of the tests that use Playwright, as paths below `root`.

    If pytest would collect none of them by itself, the files that hold them; nothing if there are none.
    """
    settings = read_pytest_settings(root)
    texts = {path: _read(root / path) for path in python_files(root)}
    tests = {path for path in texts if any(fnmatch(path.name, pattern) for pattern in settings.python_files)}
    used = _users(texts, tests)
    if browser_tests := used & tests:
        return _sorted(_gathered(browser_tests, tests, settings.testpaths))
    return _sorted(path for path in used if _TESTLIKE.search(path.name) and _TEST.search(texts[path]))


def read_pytest_settings(root: Path) -> PytestSettings:
    """Return what the configuration in `root` says, the file chosen as pytest does; a broken one says nothing."""
    for name, section in (("pytest.ini", "pytest"), (".pytest.ini", "pytest")):
        if (root / name).is_file():
            return _from_ini(root / name, section) or PytestSettings()
    return (
        _from_toml(root / "pyproject.toml")
        or _from_ini(root / "tox.ini", "pytest")
        or _from_ini(root / "setup.cfg", "tool:pytest")
        or PytestSettings()
    )


def _sorted(places: Iterable[PurePosixPath]) -> tuple[str, ...]:
    return tuple(sorted(place.as_posix() for place in places))


def _from_toml(path: Path) -> PytestSettings | None:
    try:
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
        table = tool["pytest"]
        return _settings(table.get("ini_options", table))
    except (OSError, ValueError, LookupError, AttributeError):
        return None


def _from_ini(path: Path, section: str) -> PytestSettings | None:
    parser = ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read(path, encoding="utf-8")
        return _settings(dict(parser[section]))
    except (OSError, ValueError, LookupError, IniError):
        return None


def _settings(table: dict[str, object]) -> PytestSettings:
    defaults = PytestSettings()
    return PytestSettings(
        _words(table.get("testpaths")) or defaults.testpaths,
        _words(table.get("python_files")) or defaults.python_files,
    )


def _words(value: object) -> tuple[str, ...]:
    return tuple(value.split()) if isinstance(value, str) else tuple(map(str, value)) if isinstance(value, list) else ()


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_READ_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""


def _users(texts: dict[PurePosixPath, str], tests: set[PurePosixPath]) -> set[PurePosixPath]:
    """Return the files that use Playwright, by themselves or by a fixture or class of a file that does."""
    words = {path: set(_WORD.findall(text)) for path, text in texts.items()}
    users: set[PurePosixPath] = set()
    added = {path for path, text in texts.items() if _PLAYWRIGHT.search(text)}
    while added:
        users |= added
        offered = {name for path in added - tests for pair in _OFFERED.findall(texts[path]) for name in pair if name}
        added = {path for path in texts.keys() - users if offered & words[path]}
    return users


def _gathered(
    browser_tests: set[PurePosixPath], tests: set[PurePosixPath], testpaths: Iterable[str]
) -> Iterator[PurePosixPath]:
    """Yield the folders of browser tests, as few as possible without including tests that do not use Playwright."""
    folders = {path.parent for path in browser_tests}
    common = PurePosixPath(os.path.commonpath(folders)) if _ROOT not in folders else _ROOT
    for parent in (*map(PurePosixPath, testpaths), common):
        below = {folder for folder in folders if folder.is_relative_to(parent)}
        if parent != _ROOT and below and not any(other.is_relative_to(parent) for other in tests - browser_tests):
            folders = folders - below | {parent}
    yield from (folder for folder in folders if not any(_is_below(folder, other) for other in folders))


def _is_below(folder: PurePosixPath, other: PurePosixPath) -> bool:
    return folder != other and folder.is_relative_to(other)
