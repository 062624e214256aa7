"""The commands that there are, and those that README, docs and help tell to type."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from outrider.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"((?:^<!-- [^\n]+ -->\n)*)^```(\w*)\n(.+?)^```$", re.MULTILINE | re.DOTALL)
_PROMPT = "$ "
_LISTED = re.compile(r"^(outrider .+?)(?:  .*)?$", re.MULTILINE)
_NOT_RUN = re.compile(r"^<!-- not run, (.+?): (.+) -->$", re.MULTILINE)
_INLINE = re.compile(r"`(outrider [^`]+)`")
_ALTERNATIVES = re.compile(r"\S+\\\|\S+")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of shell commands, or what is typed in one of a terminal, behind its prompts.

    Args:
        place: File and line.
        text: Its lines.
        not_run: Commands that no test can run, with the reason that a comment above the block gives.
    """

    place: str
    text: str
    not_run: Mapping[str, str]

    @property
    def lines(self) -> list[str]:
        """Return what is run of it."""
        return [line for line in self.text.splitlines() if not any(command in line for command in self.not_run)]


def documents() -> list[Path]:
    """Return README and the files of docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks() -> Iterator[Block]:
    """Yield the fenced blocks of shell commands; `tests/demo/test_tutorials.py` types those of a tutorial in one go."""
    for file in documents():
        if file.parent.name == "tutorials" and file.name != "index.md":
            continue
        text = file.read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            line = text.count("\n", 0, match.start(3)) + 1
            not_run = {command: reason for reason, command in _NOT_RUN.findall(match[1])}
            shown = match[3].splitlines()
            typed = [row.removeprefix(_PROMPT) for row in shown if row.startswith(_PROMPT)]
            if match[2] == "sh" or typed:
                yield Block(f"{file.relative_to(ROOT)}:{line}", "\n".join(typed or shown), not_run)


def inline_commands() -> Iterator[tuple[str, list[str]]]:
    """Yield the commands within sentences, tables and lists as words, with file and line; of alternatives each."""
    for file in documents():
        for listed in _LISTED.findall(file.read_text(encoding="utf-8")):
            yield file.name, shlex.split(listed, comments=True)[1:]
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            for text in _INLINE.findall(line):
                alternatives = _ALTERNATIVES.search(text)
                for word in alternatives[0].split("\\|") if alternatives else [""]:
                    command = text.replace(alternatives[0], word) if alternatives else text
                    yield f"{file.relative_to(ROOT)}:{number}", shlex.split(command)[1:]


def all_commands(group: click.Group = cli, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield each command and subcommand with its name, such as `report weekly`; groups too."""
    context = click.Context(group)
    for part in group.list_commands(context):
        command = group.get_command(context, part)
        assert command is not None
        yield f"{prefix}{part}", command
        if isinstance(command, click.Group):
            yield from all_commands(command, f"{prefix}{part} ")


def example_of(command: click.Command) -> str:
    """Return the example at the end of a command's help."""
    return (command.epilog or "").partition("Example:\n")[2].partition("\n")[0].strip()


def command_of(words: Sequence[str]) -> tuple[click.Command, list[str]]:
    """Return the command that words begin with, and the words behind its name."""
    command: click.Command = cli
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        inner = command.get_command(click.Context(command), rest[0])
        assert inner is not None or command is not cli, f"there is no command {rest[0]}"
        if inner is None:
            break
        command, rest = inner, rest[1:]
    return command, rest


def unknown_options(words: Sequence[str]) -> list[str]:
    """Return the options among words that their command does not have."""
    command, rest = command_of(words)
    options = [*command.params, *cli.params]
    known = {"--help", *(name for option in options for name in (*option.opts, *option.secondary_opts))}
    return [word for word in rest if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in known]


def refuse_misused(line: str) -> None:
    """Parse a line of the shell, and raise what the program would refuse before it begins."""
    for words in commands_in(line):
        if words[0] == "outrider":
            command, rest = command_of(words[1:])
            command.make_context(words[1], rest)


def commands_in(line: str) -> list[list[str]]:
    """Return the words of each command in a line of the shell, without comments."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    groups: list[list[str]] = [[]]
    for word in lexer:
        if word in {"&&", ";"}:
            groups.append([])
        else:
            groups[-1].append(word)
    return [group for group in groups if group]
