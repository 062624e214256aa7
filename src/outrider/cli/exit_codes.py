"""The end of a command's help: its example and its exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_ALL = {
    0: "done",
    2: "wrong usage or configuration",
    4: "what is needed is missing",
    70: "an error of Outrider",
    130: "interrupted",
}
_OUTCOMES = {0: "passed", 1: "failed", 3: "inconclusive", 4: "setup error"}
_OWN: Mapping[str, Mapping[int, str]] = {
    "run": _OUTCOMES,
    "load": _OUTCOMES,
    "gate": _OUTCOMES,
    "gate-merge": _OUTCOMES,
    "prove": {0: "all is noticed", 1: "a journey is vacuous", 3: "a journey proves nothing"},
    "status": {0: "the service runs", 3: "no service runs"},
    "sourcemaps check": {0: "errors will find all", 1: "errors will not find some"},
    "sourcemaps upload": {0: "all are kept", 1: "some are not: no error would find them"},
    "alerts test": {0: "delivered", 1: "not delivered"},
    "report weekly": {0: "written, or delivered by --mail", 1: "not delivered"},
    "report monthly": {0: "written, or delivered by --mail", 1: "not delivered"},
    "report quarterly": {0: "written, or delivered by --mail", 1: "not delivered"},
    "report daily": {0: "written, or delivered by --mail", 1: "not delivered"},
}
_EXAMPLE, _CODES = "Example: ", "Exit codes: "


def end_help(command: click.Command, name: str) -> None:
    """End a command's help, and those of its subcommands, with an example to copy and with exit codes."""
    if isinstance(command, click.Group):
        for part, subcommand in command.commands.items():
            end_help(subcommand, f"{name} {part}")
    if _CODES in (command.epilog or ""):
        return
    example = (command.epilog or "").removeprefix(_EXAMPLE)
    codes = {**_OF_ALL, **_OWN.get(name, {})}
    shown = ", ".join(f"{code} {meaning}" for code, meaning in sorted(codes.items()))
    command.epilog = f"\b\nExample:\n  {example}\n\n{_CODES}{shown}."
