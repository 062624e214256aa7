"""Options that a suite's conftest defines and a plug-in that Outrider brings defines, too."""

from __future__ import annotations

import inspect
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pytest
from _pytest.config.argparsing import Parser

from outrider.workspace.option_conflicts import PLUGIN_OPTIONS, conflicting_plugins, find_option_conflicts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["playwright", "locust", "outrider"])
def test_every_option_of_an_installed_plug_in_is_known(name: str) -> None:
    """The plug-in itself is asked; a new version that defines one more is noticed here."""
    (plugin,) = (point.load() for point in entry_points(group="pytest11", name=name))
    parser = Parser(_ispytest=True)

    hook = plugin.pytest_addoption
    given = {"parser": parser, "pluginmanager": pytest.PytestPluginManager()}
    hook(**{name: given[name] for name in inspect.signature(hook).parameters})

    groups = (parser._anonymous, *parser._groups)
    assert {name for group in groups for option in group.options for name in option.names()} <= PLUGIN_OPTIONS[name]


@pytest.mark.parametrize(
    ("conftest", "plugins"),
    [
        ("def pytest_addoption(parser): parser.addoption('--browser')", ("playwright",)),
        ("def pytest_addoption(parser): parser.getgroup('g').addoption('--base-url')", ("playwright", "base_url")),
        ("def pytest_addoption(parser): parser.addoption('--host', dest='shop')", ("locust",)),
        ("def pytest_addoption(parser): parser.addoption('--shop')", ()),
        ("TEXT = \"parser.addoption('--browser')\"", ()),
        ("def broken(:", ()),
        ("\0", ()),
    ],
)
def test_a_conftest_s_options_are_read_from_its_text(tmp_path: Path, conftest: str, plugins: tuple[str, ...]) -> None:
    """Only calls count, and a file that cannot be read says nothing."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "conftest.py").write_text(conftest)

    conflicts = find_option_conflicts(tmp_path)

    assert [conflict.plugins for conflict in conflicts] == ([plugins] if plugins else [])


def test_a_conflict_is_one_line(tmp_path: Path) -> None:
    """It says where, what is done, and what plain pytest needs."""
    (tmp_path / "conftest.py").write_text("def pytest_addoption(parser): parser.addoption('--browser')")

    (conflict,) = find_option_conflicts(tmp_path)

    assert str(conflict) == (
        "conftest.py defines --browser, as does a plug-in that Outrider brings: journeys below it run with "
        "-p no:playwright; plain pytest needs addopts = -p no:playwright"
    )


def test_options_of_nobody_conflict_with_nobody() -> None:
    """Where nothing is asked for, nothing is left out."""
    assert conflicting_plugins([]) == ()
