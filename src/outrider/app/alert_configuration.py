"""What a workspace says of alerts, with the values of its secrets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from outrider.alerts import read_alerts
from outrider.workspace import resolve_secrets

if TYPE_CHECKING:
    from outrider.alerts import AlertSettings
    from outrider.workspace import Workspace


def alert_settings(workspace: Workspace) -> AlertSettings:
    """Return what the workspace says of alerts.

    Raises:
        ConfigErrors: With every problem.
        ConfigError: If a secret is missing.
    """
    secrets = resolve_secrets(workspace, os.environ)
    values = {name: secrets[name].reveal() for name in secrets}
    return read_alerts(workspace, {**os.environ, **workspace.env, **values})
