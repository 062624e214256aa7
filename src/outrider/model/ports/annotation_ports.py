"""Ports: annotations, and settings that were changed on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from outrider.model.annotation import Annotation, SettingOverride


class AnnotationLog(Protocol):
    """Annotations."""

    def record(self, annotation: Annotation) -> None:
        """Keep an annotation."""
        ...

    def between(self, since_us: int, until_us: int, *, limit: int = 500) -> tuple[Annotation, ...]:
        """Return the annotations of since_us <= at <= until_us, the earliest first; of too many the latest."""
        ...

    def remove(self, annotation_id: str) -> bool:
        """Remove an annotation; return false if there is none."""
        ...


class OverrideLog(Protocol):
    """Settings that hold in the place of those in files."""

    def put(self, override: SettingOverride) -> None:
        """Keep a value, in the place of one of the same name."""
        ...

    def replace(self, override: SettingOverride, seen: SettingOverride | None) -> bool:
        """Keep a value in the place of `seen`, None for none; return false, and keep nothing, if another one is there.

        Of several that saw the same value, one is kept.
        """
        ...

    def remove(self, name: str) -> bool:
        """Remove a value; return false if there is none."""
        ...

    def all(self) -> tuple[SettingOverride, ...]:
        """Return all values, by name."""
        ...
