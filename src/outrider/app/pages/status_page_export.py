"""The public status page as files that any web server can serve."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.app.execution.runtime import list_checks
from outrider.app.pages.status_page_listener import status_page_sources
from outrider.dashboard import status_documents, status_page_view
from outrider.model import UsageError

if TYPE_CHECKING:
    from outrider.dashboard import StatusPageSources
    from outrider.model import StatusPageRecords
    from outrider.workspace import Workspace

_OURS = (("incidents", re.compile(r"[0-9a-f]{32}\.html")), ("badges", re.compile(r"[0-9a-f]{12}\.svg")))


def open_status_page(workspace: Workspace, store: StatusPageRecords) -> StatusPageSources:
    """Return what the status page is made from; tests are collected for it, not run.

    Raises:
        UsageError: status-page-off.
    """
    if workspace.status_page is None:
        raise UsageError(
            "this workspace has no status page", slug="status-page-off", fix="add [status_page] to outrider.toml"
        )
    sources = status_page_sources(workspace, store, list_checks(workspace))
    assert sources is not None
    return sources


def export_status_page(sources: StatusPageSources, folder: Path) -> int:
    """Write the status page into a folder, and return how many files it has.

    A file is replaced as a whole, so that a web server may serve the folder meanwhile. Pages of incidents and badges
    that the page no longer has are removed; nothing else in the folder is touched.

    Raises:
        UsageError: unwritable-folder.
    """
    documents = status_documents(status_page_view(sources))
    try:
        for name in sorted(documents, key=lambda name: name == "index.html"):  # links lead to what is there already
            _write(folder / name, documents[name].content)
        _remove_others(folder, set(documents))
    except OSError as error:
        what = f"the status page cannot be written to {folder}: {error.strerror or error}"
        raise UsageError(what, slug="unwritable-folder", fix="name a folder that this user may write to") from None
    return len(documents)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".status-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), 0o644)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _remove_others(folder: Path, names: set[str]) -> None:
    for part, pattern in _OURS:
        if (folder / part).is_dir():
            for path in (folder / part).iterdir():
                if pattern.fullmatch(path.name) and f"{part}/{path.name}" not in names:
                    path.unlink()
