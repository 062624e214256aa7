"""The starts of pytest: as few as possible, one more where a folder needs another configuration or fewer plug-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.journeys.pytest_starts import PytestStart, find_starts, start_of

if TYPE_CHECKING:
    from pathlib import Path

OPTION = 'def pytest_addoption(parser): parser.addoption("--browser")'
INI = "[pytest]\n"
ALL = PytestStart(("shop", "desk"))


@pytest.mark.parametrize(
    ("files", "starts"),
    [
        ({}, (ALL,)),
        ({"pytest.ini": INI, "shop/conftest.py": "", "shop/pyproject.toml": "[project]\n"}, (ALL,)),
        ({"conftest.py": OPTION, "shop/conftest.py": OPTION}, (PytestStart(ALL.paths, (), ("playwright",)),)),
        ({"shop/conftest.py": OPTION}, (PytestStart(("shop",), (), ("playwright",)), PytestStart(("desk",)))),
        (
            {"shop/a/b/conftest.py": OPTION},
            (PytestStart(ALL.paths, ("shop/a/b",)), PytestStart(("shop/a/b",), (), ("playwright",))),
        ),
        ({"shop/pytest.ini": INI}, (PytestStart(("shop",)), PytestStart(("desk",)))),
        (
            {"shop/a/pyproject.toml": "[tool.pytest.ini_options]\n", "shop/b/tox.ini": INI, "shop/c/x.py": ""},
            (PytestStart(ALL.paths, ("shop/a", "shop/b")), PytestStart(("shop/a",)), PytestStart(("shop/b",))),
        ),
        ({"shop/a/setup.cfg": "[tool:pytest"}, (PytestStart(ALL.paths, ("shop/a",)), PytestStart(("shop/a",)))),
        ({"shop/conftest.py": OPTION, "shop/pytest.ini": INI, "shop/a/pytest.ini": INI},
         (PytestStart(("shop",), ("shop/a",), ("playwright",)), PytestStart(("desk",)), PytestStart(("shop/a",)))),
    ],
)  # fmt: skip
def test_folders_that_need_the_same_start_together(
    tmp_path: Path, files: dict[str, str], starts: tuple[PytestStart, ...]
) -> None:
    """A configuration holds below its folder, and so does what a conftest leaves no place for."""
    for name, text in {"shop/test_a.py": "", "desk/test_b.py": "", **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    assert find_starts(tmp_path, ["shop", "desk"]) == starts


def test_a_test_belongs_to_the_innermost_start() -> None:
    """What lies below no start, such as a test whose folder has gone since, belongs to the first."""
    outer, inner = PytestStart(("shop", "desk"), ("shop/a",)), PytestStart(("shop/a",))

    targets = ["shop/test_x.py::test_y", "shop/a/test_x.py::test_y", "shop/ab/test_x.py", "elsewhere/test_x.py"]
    assert [start_of(target, (outer, inner)) for target in targets] == [outer, inner, outer, outer]
