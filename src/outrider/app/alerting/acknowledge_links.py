"""The links by which recipients of mails acknowledge incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.access.signing_key import signing_key
from outrider.server import LINK_LIFETIME_S, AcknowledgeGrant, AcknowledgeSigner

if TYPE_CHECKING:
    from outrider.alerts import AlertSettings, LinkMaker
    from outrider.workspace import Workspace


def link_maker(workspace: Workspace, settings: AlertSettings) -> LinkMaker | None:
    """Return what makes links; None where `[delivery] links` does not say what addresses begin with."""
    if not settings.links:
        return None
    signer = AcknowledgeSigner(signing_key(workspace.state))

    def address(incident: str, recipient: str, notification: str, created_us: int) -> str:
        expires_s = created_us // 1_000_000 + LINK_LIFETIME_S
        token = signer.sign(AcknowledgeGrant(incident, recipient, notification, expires_s))
        return f"{settings.links}acknowledge/{token}"

    return address


def link_reader(workspace: Workspace, settings: AlertSettings | None) -> AcknowledgeSigner | None:
    """Return what reads links; None where none are made."""
    if settings is None or not settings.links:
        return None
    return AcknowledgeSigner(signing_key(workspace.state))
