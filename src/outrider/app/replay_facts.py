"""What commands ask of replays, and how they delete one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from outrider.app.audit_trail import command_line_change
from outrider.model import UsageError, counted

if TYPE_CHECKING:
    from outrider.model import AuditLog, ReplayLog, ReplaySegment

__all__ = ["delete_replay", "replay_parts"]


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


def replay_parts(log: ReplayLog, session: str) -> tuple[ReplaySegment, ...]:
    """Return the parts of a session's replay.

    Raises:
        UsageError: unknown-replay.
    """
    parts = log.of_session(session)
    if not parts:
        fix = "outrider replays lists them"
        raise UsageError(f"no replay of a session {session[:40]!r} is kept", slug="unknown-replay", fix=fix)
    return parts


def delete_replay(records: ReplayRecords, session: str) -> int:
    """Delete a session's replay with its contents, and note it; return how many parts it had.

    Raises:
        UsageError: unknown-replay.
    """
    parts = replay_parts(records.replays, session)
    with records.audit.alongside(command_line_change("replay.delete", session, counted(len(parts), "part"))):
        return records.replays.delete(session)
