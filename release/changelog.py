"""The version, which stands in one place, and what the changelog and git have to say of it before it is released."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def version_of(root: Path) -> str:
    """Return the version of a checkout; hatchling reads the same line."""
    (version,) = _VERSION.findall((root / "src/outrider/__init__.py").read_text("utf-8"))
    return str(version)


def section(changelog: str, version: str) -> str:
    """Return what a changelog says of a version, without its heading; empty if it has no section."""
    headings = list(_HEADING.finditer(changelog))
    ends = [*(heading.start() for heading in headings[1:]), len(changelog)]
    for heading, end in zip(headings, ends, strict=True):
        if heading[1].split(" ")[0] == version:
            return changelog[heading.end() : end].strip()
    return ""


def unready(changelog: str, version: str, tags: list[str], changes: list[str]) -> list[str]:
    """Return what stands between a commit and its release, a sentence each.

    Args:
        tags: Those of the commit.
        changes: Files that were changed and not committed.
    """
    released = [heading for heading in _HEADING.findall(changelog) if heading != "Unreleased"]
    dated = released and re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d{{2}}-\d{{2}}", released[0])
    faults = []
    if not dated:
        first = f'"{released[0]}"' if released else "none"
        faults.append(f'the newest section of CHANGELOG.md is {first}: it has to be "{version} - YEAR-MONTH-DAY"')
    elif not section(changelog, version):
        faults.append(f"CHANGELOG.md says nothing of {version}")
    if section(changelog, "Unreleased") and dated:
        faults.append(f'CHANGELOG.md has changes under "Unreleased": they belong to {version}')
    if f"v{version}" not in tags:
        faults.append(f"the commit has {', '.join(tags) or 'no tag'}: git tag --sign v{version}")
    if changes:
        faults.append(f"what is not committed is not in it: {', '.join(changes[:5])}{', …' * (len(changes) > 5)}")
    return faults


def git(root: Path, *command: str) -> list[str]:
    """Return the lines that git prints."""
    done = subprocess.run(("git", *command), cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()
