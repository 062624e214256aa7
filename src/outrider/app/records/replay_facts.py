"""What commands ask of replays, and how they delete one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from outrider.app.access.audit_trail import command_line_change
from outrider.dashboard import ReplayBody, ReplayPage, api_replay, api_replays, replay_parts
from outrider.model import ReplayQuery, counted

if TYPE_CHECKING:
    from outrider.model import AuditLog, ReplayLog

__all__ = ["ReplayBody", "ReplayPage", "ReplayQuery", "api_replay", "api_replays", "delete_replay", "replay_parts"]


class ReplayRecords(Protocol):
    """Where replays are, and who changed what."""

    @property
    def replays(self) -> ReplayLog:
        """Replays."""
        ...

    @property
    def audit(self) -> AuditLog:
        """The audit log."""
        ...


def delete_replay(records: ReplayRecords, session: str) -> int:
    """Delete a session's replay with its contents, and note it; return how many parts it had.

    Raises:
        UsageError: unknown-replay.
    """
    parts = replay_parts(records.replays, session)
    with records.audit.alongside(command_line_change("replay.delete", session, counted(len(parts), "part"))):
        return records.replays.delete(session)
