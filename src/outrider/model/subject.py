"""What a series, a finding and an incident are about."""

from __future__ import annotations

from enum import StrEnum


class SubjectKind(StrEnum):
    """The kinds of subject; the first three are checks."""

    JOURNEY = "journey"
    PROBE = "probe"
    LOAD = "load"
    SERVICE = "service"
    PAGE = "page"
    ISSUE = "issue"
    LOCATION = "location"


CHECK_KINDS = frozenset({SubjectKind.JOURNEY, SubjectKind.PROBE, SubjectKind.LOAD})

_KINDS = {kind.value: kind for kind in SubjectKind}


class Subject(str):
    """The identity of whatever is judged: `KIND:NAME`, such as `service:checkout` or `probe:probes/shop.toml::home`.

    It compares, hashes and is stored as that text. A check with an explicit id of its own may lack the kind.
    """

    __slots__ = ()

    @classmethod
    def of(cls, kind: SubjectKind, name: str) -> Subject:
        """Return the subject of a kind with this name.

        Raises:
            ValueError: If the name is empty.
        """
        if not name:
            raise ValueError(f"a subject of the kind {kind.value} needs a name")
        return cls(f"{kind.value}:{name}")

    @property
    def kind(self) -> SubjectKind | None:
        """The kind that the text begins with; None if it begins with none."""
        prefix, colon, _ = self.partition(":")
        return _KINDS.get(prefix) if colon else None

    @property
    def name(self) -> str:
        """The text without its kind."""
        return self.partition(":")[2] if self.kind else str(self)


class CheckId(Subject):
    """The identity of a check, which is a subject too."""

    __slots__ = ()
