"""What a workspace says of alerts, with the values of its secrets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from outrider.alerts import read_alerts
from outrider.workspace import Variables, available_secrets

if TYPE_CHECKING:
    from outrider.alerts import AlertSettings
    from outrider.workspace import Workspace


def alert_settings(workspace: Workspace) -> AlertSettings:
    """Return what the workspace says of alerts.

    Raises:
        ConfigErrors: With every problem, secrets that alerts name and that are missing among them.
    """
    return read_alerts(workspace, Variables(os.environ, workspace.env, available_secrets(workspace, os.environ)))
