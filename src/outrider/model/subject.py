"""What a series, a finding and an incident are about."""

from __future__ import annotations

from enum import StrEnum

from outrider.model.errors import UsageError


class SubjectKind(StrEnum):
    """The kinds of subject; the first three are checks."""

    JOURNEY = "journey"
    PROBE = "probe"
    LOAD = "load"
    SERVICE = "service"
    PAGE = "page"
    ISSUE = "issue"
    LOCATION = "location"
    RULE = "rule"


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
            UsageError: bad-argument if the kind is none, or the name is empty.
        """
        if kind not in _KINDS:
            fix = f"write one of SubjectKind: {', '.join(_KINDS)}"
            raise UsageError(f"kind = {kind!r} is no kind of subject", slug="bad-argument", fix=fix)
        if not name:
            fix = 'give it a name, such as "checkout"'
            raise UsageError(f"name = {name!r} names no {SubjectKind(kind)}", slug="bad-argument", fix=fix)
        return cls(f"{SubjectKind(kind)}:{name}")

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
