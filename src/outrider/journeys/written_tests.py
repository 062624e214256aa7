"""The tests that files define by their text: what a reader knows of a file that cannot be imported."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.workspace import python_files, read_pytest_settings

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class WrittenTest:
    """A function whose name says that it is a test; parameters are unknown."""

    path: str
    name: str
    line: int

    @property
    def node(self) -> str:
        """What pytest calls it."""
        return f"{self.path}::{self.name}"


def written_tests(root: Path, node: str) -> list[WrittenTest]:
    """Return the tests of a folder, a file or a class of a file; none of files that are no valid Python.

    Args:
        root: Of the workspace, or of a copy of it.
        node: A path below it, or a node id of pytest.
    """
    path, separator, _ = node.partition("::")
    if not separator and (root / path).is_dir():
        patterns = read_pytest_settings(root).python_files
        files = sorted(
            (Path(path) / below).as_posix()
            for below in python_files(root / path)
            if any(fnmatch(below.name, pattern) for pattern in patterns)
        )
        return [test for file in files for test in _tests_of(root, file)]
    tests = _tests_of(root, path)
    return [test for test in tests if f"{test.node}::".startswith(f"{node}::")] if separator else tests


def _tests_of(root: Path, file: str) -> list[WrittenTest]:
    try:
        tree = ast.parse((root / file).read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return []
    return list({test.name: test for test in _defined(tree, file, "")}.values())


def _defined(body: ast.Module | ast.ClassDef, file: str, prefix: str) -> Iterator[WrittenTest]:
    for statement in body.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith("test"):
                yield WrittenTest(file, f"{prefix}{name}", statement.lineno)
            case ast.ClassDef(name=name) if name.startswith("Test") or _is_unittest(statement):
                yield from _defined(statement, file, f"{prefix}{name}::")
            case _:
                continue


def _is_unittest(definition: ast.ClassDef) -> bool:
    return any(ast.unparse(parent).endswith("TestCase") for parent in definition.bases)
