"""Who may see the pages of a workspace, by its settings and secrets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import structlog

from outrider.app.access.signing_key import signing_key
from outrider.model import ConfigError
from outrider.server import AccessRules
from outrider.workspace import available_secrets

if TYPE_CHECKING:
    from outrider.workspace import Workspace

log = structlog.get_logger("outrider.access")


def access_rules(workspace: Workspace, *, is_loopback: bool) -> AccessRules:
    """Return what decides; a secret that is missing is logged, and the provider refuses us without it."""
    oidc, secret = workspace.server.oidc, ""
    if oidc is not None and oidc.client_secret:
        try:
            secret = available_secrets(workspace, os.environ)[oidc.client_secret].reveal()
        except ConfigError as error:
            log.warning("access.secret", why=error.what, fix=error.fix)
    return AccessRules(workspace.server, is_loopback, secret, signing_key(workspace.state))
