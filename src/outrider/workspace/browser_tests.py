"""Which definitions of a suite get a browser: by pytest-playwright's fixtures, or by Playwright's own entry points.

To mention Playwright, to import its types or to mock it drives no browser. A definition drives one if it calls
`sync_playwright` or `async_playwright`, if it is a test or fixture that takes a fixture which does, or if it uses
another definition that does.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import PurePosixPath

_FIXTURES: Final = frozenset({"page", "context", "browser", "new_context", "browser_context", "launch_browser"})
_ENTRIES: Final = frozenset({"sync_playwright", "async_playwright"})
_IMPORTS: Final = re.compile(
    r"^\s*(?:from playwright\b[\w.]* import ([^\n(]+|\([^)]*\))|import playwright\b.*)", re.MULTILINE
)
_MOCKS: Final = re.compile(r"\b(?:unittest\.mock|import mock|MagicMock|AsyncMock|mocker)\b")
_CONFTEST: Final = "conftest.py"
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, or a class as a whole.

    Attributes:
        fixtures: Names that it asks pytest for.
        uses: Other names that stand in it.
        is_fixture: Whether others ask pytest for it by its name.
    """

    name: str
    fixtures: frozenset[str]
    uses: frozenset[str]
    is_fixture: bool


def driving_files(texts: Mapping[PurePosixPath, str], tests: Collection[PurePosixPath]) -> set[PurePosixPath]:
    """Return the files with a definition that drives a browser; those that are no valid Python are passed over.

    A class or fixture of a file that imports Playwright counts, too, unless the test that uses it works with mocks.
    """
    suite = _Suite({path: tuple(_definitions(text)) for path, text in texts.items()}, frozenset(tests))
    certain = suite.driving_files()
    for path in texts.keys() - set(tests):
        for definition in _of_playwright(texts[path], suite.by_file[path]):
            suite.add(path, definition)
    likely = suite.driving_files()
    return certain | {path for path in likely if not _MOCKS.search(texts[path])}


class _Suite:
    """Which definitions are known to drive a browser: fixtures by where they are defined, others by their names.

    A fixture of a test file holds there, one of a conftest below its folder, one of any other file wherever it is asked
    for; the plug-in's own hold where the suite defines none of that name.
    """

    def __init__(self, by_file: Mapping[PurePosixPath, Sequence[Definition]], tests: frozenset[PurePosixPath]) -> None:
        self.by_file = by_file
        self._fixtures: set[tuple[PurePosixPath, str]] = set()
        self._names = set(_ENTRIES)
        self._definers: dict[str, list[PurePosixPath]] = {}
        for path, definitions in by_file.items():
            for name in {definition.name for definition in definitions if definition.is_fixture}:
                self._definers.setdefault(name, []).append(path)
        self._local = tests | {path for path in by_file if path.name == _CONFTEST}

    def add(self, path: PurePosixPath, definition: Definition) -> None:
        """Count a definition among those that drive a browser."""
        if definition.is_fixture:
            self._fixtures.add((path, definition.name))
        else:
            self._names.add(definition.name)

    def driving_files(self) -> set[PurePosixPath]:
        """Return the files that use what drives a browser; what uses it is added to that."""
        size = -1
        while len(self._fixtures) + len(self._names) > size:
            size = len(self._fixtures) + len(self._names)
            for path, definitions in self.by_file.items():
                for definition in definitions:
                    if definition.name and self._drives(path, definition):
                        self.add(path, definition)
        return {path for path, members in self.by_file.items() if any(self._drives(path, member) for member in members)}

    def _drives(self, path: PurePosixPath, definition: Definition) -> bool:
        if definition.uses & self._names:
            return True
        return any(self._is_driving(path, definition, fixture) for fixture in definition.fixtures)

    def _is_driving(self, path: PurePosixPath, asking: Definition, fixture: str) -> bool:
        """Whether the fixture that a definition gets by that name drives a browser."""
        definers = self._definers.get(fixture, [])
        own = [path] if not (asking.is_fixture and asking.name == fixture) else []
        for place in (*own, *(folder / _CONFTEST for folder in path.parents)):
            if place in definers and (place != path or own):
                return (place, fixture) in self._fixtures
        others = [definer for definer in definers if definer not in self._local]
        return any((definer, fixture) in self._fixtures for definer in others) or (
            fixture in _FIXTURES and (not others or asking.name == fixture)
        )


def _of_playwright(text: str, definitions: Sequence[Definition]) -> list[Definition]:
    """Return the definitions that use what a file imports of Playwright; all of them if none can be told."""
    imports = _IMPORTS.findall(text)
    if not imports:
        return []
    imported = frozenset(_WORD.findall(" ".join(imports))) | {"playwright"}
    named = [definition for definition in definitions if definition.name]
    return [definition for definition in named if definition.uses & imported] or named


def _definitions(text: str) -> Iterator[Definition]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _function(node)
        elif isinstance(node, ast.ClassDef):
            yield from _class(node)
    statements = [
        node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    imported = (ast.Import, ast.ImportFrom)
    uses = _names(node for node in statements if not isinstance(node, imported))
    uses |= {alias.name for node in statements if isinstance(node, imported) for alias in node.names} - _ENTRIES
    yield Definition("", _used_fixtures(statements), uses, is_fixture=False)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Definition:
    """Return a function; what pytest fills are the parameters of tests and of what a decorator registers."""
    parameters = {argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    is_filled = node.name.startswith("test") or bool(node.decorator_list)
    is_fixture = any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)
    asked = _used_fixtures([*node.decorator_list, *node.body]) | (parameters if is_filled else set())
    return Definition(node.name, frozenset(asked), _names([*node.body, node.args]), is_fixture)


def _class(node: ast.ClassDef) -> Iterator[Definition]:
    methods = [_function(child) for child in node.body if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)]
    yield from (method for method in methods if method.is_fixture)
    asked = _used_fixtures(node.decorator_list).union(*(method.fixtures for method in methods))
    uses = _names([*node.bases, *node.decorator_list]).union(*(method.uses for method in methods))
    yield Definition(node.name, frozenset(asked), frozenset(uses), is_fixture=False)


def _names(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Return all names and attributes that are used."""
    inner = [child for node in nodes for child in ast.walk(node)]
    names = {child.id for child in inner if isinstance(child, ast.Name)}
    return frozenset(names | {child.attr for child in inner if isinstance(child, ast.Attribute)})


def _used_fixtures(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Return the fixtures that `usefixtures` names, and those that are fetched by name."""
    calls = [child for node in nodes for child in ast.walk(node) if isinstance(child, ast.Call)]
    named = [call for call in calls if ast.unparse(call.func).endswith(("usefixtures", "getfixturevalue"))]
    texts = [argument.value for call in named for argument in call.args if isinstance(argument, ast.Constant)]
    return frozenset(text for text in texts if isinstance(text, str))
