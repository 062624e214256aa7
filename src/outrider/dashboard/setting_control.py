"""What pages and the API ask of a workspace's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrider.model import AuditEntry
    from outrider.workspace import SettingState

    Note = Callable[[str, str, str], AuditEntry]


class SettingControl(Protocol):
    """The settings of a workspace; may be asked by any thread."""

    def all(self) -> Sequence[SettingState]:
        """Return all that can be changed while the service runs."""
        ...

    def change(self, name: str, value: object, *, instead_of: object, author: str, note: Note) -> None:
        """Set a value beside the file, unless another one holds than `instead_of`; None for whatever holds."""
        ...

    def reset(self, name: str, *, note: Note) -> None:
        """Let the file decide again."""
        ...
