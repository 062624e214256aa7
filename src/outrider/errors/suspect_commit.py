"""Commits of a release, read from what `git log` prints, and which of them changed what a stack went through. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.model import Commit, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.model import ErrorEvent, StackFrame

MOST_COMMITS: Final = 500
_MOST_FILES: Final = 300
_MOST_FRAMES: Final = 50
_MOST_SUSPECTS: Final = 3
_NAME_CHARACTERS: Final = 200
_COMMIT: Final = re.compile(r"commit ([0-9a-f]{7,64})\b")
_HEADER: Final = re.compile(r"(\w+): +(.*)")
_ADDRESS: Final = re.compile(r"\s*<[^>]*>?")
_INDENT: Final = "    "
_BUILT: Final = re.compile(r"^(?:[a-z][a-z+.-]*:)?/*(?:\./|\.\./)*")


@dataclass(frozen=True, slots=True)
class SuspectCommit:
    """A commit that changed a file of a stack: which file, and the function of the innermost frame in it."""

    commit: Commit
    file: str
    function: str


def read_git_log(text: str) -> tuple[Commit, ...]:
    """Return the commits of `git log --name-only`, the latest first, as Git orders them; the first 500 of more.

    What is no commit is passed over: a text without any has none.
    """
    commits: list[Commit] = []
    for block in re.split(r"^(?=commit [0-9a-f]{7,64}\b)", text, flags=re.MULTILINE):
        named = _COMMIT.match(block)
        if named is not None and len(commits) < MOST_COMMITS:
            commits.append(_commit(named[1], block.splitlines()[1:]))
    return tuple(commits)


def _commit(name: str, lines: Sequence[str]) -> Commit:
    end = next((number for number, line in enumerate(lines) if not line.strip()), len(lines))
    headers = {match[1]: match[2] for line in lines[:end] if (match := _HEADER.match(line))}
    subject = next((line.strip() for line in lines[end:] if line.startswith(_INDENT) and line.strip()), "")
    files = [_plain(line) for line in lines[end:] if line.strip() and not line.startswith(" ")]
    author = _plain(_ADDRESS.sub("", headers.get("Author", "")))
    return Commit(name, author, _plain(headers.get("Date", "")), _plain(subject), tuple(files[:_MOST_FILES]))


def _plain(text: str) -> str:
    return printable(text.strip().strip('"')[:_NAME_CHARACTERS])


def suspect_commits(event: ErrorEvent, commits: Iterable[Commit]) -> tuple[SuspectCommit, ...]:
    """Return the commits that changed files of an event's stack, those of inner frames first, then the latest; three.

    A file of a commit is a frame's if their paths end alike: in two names at least, or in the whole of a file's path.
    """
    frames = [frame for own in event.exceptions for frame in reversed(own.frames) if frame.in_app][:_MOST_FRAMES]
    places = [(frame, _parts(frame)) for frame in frames]
    ranked: list[tuple[int, SuspectCommit]] = []
    for commit in commits:
        files = [(file, tuple(reversed(file.split("/")))) for file in commit.files]
        hit = next(
            ((rank, frame, file) for rank, (frame, parts) in enumerate(places) for file, own in files
             if _is_alike(parts, own)), None,
        )  # fmt: skip
        if hit is not None:
            rank, frame, file = hit
            ranked.append((rank, SuspectCommit(commit, file, frame.function)))
    return tuple(suspect for _, suspect in sorted(ranked, key=lambda own: own[0])[:_MOST_SUSPECTS])


def _parts(frame: StackFrame) -> tuple[str, ...]:
    """Return the names of a frame's path, the last first; Java tells its folders in the module."""
    path = _BUILT.sub("", frame.path.partition("?")[0].replace("\\", "/"))
    if "/" not in path and "." in frame.module:
        path = f"{frame.module.rpartition('.')[0].replace('.', '/')}/{path}" if path else ""
    return tuple(reversed([name for name in path.split("/") if name])) if path else ()


def _is_alike(frame: tuple[str, ...], file: tuple[str, ...]) -> bool:
    same = 0
    for one_name, other in zip(frame, file, strict=False):
        if one_name != other:
            break
        same += 1
    return same > 1 or 0 < same == len(file)
