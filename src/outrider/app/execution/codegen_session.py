"""A journey recorded by clicking through a site."""

from __future__ import annotations

import os
import re
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outrider.app.execution.runtime import browser_settings
from outrider.journeys import (
    browser_environment,
    codegen,
    confidential_lines,
    find_browser,
    named_test,
    require_display,
)
from outrider.model import Place, UsageError
from outrider.workspace import measured_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.workspace import Workspace

_ANSWER_S = 10.0
_PORTS = {"http": 80, "https": 443}
_DISPLAY = "record on a machine with a display, and copy the file into journeys/; ssh -X lends a display, too"


@dataclass(frozen=True, slots=True)
class Recording:
    """A journey that was written.

    Attributes:
        path: From the workspace's root.
        confidential: Lines in which something confidential seems to be typed.
    """

    path: str
    test: str
    confidential: tuple[int, ...]


def record_journey(
    workspace: Workspace,
    url: str,
    name: str | None = None,
    *,
    force: bool = False,
    record: Callable[[str, Path, Mapping[str, str]], None] = codegen,
) -> Recording:
    """Run Playwright's recorder at an address, and write what it records as a journey of the workspace.

    Args:
        workspace: Whose journeys.
        url: Where recording begins; http or https.
        name: Of the journey; made of the address's host if absent.
        force: Whether a file of that name is replaced.
        record: Records from an address into a file, with an environment.

    Raises:
        UsageError: bad-name, file-exists, no-display, no-answer, nothing-recorded, unwritable-journey.
        BrowserError: If there is no browser that opens a window.
    """
    slug = _slug(name or urlsplit(url).hostname or "")
    path = _folder(workspace) / f"test_{slug}.py"
    _refuse_existing(workspace, path, force=force)
    require_display(f"outrider record {url}", _DISPLAY, is_watched=True)
    environment = {**measured_environment(os.environ), **workspace.env}
    _require_answer(url, environment)
    browser = find_browser(browser_settings(workspace, with_window=True))
    with tempfile.TemporaryDirectory(prefix="outrider-record-") as folder:
        output = Path(folder, path.name)
        record(url, output, {**environment, **browser_environment(browser, environ=environment)})
        recorded = output.read_text(encoding="utf-8") if output.is_file() else ""
    if "def test_" not in recorded:
        fix = "click through the site before you close the window"
        raise UsageError("nothing was recorded", slug="nothing-recorded", fix=fix)
    test = named_test(recorded, slug)
    _write(workspace, path, test, force=force)
    return Recording(path.relative_to(workspace.root).as_posix(), f"test_{slug}", confidential_lines(test))


def _slug(name: str) -> str:
    """Return what the name of a file and a function of Python is made of.

    Raises:
        UsageError: bad-name.
    """
    words = re.sub(r"\W+", "_", name.removesuffix(".py").removeprefix("test_"), flags=re.ASCII).strip("_").lower()
    if not words or "/" in name or os.sep in name:
        fix = "write letters, digits and _, such as: outrider record https://shop.example checkout"
        raise UsageError(f'"{name}" names no journey', slug="bad-name", fix=fix)
    return words


def _folder(workspace: Workspace) -> Path:
    """Return the first folder of the workspace's journeys."""
    folders = [workspace.root / path for path in workspace.journeys.paths if not path.endswith(".py")]
    return folders[0] if folders else workspace.root / "journeys"


def _refuse_existing(workspace: Workspace, path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        raise UsageError(
            "exists already",
            slug="file-exists",
            fix="give the journey another name, or replace the file with --force",
            where=Place(path.relative_to(workspace.root).as_posix()),
        )


def _require_answer(url: str, environment: Mapping[str, str]) -> None:
    """See that somebody listens at an address, unless a proxy leads there.

    Raises:
        UsageError: no-answer.
    """
    if any(name.lower() in {"http_proxy", "https_proxy", "all_proxy"} for name in environment):
        return
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port or _PORTS[parts.scheme]), _ANSWER_S).close()
    except OSError as error:
        reason = error.strerror or str(error) or "no answer in time"
        fix = "start what you want to record, or correct the address"
        raise UsageError(f"{url} does not answer: {reason}", slug="no-answer", fix=fix) from None


def _write(workspace: Workspace, path: Path, text: str, *, force: bool) -> None:
    """Write a file; one that appeared meanwhile stays as it is, unless forced."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        _refuse_existing(workspace, path, force=False)
    except OSError as error:
        fix = "let this user write to the folder of journeys"
        raise UsageError(f"{path} cannot be written: {error.strerror}", slug="unwritable-journey", fix=fix) from None
