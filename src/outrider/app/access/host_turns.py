"""Turns of this user's runs on this host."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.runs import Turns

if TYPE_CHECKING:
    from outrider.workspace import Workspace


def host_turns(workspace: Workspace) -> Turns:
    """Return the turns that this user's runs take on this host, whatever workspace they are of."""
    return Turns(user_folder() / "turns", workspace.journeys.concurrency, str(workspace.root))


def user_folder() -> Path:
    """Return the folder of this user's workers and browsers."""
    return Path(tempfile.gettempdir()) / f"outrider-{os.getuid()}"
