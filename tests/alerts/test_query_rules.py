"""Rules over queries of telemetry: what the file may say, and what follows from measures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from outrider.alerts import QueryRule, parse_matcher, rules_of, threshold_findings
from outrider.alerts.route import Route
from outrider.baselines import Direction
from outrider.model import ConfigErrors, LabelledSeries, Notable, RecordKind, labels_of_name, series_names
from outrider.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

MINUTE_US = 60_000_000
RULE = """
[[rule]]
name = "card declined"
logs = 'service:checkout "card declined"'
above = 20
for = "3m"
labels = {team = "shop", severity = "critical"}
"""


def read(folder: Path, text: str, settings: str = "[telemetry]\n") -> tuple[QueryRule, ...]:
    (folder / "outrider.toml").write_text(settings)
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "alerts.toml").write_text(text)
    return rules_of(load(folder))


def test_rules_are_read_with_what_they_leave_out(tmp_path: Path) -> None:
    """A limit is asked each minute, a baseline every five; other tables of the file are of no concern."""
    slow = '[[rule]]\nname = "slow"\nspans = "service:pay"\nmeasure = "p95(duration)"\nbaseline = "above"\n'

    rules = read(tmp_path, RULE + slow + '[receiver.x]\nkind = "${UNKNOWN}"\n')

    declined = QueryRule(
        "card declined", RecordKind.LOGS, 'service:checkout "card declined"', above=20.0, for_s=180.0,
        labels={"team": "shop", "severity": "critical"},
    )  # fmt: skip
    assert rules == (
        declined,
        QueryRule("slow", RecordKind.SPANS, "service:pay", "p95(duration)", 300, baseline=Direction.UP),
    )
    assert [rule.is_of_durations for rule in rules] == [False, True]


def test_a_rule_over_patterns_needs_a_name_alone(tmp_path: Path) -> None:
    """Of errors, by five minutes; any number of patterns is a problem, unless `for` waits."""
    (rule,) = read(tmp_path, '[[rule]]\nname = "new errors"\npattern = "new"\n')
    (finding,) = threshold_findings(rule, [(0, 2.0)], "production", after_us=-1)

    assert rule == QueryRule("new errors", RecordKind.LOGS, "level>=error", every_s=300, above=0.0, pattern=Notable.NEW)
    assert (finding.present, finding.facts.what) == (True, "2 patterns of log records are new")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "logs = 'level>=loud'",
            "alerts.toml:4: rule.logs = \"level>=loud\" is no query: column 8: 'loud' is no level",
        ),
        ("logs = 'service:a since:2h'", "is no query: since and until have no place here"),
        ("measure = 'p95'", 'alerts.toml:6: rule.measure = "p95" is no measure'),
        ("every = '1s'", 'alerts.toml:6: rule.every = "1s" is out of range'),
        ("below = 3\nabsent = true", "stands beside above"),
        ("baseline = 'both'", "rule.baseline stands beside above"),
        ("by = 'a b'", 'alerts.toml:6: rule.by = "a b" is no key'),
        ("labels = {check = 'x'}", "names check, which Outrider sets itself"),
        ("labels = {severity = 'loud'}", 'rule.labels has severity "loud", which is none'),
        ("name = 'card declined'\nspans = ''", "rule.logs stands beside spans"),
        ("pattern = 'new'", "rule.pattern stands beside above"),
        ("pattern = 'odd'", 'rule.pattern = "odd" is'),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_with_file_and_line(tmp_path: Path, written: str, expected: str) -> None:
    """All of it when it is read, rather than when it should alert."""
    lines = {"name": "name = 'card declined'", "logs": "logs = 'service:checkout'", "above": "above = 20"}
    lines |= {line.partition(" ")[0]: line for line in written.splitlines()}
    text = "\n[[rule]]\n" + "\n".join(lines.values()) + "\n"

    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, text)

    assert expected in "\n".join(str(problem) for problem in caught.value.problems)


def test_chosen_labels_of_a_series_route_its_incidents() -> None:
    """Whatever their values hold; those of the rule itself come first, and what was cut off a long name is no label."""
    labels = {"pod": 'a, team="other', "team": "shop", "zone": "b=c", "text": '"quoted', "__name__": "queue"}
    rule = QueryRule("queue", None, "queue", above=1, series_labels=("pod", "team", "zone", "gone"))
    long = {"note": "x" * 100, "pod": "y" * 200, "team": "shop"}
    name, cut = (series_names([LabelledSeries(own, (), ())])[0] for own in (labels, long))

    [plain] = threshold_findings(rule, [(0, 2.0)], "production", after_us=-1, value=name)
    owned = replace(rule, labels={"team": "ops"})
    [beside] = threshold_findings(owned, [(0, 2.0)], "production", after_us=-1, value=name)

    assert labels_of_name(name) == {key: text for key, text in labels.items() if key != "__name__"}
    assert labels_of_name(cut) == {"note": "x" * 100}
    assert [plain.labels.get(key) for key in rule.series_labels] == ['a, team="other', "shop", "b=c", None]
    routes = Route(routes=(Route(name="shop", matchers=(parse_matcher("team=shop"),)),))
    assert [[own.name for own in routes.find(finding.labels)] for finding in (plain, beside)] == [["shop"], ["root"]]


def test_absence_takes_no_key(tmp_path: Path) -> None:
    """Nobody can know which values to expect; it is told with file and line."""
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, '\n[[rule]]\nname = "silent"\nlogs = ""\nabsent = true\nby = "service"\n')

    (problem,) = caught.value.problems
    assert str(problem).startswith(
        "scheduler/alerts.toml:6: rule.by stands beside absent: nobody can know which values to expect"
    )


def test_rules_need_names_of_their_own_and_telemetry(tmp_path: Path) -> None:
    """A rule that is never asked would look like one that is content."""
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, RULE + RULE, settings="")

    assert {problem.slug for problem in caught.value.problems} == {"duplicate-name", "telemetry-off"}


def present(rule: dict[str, Any], values: dict[int, float], after: int = -1) -> str:
    """Return `x` for each minute after one in which a rule sees a problem."""
    points = [(minute * MINUTE_US, value) for minute, value in values.items()]
    query_rule = QueryRule("r", RecordKind.LOGS, "", **rule)
    found = threshold_findings(query_rule, points, "production", after_us=after * MINUTE_US)
    return "".join("x" if finding.present else "." for finding in found)


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ({"above": 20}, [20, 21, 20], ".x."),
        ({"above": 20, "for_s": 120}, [21, 21, 21, 1, 21], ".xx.."),
        ({"below": 2}, [1, 2, 0], "x.x"),
        ({"above": 9, "below": 2}, [1, 5, 10], "x.x"),
        ({"absent": True, "for_s": 180}, [0, 0, 0, 0, 3], "..xx."),
    ],
)
def test_a_limit_must_be_exceeded_for_so_long(rule: dict[str, Any], values: list[float], expected: str) -> None:
    """A period counts from its beginning to its end."""
    assert present(rule, dict(enumerate(values))) == expected


def test_minutes_before_the_new_ones_and_gaps_count() -> None:
    """What is judged piece by piece gives the same answers; nobody knows what a gap would have shown."""
    held = {"above": 20, "for_s": 180}

    assert present(held, {0: 30, 1: 30, 2: 30, 3: 30}, after=2) == "x"
    assert present(held, {0: 30, 1: 30, 9: 30, 10: 30}) == "...."


def test_what_a_rule_says_names_value_limit_and_query() -> None:
    """A reader needs no file."""
    rule = QueryRule("slow", RecordKind.SPANS, "service:pay", "p95(duration)", above=500.0)

    [finding] = threshold_findings(rule, [(0, 812.4)], "production", after_us=-1)

    assert finding.facts.what == "812.4 ms, above 500 ms (p95(duration) of 1m)"
    assert (finding.facts.title, finding.facts.predicate) == ("slow", "is too high")
    assert finding.facts.query == "spans service:pay"
    assert {"problem": "rule", "rule": "slow", "kind": "rule", "subject": "rule:slow"}.items() <= finding.labels.items()
