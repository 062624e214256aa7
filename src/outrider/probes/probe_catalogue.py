"""The probes of a workspace: every table of `probes/*.toml`, read once, with every problem reported together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.model import Check, CheckId, ConfigError, HeartbeatKeys, Kind, Place, SubjectKind, reason_of
from outrider.probes.broken_probe import BrokenProbe
from outrider.probes.heartbeat import HeartbeatProbe
from outrider.probes.probe_kinds import KINDS
from outrider.probes.probe_table import ProbeTable
from outrider.workspace import (
    Refused,
    Table,
    as_check_id,
    as_one_of,
    in_reading_order,
    read_document,
    read_overrides,
    resolve,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from outrider.probes.probe_context import Probe
    from outrider.workspace import Workspace

FOLDER = "probes"


@dataclass(frozen=True, slots=True)
class ProbeCatalogue:
    """The probes of `probes/*.toml`.

    Attributes:
        checks: Those without a problem.
        broken: Those with one, and files that are no TOML: they run as setup errors with the reason.
        probes: Of both.
    """

    checks: tuple[Check, ...] = ()
    probes: Mapping[CheckId, Probe] = field(default_factory=dict)
    broken: tuple[Check, ...] = ()
    problems: tuple[ConfigError, ...] = ()

    @property
    def heartbeats(self) -> HeartbeatKeys:
        """The heartbeats by what their URLs end with; a broken table may be one."""
        by_key = {
            key: check
            for check, probe in self.probes.items()
            if isinstance(probe, HeartbeatProbe)
            for key in probe.keys
        }
        return HeartbeatKeys(by_key, is_complete=not self.broken)


def read_probes(workspace: Workspace, variables: Mapping[str, str], *, others: Collection[str] = ()) -> ProbeCatalogue:
    """Read the probes of a workspace.

    Args:
        workspace: Whose probes.
        variables: Environment and secrets by name.
        others: Kinds whose tables belong to another reader.
    """
    reader = _Reader(workspace, variables, others)
    checks: list[Check] = []
    probes: dict[CheckId, Probe] = {}
    broken: list[Check] = []
    problems: list[ConfigError] = []
    for path in sorted((workspace.root / FOLDER).glob("*.toml")):
        file = f"{FOLDER}/{path.name}"
        try:
            document = read_document(path, file)
        except ConfigError as problem:
            problems.append(problem)
            broken.append(reader.broken(file, "", problem.where))
            probes[broken[-1].id] = BrokenProbe(reason_of([problem]))
            continue
        top = Table(document.data, "", document.place, problems)
        for name in document.data:
            before = len(problems)
            entry = reader.read(top, name)
            if len(problems) > before:
                broken.append(entry[0] if entry else reader.broken(file, name, top.place(name)))
                probes[broken[-1].id] = BrokenProbe(reason_of(problems[before:]))
            elif entry:
                checks.append(entry[0])
                probes[entry[0].id] = entry[1]
    problems += _shared_tokens(checks, probes)
    return ProbeCatalogue(tuple(checks), probes, tuple(broken), in_reading_order(problems))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads tables of probes."""

    workspace: Workspace
    variables: Mapping[str, str]
    others: Collection[str]

    def read(self, top: Table, name: str) -> tuple[Check, Probe] | None:
        """Read one table and report its problems; None if its kind belongs to another reader."""
        table, place = top.section(name), top.place(name)
        if not isinstance(top.data[name], dict):
            return None
        example = f'"http", or another of {", ".join(KINDS)}'
        kind = table.require("kind", as_one_of(*KINDS, *self.others), "", example)
        if kind not in KINDS:
            return None
        own = read_overrides(table, session=False, identity=table.read("id", as_check_id(SubjectKind.PROBE), None))
        identity = CheckId(own.id or self.workspace.current(f"{Kind.PROBE}:{place.file}::{name}"))
        entry = ProbeTable(identity, table, self.variables, self.workspace.root, timezone=self.workspace.timezone)
        try:
            probe = KINDS[kind](entry)
        except Refused as refused:  # a value that only shows what is wrong with it when it is put to use
            top.report(name, refused.what, refused.fix, refused.slug)
            return None
        table.close()
        marks = frozenset({kind})
        policy = resolve(self.workspace, identity, path=place.file, name=name, marks=marks, own=own)
        return Check(identity, Kind.PROBE, place.file, name, name, policy, place.line, marks), probe

    def broken(self, file: str, name: str, place: Place | None) -> Check:
        """Return the check of a table that cannot be read, or of a whole file without a name."""
        shown = name or file.rpartition("/")[2]
        identity = CheckId(self.workspace.current(f"{Kind.PROBE}:{file}::{name}" if name else f"{Kind.PROBE}:{file}"))
        policy = resolve(self.workspace, identity, path=file, name=shown)
        return Check(identity, Kind.PROBE, file, shown, shown, policy, place.line if place else 0)


def _shared_tokens(checks: Collection[Check], probes: Mapping[CheckId, Probe]) -> list[ConfigError]:
    first: dict[str, Check] = {}
    problems = []
    for check in checks:
        probe = probes[check.id]
        for key in probe.keys if isinstance(probe, HeartbeatProbe) else ():
            if (other := first.setdefault(key, check)) is not check:
                what = "name is, with its ping_key," if "/" in key else "token is"
                fix = "give each heartbeat a token, or a slug, of its own"
                where = Place(check.path, check.line)
                problems.append(
                    ConfigError(
                        f"{check.name}: its {what} that of {other.name} too",
                        slug="duplicate-name",
                        fix=fix,
                        where=where,
                    )
                )
    return problems
