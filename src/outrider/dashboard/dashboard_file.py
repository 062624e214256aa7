"""Reads dashboards that a workspace writes: `reports/dashboards/NAME.toml`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from outrider.alerts import PROMQL, as_measure, as_query
from outrider.dashboard.services_view import SPANS, USUAL_SPAN
from outrider.model import ConfigError, Place, RecordKind, UsageError
from outrider.workspace import (
    Refused,
    Table,
    as_any_text,
    as_choice,
    as_count,
    as_duration_within,
    as_one_of,
    as_promql,
    as_text,
    as_texts,
    fill_promql,
    in_reading_order,
    is_folder,
    matches,
    names_of,
    nearest,
    read_document,
    read_series_source,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrider.model import Check

FOLDER: Final = "reports/dashboards"
MOST_FILES: Final = 100
MOST_PANELS: Final = 40
_MOST_VARIABLES, _MOST_VALUES = 8, 200
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_VARIABLE: Final = re.compile(r"[a-z_][a-z0-9_]{0,31}")
_RESERVED: Final = frozenset({"since", "done", "every"})
_AS_EVERY = as_duration_within("1m", "1d", "the length of the periods that are drawn")
_NO_TEXTS: tuple[str, ...] = ()


class PanelKind(StrEnum):
    """How a panel shows what it asks."""

    TREND = "trend"
    BAR = "bar"
    TABLE = "table"
    NUMBER = "number"
    TEXT = "text"


class Shown(StrEnum):
    """What a panel shows of checks."""

    DURATION = "duration"
    AVAILABILITY = "availability"
    OUTCOMES = "outcomes"


@dataclass(frozen=True, slots=True)
class Variable:
    """What a reader chooses on the page.

    Attributes:
        values: To choose from, if they are written down.
        tag: Else a glob over tags of checks: those that there are.
        kind: Else of which records the values of the key `by` are taken, of those that `query` finds.
        default: Chosen until another one is; empty for all values.
    """

    name: str
    title: str
    values: tuple[str, ...] = ()
    tag: str = ""
    kind: RecordKind | None = None
    query: str = ""
    by: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a dashboard, over checks, over telemetry, over series of a source, or a text.

    Attributes:
        unit: Behind its numbers; empty for that of what is shown.
        checks: Patterns over checks.
        step: A glob over steps of checks, whose durations are shown; empty for the primary ones.
        kind: Of the records that `query` finds; None for another panel.
        promql: What a source is asked for.
        source: Which one.
        every_s: Length of the periods that are drawn; 0 for the usual one of the time that is shown.
        wide: How many columns of the page it takes, of two.
    """

    title: str
    form: PanelKind
    unit: str = ""
    text: str = ""
    checks: tuple[str, ...] = ()
    show: Shown = Shown.DURATION
    step: str = ""
    kind: RecordKind | None = None
    query: str = ""
    measure: str = "count"
    by: tuple[str, ...] = ()
    every_s: int = 0
    wide: int = 1
    promql: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class DashboardFile:
    """A dashboard as its file says it, and all that is wrong with the file."""

    name: str
    title: str
    description: str = ""
    since: str = USUAL_SPAN
    variables: tuple[Variable, ...] = ()
    panels: tuple[Panel, ...] = ()
    problems: tuple[ConfigError, ...] = ()


@dataclass(frozen=True, slots=True)
class DashboardShelf:
    """The dashboards of a workspace, read anew whenever they are asked for.

    Attributes:
        root: Of the workspace.
        sources: The names of its sources of PromQL.
    """

    root: Path
    sources: tuple[str, ...] = ()

    @property
    def is_used(self) -> bool:
        """Whether the workspace has a folder of them."""
        return is_folder(self.root / FOLDER)

    def names(self) -> tuple[str, ...]:
        """Return their names, in order; the first hundred."""
        if not self.is_used:
            return ()
        try:
            names = sorted(path.stem for path in (self.root / FOLDER).iterdir() if path.suffix == ".toml")
        except OSError:
            return ()
        return tuple(name for name in names if not name.startswith("."))[:MOST_FILES]

    def all(self, checks: Sequence[Check] | None = None) -> tuple[DashboardFile, ...]:
        """Return all of them; with checks, patterns that match none are problems."""
        return tuple(self.read(name, checks) for name in self.names())

    def read(self, name: str, checks: Sequence[Check] | None = None) -> DashboardFile:
        """Return one of them.

        Raises:
            UsageError: unknown-dashboard.
        """
        if name not in self.names():
            fix = nearest(name, self.names()) if self.names() else f"write {FOLDER}/NAME.toml: docs/dashboard.md"
            raise UsageError(f"there is no dashboard {name[:80]!r}", slug="unknown-dashboard", fix=fix)
        file = f"{FOLDER}/{name}.toml"
        if not _NAME.fullmatch(name):
            fix = "rename the file: letters, digits, - and _"
            problem = ConfigError("has no name for an address", slug="bad-dashboard", fix=fix, where=Place(file))
            return DashboardFile(name, name, problems=(problem,))
        try:
            document = read_document(self.root / file, file)
        except ConfigError as error:
            return DashboardFile(name, name, problems=(error,))
        problems: list[ConfigError] = []
        return _Reader(Table(document.data, "", document.place, problems), problems, checks, self.sources).dashboard(
            name
        )


def dashboard_problems(shelf: DashboardShelf, checks: Sequence[Check] | None) -> tuple[ConfigError, ...]:
    """Return all that is wrong with the dashboards of a workspace.

    Args:
        shelf: Of the workspace.
        checks: All that there are; None if that is not known, so that patterns are not compared.
    """
    return tuple(problem for file in shelf.all(checks) for problem in file.problems)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the tables of a file."""

    top: Table
    problems: list[ConfigError]
    checks: Sequence[Check] | None
    sources: tuple[str, ...]
    chosen: dict[str, str] = field(default_factory=dict)

    def dashboard(self, name: str) -> DashboardFile:
        top = self.top
        title = top.require("title", as_text, name, '"Checkout"')
        description = top.read("description", as_any_text, "")
        since = top.read("since", as_one_of(*SPANS), USUAL_SPAN)
        variables = self._variables()
        sections = top.sections("panel")
        if not sections:
            fix = 'add [[panel]] with a title, a kind and checks = ["*"]'
            top.report("panel", "is missing: the page would be empty", fix, "missing-key")
        if len(sections) > MOST_PANELS:
            what = f"has {len(sections)} entries, and a page asks at most {MOST_PANELS} questions"
            top.report("panel", what, "make several dashboards of it", "out-of-range")
        panels = tuple(self._panel(section) for section in sections[:MOST_PANELS])
        for number, panel in enumerate(panels):
            if panel.title in {earlier.title for earlier in panels[:number]}:
                what = f'= "{panel.title}" is the title of two panels'
                sections[number].report("title", what, "rename one", "duplicate-name")
        top.close()
        return DashboardFile(name, title, description, since, variables, panels, in_reading_order(self.problems))

    def _variables(self) -> tuple[Variable, ...]:
        table = self.top.section("variables")
        names = list(table.data)
        if len(names) > _MOST_VARIABLES:
            self.top.report("variables", f"has more than {_MOST_VARIABLES} entries", "ask for less", "out-of-range")
        variables = []
        for name in names[:_MOST_VARIABLES]:
            if not _VARIABLE.fullmatch(name) or name in _RESERVED:
                table.report(name, "is no name of a variable", "write small letters, digits and _", "bad-dashboard")
            variables.append(self._variable(name, table.section(name)))
        self.chosen.update({variable.name: variable.default for variable in variables})
        return tuple(variables)

    def _variable(self, name: str, table: Table) -> Variable:
        given = [key for key in ("values", "tag", "logs", "spans") if key in table.data]
        if len(given) != 1:
            what = f"stands beside {given[0]}" if given else "is missing"
            fix = 'write values = ["one", "two"], tag = "*", or logs = "a query" with by = "a key"'
            slug = "bad-dashboard" if given else "missing-key"
            table.report(given[1] if given else "values", what, fix, slug)
        kind = next((kind for kind in RecordKind if kind.value in table.data), None)
        variable = Variable(
            name,
            table.read("title", as_text, name),
            table.read("values", _as_values, _NO_TEXTS),
            table.read("tag", as_text, ""),
            kind,
            table.read(kind.value, as_query(kind, {}), "") if kind else "",
            table.require("by", as_text, "", '"service"') if kind else "",
            table.read("default", as_text, ""),
        )
        table.close()
        return variable

    def _panel(self, table: Table) -> Panel:
        form = table.require("kind", as_choice(PanelKind), PanelKind.TEXT, '"trend"')
        title = table.require("title", as_text, "panel", '"Time to pay"')
        wide = table.read("wide", as_count(1, 2), 1)
        is_known = "kind" in table.data and table.data["kind"] in list(PanelKind)
        if not is_known:  # nobody knows which keys it may have
            return Panel(title, form)
        if form is PanelKind.TEXT:
            panel = Panel(title, form, text=table.require("text", as_text, "", '"What is measured here"'), wide=wide)
        elif PROMQL in table.data:
            panel = self._over_series(table, title, form, wide)
        elif any(kind.value in table.data for kind in RecordKind):
            panel = self._over_records(table, title, form, wide)
        else:
            panel = self._over_checks(table, title, form, wide)
        table.close()
        return panel

    def _over_checks(self, table: Table, title: str, form: PanelKind, wide: int) -> Panel:
        patterns = table.require("checks", as_texts, _NO_TEXTS, '["tag:shop"], logs =, spans = or promql = and a query')
        named = None if self.checks is None else [names_of(check) for check in self.checks]
        for pattern in patterns:
            problem = self._unknown_variable(pattern)
            if problem:
                table.report("checks", f'has "{pattern}", in which {problem}', "add it to [variables]", "bad-dashboard")
            elif named is not None and "$" not in pattern and not any(matches(pattern, names) for names in named):
                advice = nearest(pattern, sorted({names.id for names in named}))
                table.report("checks", f'has "{pattern}", which matches no check', advice, "unknown-check")
        return Panel(
            title,
            form,
            table.read("unit", as_text, ""),
            checks=patterns,
            show=table.read("show", as_choice(Shown), Shown.DURATION),
            step=table.read("step", as_text, ""),
            wide=wide,
        )

    def _over_series(self, table: Table, title: str, form: PanelKind, wide: int) -> Panel:
        for key in table.data.keys() & {"checks", "by", "measure", *RecordKind}:
            table.read(key, lambda value: value, None)
            fix = "write it in the query: sum by (pod) (…)" if key in {"by", "measure"} else "make two panels of it"
            table.report(key, "stands beside promql", fix, "bad-dashboard")
        return Panel(
            title,
            form,
            table.read("unit", as_text, ""),
            every_s=int(table.read("every", _AS_EVERY, 0.0)) if form is PanelKind.TREND else 0,
            wide=wide,
            promql=table.read(PROMQL, self._as_promql, ""),
            source=read_series_source(table, self.sources),
        )

    def _as_promql(self, value: object) -> str:
        query = as_promql(value)
        try:
            fill_promql(query, self.chosen, 1)
        except UsageError as error:
            raise Refused(f"is no query: {error.what}", error.fix, error.slug) from None
        return query

    def _unknown_variable(self, text: str) -> str:
        unknown = [name for name in re.findall(r"\$([a-z_][a-z0-9_]*)", text) if name not in self.chosen]
        return f"${unknown[0]} is no variable" if unknown else ""

    def _over_records(self, table: Table, title: str, form: PanelKind, wide: int) -> Panel:
        kind = next(kind for kind in RecordKind if kind.value in table.data)
        if all(other.value in table.data for other in RecordKind):
            table.read("spans", as_any_text, "")
            table.report("spans", "stands beside logs", "make two panels of it", "bad-dashboard")
        by = table.read("by", as_texts, _NO_TEXTS)
        if form in {PanelKind.BAR, PanelKind.TABLE} and not by:
            table.report(
                "by", f"is missing, and a {form} has a line for each value", 'add by = "service"', "missing-key"
            )
        if form is PanelKind.NUMBER and by:
            table.report("by", "stands beside a number", 'write kind = "table"', "bad-dashboard")
        if len(by) > 3:
            table.report("by", "has more than 3 keys", "group by fewer", "out-of-range")
        return Panel(
            title,
            form,
            table.read("unit", as_text, ""),
            kind=kind,
            query=table.read(kind.value, as_query(kind, self.chosen), ""),
            measure=table.read("measure", as_measure(kind), "count"),
            by=by,
            every_s=int(table.read("every", _AS_EVERY, 0.0)) if form is PanelKind.TREND else 0,
            wide=wide,
        )


def _as_values(value: object) -> tuple[str, ...]:
    values = as_texts(value)
    if len(values) > _MOST_VALUES:
        raise Refused(f"has {len(values)} entries", f"write at most {_MOST_VALUES}", "out-of-range")
    return values
