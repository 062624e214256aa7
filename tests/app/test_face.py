"""The names that the application room hands out."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import outrider.app


def typed_names() -> dict[str, str]:
    """Return the module of each name as type checkers see it."""
    tree = ast.parse(Path(outrider.app.__file__).read_text(encoding="utf-8"))
    (block,) = (statement for statement in tree.body if isinstance(statement, ast.If))
    return {
        alias.asname or alias.name: str(statement.module)
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }


def test_every_name_is_imported_when_it_is_used() -> None:
    """What type checkers see is what a program gets."""
    assert [name for name in outrider.app.__all__ if getattr(outrider.app, name, None) is None] == []


def test_type_checkers_and_programs_see_the_same_names() -> None:
    """The three lists of names in the package agree."""
    names = typed_names()

    assert sorted(names) == sorted(outrider.app.__all__)
    assert {name: module for name, (module, _) in outrider.app._HOMES.items()} == names


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="no_such_name"):
        outrider.app.no_such_name  # noqa: B018 - the access is the test


def test_importing_the_room_imports_no_other_room() -> None:
    """A program pays only for what it uses."""
    script = (
        "import sys, outrider.app\n"
        "print([name for name in sys.modules if name.startswith('outrider.') and name != 'outrider.app'])"
    )

    finished = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert finished.stdout == "[]\n"


def test_no_name_is_that_of_a_module() -> None:
    """Importing the module would put it in the place of what the name means."""
    modules = {path.stem for path in Path(outrider.app.__file__).parent.glob("*.py")}

    assert modules & set(outrider.app.__all__) == set()
