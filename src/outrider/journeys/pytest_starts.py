"""The starts of pytest that the tests of a workspace need: one for all, or several where a folder has needs of its own.

A folder with a pytest configuration of its own, or with a conftest that defines an option of a plug-in, starts apart:
what pytest reads there, and which plug-ins it leaves out, holds for the tests below that folder and no others.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.journeys.suite_paths import is_below
from outrider.workspace import PRODUCTS, find_option_conflicts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_CONFIGURATIONS = (
    "pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PytestStart:
    """One start of pytest.

    Attributes:
        paths: Its arguments, from the workspace's root.
        ignored: Folders below them that belong to other starts.
        left_out: Plug-ins that its conftests leave no place for.
    """

    paths: tuple[str, ...]
    ignored: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Needs:
    """What tests that start together have in common: the folder of their configuration, and plug-ins left out."""

    configuration: str
    left_out: frozenset[str]


def find_starts(root: Path, paths: Sequence[str]) -> tuple[PytestStart, ...]:
    """Return the starts for the tests below the paths, at least one, in the order of the paths."""
    conflicts = {Path(conflict.path).parent.as_posix(): conflict.plugins for conflict in find_option_conflicts(root)}
    anchors = {path: _needs(root, path, conflicts) for path in paths}
    for path in paths:
        for folder in _folders_below(root, path):
            needs = _needs(root, folder, conflicts)
            if needs != anchors[_nearest(folder, anchors)]:
                anchors.setdefault(folder, needs)
    groups: dict[_Needs, list[str]] = defaultdict(list)
    for anchor, needs in anchors.items():
        groups[needs].append(anchor)
    starts = (_start(needs, group, anchors) for needs, group in groups.items())
    return tuple(starts) or (PytestStart(tuple(paths)),)


def start_of(target: str, starts: Sequence[PytestStart]) -> PytestStart:
    """Return the start that a test or file belongs to."""
    by_path = {path: start for start in starts for path in start.paths if is_below(target, path)}
    return by_path[max(by_path, key=_depth)] if by_path else starts[0]


def _start(needs: _Needs, group: Sequence[str], anchors: Mapping[str, _Needs]) -> PytestStart:
    others = [anchor for anchor in anchors if anchor not in group]
    ignored = [anchor for anchor in others if any(is_below(anchor, path) for path in group)]
    return PytestStart(tuple(group), tuple(ignored), tuple(sorted(needs.left_out)))


def _needs(root: Path, path: str, conflicts: Mapping[str, tuple[str, ...]]) -> _Needs:
    folders = [path, *(parent.as_posix() for parent in Path(path).parents)]
    configuration = next((folder for folder in folders if _is_configured(root / folder)), folders[-1])
    with_conftests = folders[: folders.index(configuration) + 1]  # pytest imports none above its configuration
    left_out = {plugin for folder in with_conftests for plugin in conflicts.get(folder, ())}
    return _Needs(configuration, frozenset(left_out))


def _nearest(folder: str, anchors: Mapping[str, _Needs]) -> str:
    return max((anchor for anchor in anchors if is_below(folder, anchor)), key=_depth)


def _depth(path: str) -> int:
    return len(Path(path).parts)


def _folders_below(root: Path, path: str) -> Iterator[str]:
    """Yield the folders below a path, outer ones first."""
    for folder, below, _ in os.walk(root / path):
        below[:] = sorted(name for name in below if name not in PRODUCTS and not name.startswith("."))
        if folder != str(root / path):
            yield Path(folder).relative_to(root).as_posix()


def _is_configured(folder: Path) -> bool:
    """Whether a folder has a configuration of pytest; one that cannot be read is an error of the tests below it."""
    return any(_configures(folder / name) for name in _CONFIGURATIONS)


def _configures(file: Path) -> bool:
    if not file.is_file():
        return False
    from _pytest.config.findpaths import load_config_dict_from_file  # noqa: PLC0415 - only where tests are collected

    try:
        return load_config_dict_from_file(file) is not None
    except Exception:
        return True
