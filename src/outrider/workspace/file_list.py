"""Which files of a workspace a run needs: those that git tracks or would add, or else all except products of tools."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from outrider.model import ConfigError, ConfigErrors, Place
from outrider.workspace.workspace_settings import SETTINGS_FILE, STATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from outrider.workspace.workspace_settings import Workspace

PRODUCTS: Final = frozenset(
    {
        ".git", ".hg", ".hypothesis", ".mypy_cache", ".nox", ".pytest_cache", ".ruff_cache", ".svn", ".tox", ".venv",
        "__pycache__", "build", "dist", "node_modules", "playwright-report", "test-results", "venv",
    }
)  # fmt: skip
"""Folders that tools make; they belong to a workspace only if git tracks files in them."""

_PRODUCT_SUFFIXES = (".pyc", ".pyo", ".egg-info")
_DATABASE_SUFFIXES = ("", "-wal", "-shm", "-journal")
_GIT_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a symbolic link.

    Attributes:
        path: Below the root, with forward slashes.
        link: Where a symbolic link leads, relative and without leaving the root; None for a file.
    """

    path: str
    status: os.stat_result
    link: str | None = None


def python_files(root: Path) -> Iterator[PurePosixPath]:
    """Yield the Python files of a repository, as paths below `root`; hidden folders and products are left out."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in PRODUCTS and not name.startswith(".")]
        for name in files:
            if name.endswith(".py"):
                yield PurePosixPath(Path(folder, name).relative_to(root).as_posix())


def list_entries(workspace: Workspace, *, git: str = "git") -> list[Entry]:
    """Return what a run of `workspace` needs, sorted by path.

    Args:
        git: The program to ask; without it, or outside of a work tree, the folders are walked.

    Raises:
        ConfigErrors: With each symbolic link that leads out of the workspace.
    """
    root = workspace.root
    own, excluded = _own_places(workspace), _matcher(workspace.exclude)
    paths = {*(_ask_git(root, git) or _walk(root, "")), *_included(workspace)}
    entries, problems = [], []
    for path in sorted(path for path in paths if not own(path) and not excluded(path)):
        try:
            entry = _entry(root, path)
        except ConfigError as problem:
            problems.append(problem)
        else:
            entries += [entry] if entry else []
    if problems:
        raise ConfigErrors(tuple(problems))
    return entries


def _ask_git(root: Path, git: str) -> list[str]:
    """Return what git lists, or nothing if it cannot be asked or does not know this folder."""
    command = [git, "ls-files", "-t", "-z", "--cached", "--others", "--exclude-standard", f"--exclude={STATE_FOLDER}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        answer = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, check=True, timeout=_GIT_TIMEOUT_S
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    listed = [(line[:1], line[2:]) for line in os.fsdecode(answer).split("\0") if line]
    if not any(path == SETTINGS_FILE for _, path in listed):  # this folder is ignored as a whole
        return []
    return [file for tag, path in listed if tag != "?" or not _is_product(path) for file in _files_of(root, path)]


def _files_of(root: Path, path: str) -> Iterator[str]:
    """Yield `path`, or the files below it if it is a folder: a submodule, or another repository."""
    full = root / path
    if full.is_dir() and not full.is_symlink():
        yield from _walk(root, path.rstrip("/"))
    else:
        yield path


def _walk(root: Path, folder: str) -> Iterator[str]:
    try:
        children = list(os.scandir(root / folder))
    except OSError:
        return
    for child in children:
        path = f"{folder}/{child.name}" if folder else child.name
        if _is_product(child.name) or path == STATE_FOLDER:
            continue
        if child.is_dir(follow_symlinks=False):
            yield from _walk(root, path)
        else:
            yield path


def _is_product(path: str) -> bool:
    return any(part in PRODUCTS or part.endswith(_PRODUCT_SUFFIXES) for part in path.split("/"))


def _included(workspace: Workspace) -> Iterator[str]:
    for pattern in workspace.include:
        for path in workspace.root.glob(pattern):
            yield from _files_of(workspace.root, path.relative_to(workspace.root).as_posix())


def _own_places(workspace: Workspace) -> Callable[[str], bool]:
    """Return a test for what Outrider itself writes, which changes with every run."""
    places = [STATE_FOLDER]
    for place in (workspace.store_url.removeprefix("sqlite:///"), workspace.artifacts_url):
        if Path(place).is_relative_to(workspace.root):
            below = Path(place).relative_to(workspace.root).as_posix()
            places += [below + suffix for suffix in _DATABASE_SUFFIXES]
    return lambda path: any(path == place or path.startswith(f"{place}/") for place in places)


def _matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return a test for paths that a pattern names, whole or by a folder above; without a slash, at any depth."""
    globs = [
        f"(?:.*/)?{translate(pattern)}" if "/" not in pattern else translate(pattern)
        for written in patterns
        for pattern in {written.strip("/"), written.strip("/").replace("**/", "")}
    ]
    if not globs:
        return lambda _: False
    combined = re.compile("|".join(globs))

    def matches(path: str) -> bool:
        ends = [*(slash.start() for slash in re.finditer("/", path)), len(path)]
        return any(combined.match(path[:end]) for end in ends)

    return matches


def _entry(root: Path, path: str) -> Entry | None:
    """Return a file or link; None if it is gone or something else, such as a socket."""
    try:
        status = os.lstat(root / path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(status.st_mode):
        return Entry(path, status, _inner_link(root, path))
    return Entry(path, status) if stat.S_ISREG(status.st_mode) else None


def _inner_link(root: Path, path: str) -> str:
    target = str((root / path).readlink())
    end = os.path.realpath(root / path)
    if not Path(end).is_relative_to(root):
        raise ConfigError(
            f"is a symbolic link that leads out of the workspace, to {target}",
            slug="link-outside",
            fix="put a copy in its place, or name it below [workspace] exclude in outrider.toml",
            where=Place(path),
        )
    folder = os.path.dirname(path)  # noqa: PTH120  a text, and so without the file system
    if os.path.isabs(target) or os.path.normpath(os.path.join(folder, target)).startswith(".."):  # noqa: PTH117, PTH118
        return os.path.relpath(end, os.path.realpath(root / folder))
    return target
