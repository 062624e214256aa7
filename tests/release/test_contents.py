"""What does not belong into a wheel or a source distribution is noticed, and what is missing from one."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from release.contents import sdist_faults, wheel_faults

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = ("pages.js", "replay-player.js", "report.css", "report.js", "rum-replay.js", "rum.js")
BUILT = [
    "outrider/__init__.py",
    "outrider/py.typed",
    *(f"outrider/charts/built/{name}" for name in (*SCRIPTS, "licences.txt", "packages.json")),
    "outrider/documentation/index.html",
    "outrider/documentation/errors.html",
    "outrider/documentation/_static/site.css",
]
TRACKED = BUILT[:2]
ABOUT = [f"outrider-1.2.0.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")]
METADATA = "Name: outrider\nVersion: 1.2.0\nLicense-Expression: Apache-2.0\nRequires-Python: >=3.11\n"
BESIDE = [".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "hatch_build.py", "pyproject.toml"]


def write_wheel(folder: Path, names: list[str], metadata: str = METADATA) -> Path:
    path = folder / "outrider-1.2.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, metadata if name.endswith("METADATA") else "")
    return path


WHEEL = [*BUILT, *ABOUT, "outrider-1.2.0.dist-info/licenses/LICENSE"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (WHEEL, []),
        ([*WHEEL, "tests/test_x.py"], ["tests/test_x.py does not belong there"]),
        ([*WHEEL, "outrider/x.pyc"], ["outrider/x.pyc does not belong there"]),
        ([*WHEEL, "outrider/documentation/trees/index.doctree"], ["index.doctree does not belong there"]),
        (WHEEL[1:], ["outrider/__init__.py is missing"]),
        ([name for name in WHEEL if "rum.js" not in name], ["outrider/charts/built/rum.js is missing"]),
        ([name for name in WHEEL if "documentation" not in name], ["errors.html is missing", "index.html is missing"]),
        ([name for name in WHEEL if "LICENSE" not in name], ["licenses/LICENSE is missing"]),
    ],
)
def test_a_wheel_has_what_git_knows_and_what_is_built_and_nothing_else(
    tmp_path: Path, names: list[str], expected: list[str]
) -> None:
    """A file more is as wrong as one that is missing."""
    faults = wheel_faults(write_wheel(tmp_path, names), TRACKED, "1.2.0")

    assert len(faults) == len(expected)
    assert [words for words, fault in zip(expected, faults, strict=True) if not fault.endswith(words)] == []


def test_a_wheel_of_another_version_or_licence_is_noticed(tmp_path: Path) -> None:
    """Of what indexes show."""
    metadata = METADATA.replace("Version: 1.2.0", "Version: 1.1.0").replace("Apache-2.0", "MIT")

    faults = wheel_faults(write_wheel(tmp_path, WHEEL, metadata), TRACKED, "1.2.0")

    assert [fault.partition(": ")[2] for fault in faults] == [
        "Version is 1.1.0, not 1.2.0", "License-Expression is MIT, not Apache-2.0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("surplus", "missing", "expected"),
    [
        ([], "", []),
        (["outrider-1.2.0/.env"], "", [".env does not belong there"]),
        (["evil"], "", ["evil is no file below outrider-1.2.0/", "evil does not belong there"]),
        ([], "hatch_build.py", ["hatch_build.py is missing"]),
    ],
)
def test_a_source_distribution_has_what_a_wheel_is_built_from(
    tmp_path: Path, surplus: list[str], missing: str, expected: list[str]
) -> None:
    """What is built lies in it, so that an installer needs no Node."""
    path = tmp_path / "outrider-1.2.0.tar.gz"
    names = [f"outrider-1.2.0/{name}" for name in (*(f"src/{name}" for name in BUILT), *BESIDE) if name != missing]
    with tarfile.open(path, "w:gz") as archive:
        for name in [*names, *surplus]:
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())

    faults = sdist_faults(path, TRACKED, "1.2.0")

    assert [fault.partition(": ")[2] for fault in faults] == expected
