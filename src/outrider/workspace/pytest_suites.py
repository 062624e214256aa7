"""Where a repository's own pytest-playwright tests are: by its pytest configuration, and by what its files use.

A test need not name Playwright: it may take a fixture, or a page object, of a file that does, which is followed.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from configparser import ConfigParser
from configparser import Error as IniError
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from outrider.workspace.browser_tests import driving_files
from outrider.workspace.file_list import python_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_READ_BYTES: Final = 1 << 18
_MENTION = re.compile(r"\bplaywright\b", re.IGNORECASE)
_PLAYWRIGHT = re.compile(r"playwright\b|def (?:\w+\([^)]*\b)?(?:page|context|browser)\b|usefixtures|getfixturevalue")
_TEST = re.compile(r"^\s*(?:async )?def test_", re.MULTILINE)
_OFFERED = re.compile(r"@(?:\w+\.)?fixture\b.*?\bdef (\w+)|^class (\w+)", re.MULTILINE | re.DOTALL)
_TESTLIKE = re.compile(r"(?<!conf)test|spec", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_ROOT = PurePosixPath()
MANY_ALIKE = 5
"""Folders of one name from which on a pattern stands for them."""


@dataclass(frozen=True, slots=True)
class PytestSettings:
    """What of a pytest configuration says which files hold tests; the defaults are pytest's."""

    testpaths: tuple[str, ...] = ()
    python_files: tuple[str, ...] = ("test_*.py", "*_test.py")


@dataclass(frozen=True, slots=True)
class Suite:
    """The browser tests of a repository.

    Attributes:
        paths: Folders and files that hold them, and no other tests.
        left_out: Test files that drive no browser.
        mentioning: Those of them that mention Playwright all the same.
    """

    paths: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    mentioning: tuple[str, ...] = ()


def find_suite(root: Path) -> Suite:
    """Return where the tests are that drive a browser, as paths below `root`.

    If pytest would collect none of them by itself, the files that hold them; nothing if there are none.
    """
    settings = read_pytest_settings(root)
    texts = {path: _read(root / path) for path in python_files(root)}
    tests = {path for path in texts if any(fnmatch(path.name, pattern) for pattern in settings.python_files)}
    candidates = _users(texts, tests)
    used = driving_files({path: texts[path] for path in candidates}, tests)
    if browser_tests := used & tests:
        others = tests - browser_tests
        mentioning = {path for path in others if _MENTION.search(texts[path])}
        folders = _folded(_ROOT, browser_tests, others, frozenset(map(PurePosixPath, settings.testpaths)))
        return Suite(_sorted(_with_patterns(list(folders), others)), _sorted(others), _sorted(mentioning))
    return Suite(_sorted(path for path in used if _TESTLIKE.search(path.name) and _TEST.search(texts[path])))


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


def _with_patterns(places: Sequence[PurePosixPath], others: Iterable[PurePosixPath]) -> Iterator[PurePosixPath]:
    """Yield the places, a pattern for many folders of one name at one depth where it matches no other tests."""
    alike: dict[tuple[str, ...], list[PurePosixPath]] = defaultdict(list)
    for place in places:
        is_plain = place.suffix != ".py" and not set(str(place)) & set("*?[")
        alike[(*place.parts[:1], place.name, str(len(place.parts))) if is_plain else (str(place),)].append(place)
    tests = list(others)
    for group in alike.values():
        by_depth = zip(*(place.parts for place in group), strict=True)
        pattern = PurePosixPath(*(names[0] if len(set(names)) == 1 else "*" for names in by_depth))
        matches_others = any(PurePosixPath(*test.parts[: len(pattern.parts)]).match(str(pattern)) for test in tests)
        yield from group if len(group) < MANY_ALIKE or matches_others else [pattern]


def _folded(
    folder: PurePosixPath,
    browser_tests: set[PurePosixPath],
    others: set[PurePosixPath],
    testpaths: frozenset[PurePosixPath],
) -> Iterator[PurePosixPath]:
    """Yield as few folders as possible that hold all browser tests below a folder and no others.

    Files stand for themselves where others lie beside them. A folder that holds a single folder is not named for it,
    unless it is one of the `testpaths`.
    """
    inner = {path.relative_to(folder).parts[0] for path in browser_tests}
    is_whole = not any(path.is_relative_to(folder) for path in others)
    has_files = any(folder / name in browser_tests for name in inner)
    if is_whole and (has_files or (folder != _ROOT and (len(inner) > 1 or folder in testpaths))):
        yield folder
        return
    for name in inner:
        child = folder / name
        if child in browser_tests:
            yield child
        else:
            yield from _folded(child, {path for path in browser_tests if path.is_relative_to(child)}, others, testpaths)
