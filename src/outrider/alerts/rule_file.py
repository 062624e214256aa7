"""Reads the rules over queries, `[[rule]]` of `scheduler/alerts.toml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.alerts.alert_settings import ALERTS_FILE
from outrider.alerts.finding import Severity
from outrider.alerts.query_rule import PROMQL, QueryRule
from outrider.alerts.query_values import as_measure, as_query
from outrider.baselines import Direction
from outrider.model import ConfigError, ConfigErrors, Notable, RecordKind, UsageError
from outrider.workspace import (
    Refused,
    Table,
    as_any_text,
    as_choice,
    as_duration_within,
    as_flag,
    as_label_names,
    as_labels,
    as_one_of,
    as_promql,
    as_text,
    is_listed,
    read_document,
    read_series_source,
    series_sources,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.workspace import Workspace

_LEAST_S, _USUAL_S, _OF_BASELINES_S = 10, 60, 300
_OF_PATTERNS = "level>=error"
_AS_EVERY = as_duration_within(f"{_LEAST_S}s", "1d", "a query is asked that often")
_AS_FOR = as_duration_within("0s", "7d", "nobody is notified meanwhile")
_DIRECTIONS = {"above": Direction.UP, "below": Direction.DOWN, "both": Direction.BOTH}
_CONDITIONS = ("above", "below", "absent", "baseline", "pattern")
_NO_LABELS: Mapping[str, str] = {}
_MOST = 200


def rules_of(workspace: Workspace) -> tuple[QueryRule, ...]:
    """Return the rules of a workspace, whatever else its file says; none where it has no such file.

    Raises:
        ConfigErrors: If a rule is wrong.
        ConfigError: If the file cannot be read.
    """
    path = workspace.root / ALERTS_FILE
    if not is_listed(path):
        return ()
    document, problems = read_document(path, ALERTS_FILE), list[ConfigError]()
    rules = read_rules(Table(document.data, "", document.place, problems).sections("rule"), workspace)
    if problems:
        raise ConfigErrors(tuple(problems))
    return rules


def read_rules(sections: Sequence[Table], workspace: Workspace) -> tuple[QueryRule, ...]:
    """Return the rules of a file's tables, whose problems are reported there."""
    sources = series_sources(workspace.sources)
    rules = tuple(_rule(section, sources) for section in sections)
    for number, (section, rule) in enumerate(zip(sections, rules, strict=True)):
        if rule.name in {earlier.name for earlier in rules[:number]}:
            section.report("name", f'= "{rule.name}" is the name of two rules', "rename one", "duplicate-name")
    of_telemetry = [section for section in sections if PROMQL not in section.data]
    if of_telemetry and workspace.telemetry is None:
        fix = "add a section [telemetry] to outrider.toml: docs/telemetry.md"
        of_telemetry[0].report(
            "name", "is of a rule over telemetry, of which this workspace takes none", fix, "telemetry-off"
        )
    if len(sections) > _MOST:
        what = f"is of one rule more than {_MOST}, each of which is asked again and again"
        sections[_MOST].report("name", what, "let one query count what several do", "out-of-range")
    return rules


def _rule(table: Table, sources: Sequence[str]) -> QueryRule:
    name = table.require("name", as_text, "rule", '"card declined"')
    pattern = table.read("pattern", as_choice(Notable), None)
    kind = _kind(table, has_default=pattern is not None)
    if kind is None:
        query, measure = table.read(PROMQL, as_promql, ""), ""
    else:
        query = table.read(kind.value, as_query(kind), _OF_PATTERNS if pattern is not None else "")
        measure = table.read("measure", as_measure(kind), "count")
    labels = table.read("labels", as_labels, _NO_LABELS)
    if labels.get("severity", Severity.INFO) not in list(Severity):
        what = f'has severity "{labels["severity"]}", which is none'
        table.report("labels", what, f"write one of: {', '.join(Severity)}", "out-of-range")
    baseline = table.read("baseline", as_one_of(*_DIRECTIONS), None)
    usual_s = _USUAL_S if baseline is None and pattern is None else _OF_BASELINES_S
    rule = QueryRule(
        name=name,
        kind=kind,
        query=query,
        measure=measure,
        every_s=int(table.read("every", _AS_EVERY, float(usual_s))),
        above=table.read("above", _as_limit, None if pattern is None else 0.0),
        pattern=pattern,
        below=table.read("below", _as_limit, None),
        absent=table.read("absent", as_flag, False),
        baseline=None if baseline is None else _DIRECTIONS[baseline],
        by="" if kind is None else table.read("by", _as_key, ""),
        source=read_series_source(table, sources) if kind is None else "",
        for_s=table.read("for", _AS_FOR, 0.0),
        labels=labels,
        series_labels=table.read("series_labels", as_label_names, ()) if kind is None else (),
    )
    _check_condition(table, rule)
    table.close()
    return rule


def _kind(table: Table, *, has_default: bool) -> RecordKind | None:
    """Return which records are searched; None for series of a source."""
    named = [key for key in (*RecordKind, PROMQL) if key in table.data]
    if has_default and not named:
        return RecordKind.LOGS
    if len(named) != 1:
        what = "is missing" if not named else f"stands beside {named[1]}"
        fix = "write logs =, spans = or promql =, and the query"
        table.report(named[0] if named else "logs", what, fix, "missing-key" if not named else "contradictory-rule")
    if not named:
        return RecordKind.LOGS
    return None if named[0] == PROMQL else RecordKind(named[0])


def _check_condition(table: Table, rule: QueryRule) -> None:
    given = [key for key in _CONDITIONS if key in table.data]
    if not given:
        fix = 'add above = 20, below = 1, absent = true, baseline = "above" or pattern = "new"'
        table.report("above", "is missing: nothing says when it is a problem", fix, "missing-key")
    elif len(given) > 1 and set(given) != {"above", "below"}:
        table.report(given[1], f"stands beside {given[0]}", "make two rules of it", "contradictory-rule")
    if rule.pattern is not None:
        for key in {"spans", PROMQL, "measure", "every", "by"} & table.data.keys():
            fix = "leave it out: patterns of log records are counted every five minutes"
            table.report(key, "stands beside pattern", fix, "contradictory-rule")
    for key in {"measure", "by"} & table.data.keys() if rule.kind is None else ():
        table.read(key, as_any_text, "")
        table.report(key, "stands beside promql", "write it in the query: sum by (pod) (…)", "contradictory-rule")
    if rule.absent and "measure" in table.data and rule.kind is not None:
        table.report(
            "measure",
            "stands beside absent, which asks whether there is any record",
            "leave it out",
            "contradictory-rule",
        )
    if rule.absent and rule.by:
        fix = "name those that you expect, in a rule each, or count them with below ="
        table.report("by", "stands beside absent: nobody can know which values to expect", fix, "contradictory-rule")
    if rule.baseline is not None and rule.for_s:
        fix = "leave it out: the judge confirms by itself"
        table.report("for", "stands beside baseline", fix, "contradictory-rule")


def _as_key(value: object) -> str:
    from outrider.telemetry_store import check_key  # noqa: PLC0415 - few workspaces have rules

    text = as_text(value)
    try:
        check_key(text)
    except UsageError as error:
        raise Refused(f"is no key: {error.what}", error.fix, error.slug) from None
    return text


def _as_limit(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e300:
        raise Refused("is not a number", "write a number, such as 20, without quotation marks")
    return float(value)
