"""Fails if a tracked file names a package registry or a path of one machine, or holds half a merge.

A lock must install from any mirror, so it holds hashes and no address at all.

The patterns are split, so that this file does not contain what it looks for.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_HOSTS = (
    ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("yarnpkg", "com"),
    ("npmmirror", "com"), ("anaconda", "org"), ("crates", "io"), ("proxy.golang", "org"), ("rubygems", "org"),
)  # fmt: skip
_HOMES = ("work", "root")
FORBIDDEN = re.compile(
    "|".join(rf"\b{re.escape(name)}\.{top}\b" for name, top in _HOSTS)
    + rf"|(?<![\w.])/({'|'.join(_HOMES)})/"
    + r"|--(extra-)?index-"
    + r"url\b"
    + r"|^\s*(<{7}|>{7}) "
)


LOCKS = ("package-lock.json", "base.txt", "build.txt", "dev.txt", "docs.txt", "image.txt", "node.txt", "release.txt")
ADDRESS = re.compile(r"https?:|git\+")


def tracked_files() -> list[Path]:
    """Return the files that git knows, or would add."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def addresses(path: Path) -> list[str]:
    """Return the lines of a file that hold a forbidden address, each with its place."""
    text = path.read_bytes().decode("utf-8", errors="replace")
    lines = enumerate(text.splitlines(), start=1)
    patterns = (FORBIDDEN, ADDRESS) if path.name in LOCKS else (FORBIDDEN,)
    return [
        f"{path.name}:{number}: {line.strip()[:120]}"
        for number, line in lines
        if any(pattern.search(line) for pattern in patterns)
    ]


def main() -> int:
    """Print what was found; return the exit code."""
    files = tracked_files()
    lines = [f"{path.parent.relative_to(ROOT)}/{line}" for path in files for line in addresses(path)]
    print("\n".join(lines) or f"{len(files)} files name no registry and no path of one machine")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
