"""Playwright's trace viewer: built files of the package that is installed here, and nothing that is copied."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

_INSIDE = Path("driver", "package", "lib", "vite", "traceViewer")


def trace_viewer_folder() -> Path | None:
    """Return the folder of the viewer's files, without importing Playwright; None if this version has none there."""
    package = find_spec("playwright")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent / _INSIDE
    return folder if (folder / "index.html").is_file() else None
