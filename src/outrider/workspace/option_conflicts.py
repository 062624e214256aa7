"""Options of a suite's own conftest that a pytest plug-in defines as well, which Outrider brings along.

pytest refuses to start where two define an option of one name. Journeys below the conftest's folder run without the
plug-in then: a suite that defines such an option has never run beside it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.workspace.file_list import python_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PLUGIN_OPTIONS: Final = {
    "playwright": frozenset(
        {
            "--browser", "--headed", "--browser-channel", "--slowmo", "--device", "--output", "--tracing", "--video",
            "--screenshot", "--full-page-screenshot", "--playwright-debug", "--base-url",
        }
    ),
    "base_url": frozenset({"--base-url", "--verify-base-url"}),
    "locust": frozenset({"--host", "-H"}),
    "outrider": frozenset({"--outrider"}),
}  # fmt: skip
"""Options by the name that `-p no:NAME` takes; `--base-url` is pytest-playwright's own or that of pytest-base-url."""


@dataclass(frozen=True, slots=True)
class OptionConflict:
    """A conftest defines options that plug-ins define as well."""

    path: str
    options: tuple[str, ...]
    plugins: tuple[str, ...]

    def __str__(self) -> str:
        switches = " ".join(f"-p no:{plugin}" for plugin in self.plugins)
        return (
            f"{self.path} defines {', '.join(self.options)}, as does a plug-in that Outrider brings: journeys below it "
            f"run with {switches}; plain pytest needs addopts = {switches}"
        )


def conflicting_plugins(options: Iterable[str]) -> tuple[str, ...]:
    """Return the plug-ins that define any of the options."""
    wanted = frozenset(options)
    return tuple(plugin for plugin, defined in PLUGIN_OPTIONS.items() if defined & wanted)


def find_option_conflicts(root: Path) -> tuple[OptionConflict, ...]:
    """Return what the conftests below `root` define that plug-ins define too, by their text."""
    conflicts = []
    for path in python_files(root):
        if path.name == "conftest.py":
            options = sorted(set(_defined_options(root / path)) & frozenset().union(*PLUGIN_OPTIONS.values()))
            if options:
                conflicts.append(OptionConflict(path.as_posix(), tuple(options), conflicting_plugins(options)))
    return tuple(conflicts)


def _defined_options(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "addoption":
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value
