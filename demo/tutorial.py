"""A tutorial of docs/tutorials, typed as its reader types it: command by command, in one folder, with one shop.

What pages say for this reader stands in comments above a block:

    <!-- stays -->                  the command runs on, in a terminal of its own
    <!-- exit code 1 -->            the last command ends so
    <!-- until it shows -->         the command is typed again until it prints what stands below it
    <!-- in the terminal of X -->   the text is what the command with X in it prints, which stays
    <!-- stops X -->                Ctrl-C in the terminal of X comes first
    <!-- not run, REASON: X -->     lines with X in them are for readers only
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

PATIENCE_S = 90.0
_PAUSE_S = 0.3
_BLOCK = re.compile(r"((?:^<!-- [^\n]+ -->\n)*)^```(\w+)\n(.+?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!-- (.+) -->")
_FILE = re.compile(r"# (\S+\.\w+)\n")
_TOKEN = re.compile(r"(?P<id>\b(?:[0-9a-f]{8}|[0-9a-f]{32})\b)|(?P<number>\d[\d.,]*)|(?P<gap>…)|(?P<space>\s+)")


class TutorialError(Exception):
    """What a tutorial tells is not what its reader sees."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a page: commands ("sh"), what they print ("text"), or a file, whose first line names it."""

    language: str
    text: str
    comments: tuple[str, ...]

    def remark(self, words: str) -> str | None:
        """Return what a comment that begins with these words says behind them."""
        return next((text.removeprefix(words).strip() for text in self.comments if text.startswith(words)), None)

    @property
    def lines(self) -> list[str]:
        """Return the commands that are typed."""
        skipped = [text.rpartition(": ")[2] for text in self.comments if text.startswith("not run")]
        return [line for line in self.text.splitlines() if not any(words in line for words in skipped)]


def blocks_of(page: str) -> list[Block]:
    """Return the blocks of a page, in order."""
    return [Block(match[2], match[3], tuple(_COMMENT.findall(match[1]))) for match in _BLOCK.finditer(page)]


@dataclass
class Reader:
    """Somebody who types what a tutorial says.

    Args:
        folder: Where they begin; the repository lies in it as `outrider`.
        replaced: Texts of pages, such as addresses, and what is typed and expected in their place.
        call: Runs a line otherwise than by a shell, where it returns anything.
        environment: Variables of their shells; those of this process, with this Python's programs, if empty.
    """

    folder: Path
    replaced: Mapping[str, str]
    call: Callable[[Path, str], subprocess.CompletedProcess[str] | None] = lambda _folder, _line: None
    environment: Mapping[str, str] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)
    _terminals: dict[str, tuple[subprocess.Popen[bytes], Path]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._begin = self.folder

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in list(self._terminals):
            self._stop(line)

    def follow(self, page: str) -> None:
        """Do what a page says, from top to bottom.

        Raises:
            TutorialError: If a command ends otherwise than it says, or does not print what it says.
        """
        blocks = blocks_of(page)
        for block, after in zip(blocks, [*blocks[1:], Block("", "", ())], strict=True):
            shown = after if after.language == "text" and after.remark("in the terminal of") is None else None
            if block.language == "sh":
                self._type_all(block, shown)
            elif block.language == "text" and (words := block.remark("in the terminal of")) is not None:
                self._watch(words, block.text)
            elif name := _FILE.match(block.text):
                self._write(name[1], block)

    def _type_all(self, block: Block, shown: Block | None) -> None:
        if words := block.remark("stops"):
            self._stop(next(line for line in self._terminals if words in line))
        *first, last = map(self._real, block.lines)
        for line in first:
            self._type(line)
        if block.remark("stays") is not None:
            self._open_terminal(last)
        elif shown is not None and block.remark("until it shows") is not None:
            self._until(shown.text, last, lambda: self._type(last, None))
        else:
            printed = self._type(last, int(block.remark("exit code") or 0))
            if shown is not None and not self._agrees(shown.text, printed):
                raise _differs(last, printed, shown.text)

    def _type(self, line: str, exit_code: int | None = 0) -> str:
        if line.startswith("cd "):
            self.folder = (self.folder / line.removeprefix("cd ")).resolve()
            return ""
        done = self.call(self.folder, line) or subprocess.run(
            ["bash", "-c", line], cwd=self.folder, env=self._environment(), capture_output=True, text=True, check=False
        )
        printed = done.stdout + done.stderr
        if exit_code is not None and done.returncode != exit_code:
            raise TutorialError(f"{line}\nends with {done.returncode}, not {exit_code}\n{printed}")
        return printed

    def _write(self, name: str, block: Block) -> None:
        """Write a file of Python anew, and add to another one."""
        file = self.folder / name
        with file.open("w" if block.language == "python" else "a", encoding="utf-8") as stream:
            stream.write(self._real(block.text))

    def _open_terminal(self, line: str) -> None:
        file = self._begin / f"terminal-{time.monotonic_ns()}.log"
        with file.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-c", line],
                cwd=self.folder, env=self._environment(), stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        self._terminals[line] = (process, file)

    def _stop(self, line: str) -> None:
        process, _ = self._terminals.pop(line)
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE_S)

    def _watch(self, words: str, shown: str) -> None:
        line = next(line for line in self._terminals if words in line)
        _, file = self._terminals[line]
        self._until(shown, line, lambda: file.read_text(encoding="utf-8"))

    def _until(self, shown: str, line: str, printed: Callable[[], str]) -> None:
        until_s = time.monotonic() + PATIENCE_S
        while not self._agrees(shown, latest := printed()):
            if time.monotonic() > until_s:
                raise _differs(line, latest, shown)
            time.sleep(_PAUSE_S)

    def _environment(self) -> dict[str, str]:
        if self.environment:
            return {**self.environment, "TMPDIR": str(self._begin)}
        path = os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", "")))  # noqa: PTH120
        return {**os.environ, "PATH": path, "TMPDIR": str(self._begin)}

    def _real(self, text: str) -> str:
        for text_shown, real in {**self.replaced, **self._ids}.items():
            text = text.replace(text_shown, real)
        return text

    def _agrees(self, shown: str, printed: str) -> bool:
        """Compare what is shown with what was printed; numbers and ids may differ, ids are remembered."""
        shown_ids: list[str] = []
        match = re.search(self._pattern(self._real(shown).strip(), shown_ids), printed, re.DOTALL)
        if match:
            self._ids |= dict(zip(shown_ids, match.groups(), strict=True))
        return bool(match)

    def _pattern(self, shown: str, shown_ids: list[str]) -> str:
        def replaced(match: re.Match[str]) -> str:
            if match["id"] and match["id"] not in self._ids.values():
                shown_ids.append(match["id"])
                return rf"([0-9a-f]{{{len(match['id'])}}})"
            if match["id"]:
                return match["id"]
            return r"\d[\d.,]*" if match["number"] else r"\s+" if match["space"] else ".*?"

        parts, end = [], 0
        for match in _TOKEN.finditer(shown):
            parts += [re.escape(shown[end : match.start()]), replaced(match)]
            end = match.end()
        return "".join([*parts, re.escape(shown[end:])])


def _differs(line: str, printed: str, shown: str) -> TutorialError:
    return TutorialError(f"{line}\nprints\n{printed}\nand not\n{shown}")
