"""What is kept of a check beside its runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.model.check import Kind
    from outrider.model.outcome import Outcome
    from outrider.model.subject import CheckId


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """A check that the store knows; `kind`, `path` and `name` are unknown (None) if only runs name it.

    Attributes:
        aliases: Ids that it had before it was renamed.
    """

    id: CheckId
    kind: Kind | None
    path: str | None
    name: str | None
    first_seen_us: int
    last_seen_us: int
    aliases: tuple[CheckId, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredProof:
    """What a check made of one injected fault; `fault` is empty for the intact target.

    Attributes:
        at_us: When the check was proved, the same for all faults of one proving; microseconds UTC.
        snapshot: Hash of the workspace that it was proved from.
    """

    check: CheckId
    fault: str
    at_us: int
    outcome: Outcome
    noticed: bool
    reason: str
    snapshot: str
