"""Where a repository's suites of Playwright Test stand, which are watched by their reports."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Final

from outrider.workspace.file_list import PRODUCTS

_CONFIG: Final = re.compile(r"playwright\.config\.[cm]?[jt]s")


def find_playwright_suites(root: Path) -> tuple[str, ...]:
    """Return the folders with a configuration of Playwright Test, below `root`; `.` is the root itself."""
    folders = []
    for folder, below, files in os.walk(root):
        below[:] = [name for name in below if name not in PRODUCTS and not name.startswith(".")]
        if any(_CONFIG.fullmatch(name) for name in files):
            folders.append(Path(folder).relative_to(root).as_posix())
    return tuple(sorted(folders))


def suite_tables(folders: tuple[str, ...]) -> str:
    """Return a table of a probe for each suite, off until somebody has seen that it runs there."""
    heading = "# Your suites of Playwright Test, as probes. Off: each needs `npm ci` where Outrider runs.\n"
    return heading + "".join(
        f"\n[{json.dumps('playwright' if folder == '.' else folder, ensure_ascii=False)}]\n"
        'kind = "command"\n'
        'command = ["npx", "playwright", "test", "--reporter=json"]\n'
        f"folder = {json.dumps(folder, ensure_ascii=False)}\n"
        'report = "playwright-json"\n'
        'timeout = "10m"\n'
        'every = "15m"\n'
        "retries = 0  # the suite has its own\n"
        "enabled = false\n"
        for folder in folders
    )
