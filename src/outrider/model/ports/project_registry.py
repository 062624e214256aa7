"""Where errors may be sent, and with which keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from outrider.model.error_project import ErrorProject, ProjectKey


class ProjectRegistry(Protocol):
    """Projects and their keys; neither is ever removed, and no number is used again."""

    def add(self, project: ErrorProject, key: ProjectKey) -> ErrorProject | None:
        """Keep a project with its first key; return it with its number.

        Returns:
            None if there is one of this service and environment: nothing is kept.
        """
        ...

    def change(self, project: ErrorProject) -> bool:
        """Replace what is known of a project; return false if there is none of its number."""
        ...

    def all(self) -> tuple[ErrorProject, ...]:
        """Return all projects, by their numbers."""
        ...

    def add_key(self, key: ProjectKey) -> bool:
        """Keep a further key of a project; return false if there is no such project."""
        ...

    def expire_key(self, key_id: str, at_us: int) -> bool:
        """End a key at a time; return false if there is none that lasts longer."""
        ...

    def all_keys(self) -> tuple[ProjectKey, ...]:
        """Return all keys, valid or not: by their projects, the oldest first."""
        ...
