"""What is in the files of a release, beside what has to be there: each file is wanted, and none is missing."""

from __future__ import annotations

import tarfile
import zipfile
from email import message_from_string
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_BUILT = "outrider/charts/built"
_PAGES = "outrider/documentation"
_SCRIPTS = ("pages.js", "replay-player.js", "report.css", "report.js", "rum-replay.js", "rum.js")
_BUILT_FILES = {f"{_BUILT}/{name}" for name in (*_SCRIPTS, "licences.txt", "packages.json")}
_METADATA = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
_BESIDE = (".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "hatch_build.py", "pyproject.toml")
_PAGE_KINDS = {".html", ".css", ".js", ".png", ".svg", ".ico", ".woff", ".woff2", ".inv", ".txt", ".yml"}


def wheel_faults(wheel: Path, tracked: Collection[str], version: str) -> list[str]:
    """Return what is wrong with a wheel, a sentence each.

    Args:
        tracked: Files of the package that git knows, such as `outrider/py.typed`.
    """
    folder = f"outrider-{version}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = message_from_string(archive.read(f"{folder}/METADATA").decode("utf-8"))
    faults = _differences(wheel.name, names, {*tracked, *(f"{folder}/{name}" for name in _METADATA)})
    wanted = {"Version": version, "License-Expression": "Apache-2.0", "Requires-Python": ">=3.11"}
    faults += [
        f"{wheel.name}: {field} is {metadata[field]}, not {value}"
        for field, value in wanted.items()
        if metadata[field] != value
    ]
    return faults


def sdist_faults(sdist: Path, tracked: Collection[str], version: str) -> list[str]:
    """Return what is wrong with a source distribution, a sentence each; for `tracked` see `wheel_faults`."""
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    top = f"outrider-{version}/"
    names = [member.name.removeprefix(top).removeprefix("src/") for member in members]
    strangers = [f"{sdist.name}: {member.name} is no file below {top}" for member in members
                 if not (member.isfile() and member.name.startswith(top))]  # fmt: skip
    return strangers + _differences(sdist.name, names, {*tracked, *_BESIDE})


def _differences(archive: str, names: list[str], wanted: Collection[str]) -> list[str]:
    """Compare what an archive has with what git knows and what is built; pages are known by their kind."""
    present = set(names)
    pages = {name for name in present if name.startswith(f"{_PAGES}/")}
    missing = {*wanted, *_BUILT_FILES, f"{_PAGES}/index.html", f"{_PAGES}/errors.html"} - present
    surplus = present - pages - {*wanted, *_BUILT_FILES}
    surplus |= {name for name in pages if PurePosixPath(name).suffix not in _PAGE_KINDS}
    return [
        *(f"{archive}: {name} is missing" for name in sorted(missing)),
        *(f"{archive}: {name} does not belong there" for name in sorted(surplus)),
        *(f"{archive}: {name} stands there twice" for name in sorted(present) if names.count(name) > 1),
    ]
