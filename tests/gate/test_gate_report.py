"""A decision, told to CI."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest
from tests.gate.conftest import sessions

from outrider.baselines import Plan
from outrider.gate import (
    Decision,
    Rules,
    as_annotations,
    as_json,
    as_junit,
    as_markdown,
    comparison_texts,
    decide,
    verdict_text,
)
from outrider.model import CheckId, Place

NASTY = CheckId("journey:journeys/test_a.py::test_a[<b>|%\n]")
OTHER = CheckId("journey:b")


@pytest.fixture(scope="module")
def decision() -> Decision:
    sides = (sessions(10, median_ms=1000, seed=1), sessions(10, median_ms=1300, seed=2))
    other = (sessions(10, median_ms=1000, seed=3), sessions(10, median_ms=1050, seed=4))
    rules = Rules(plan=Plan(looks=(10,)))
    comparisons = decide({NASTY: sides, OTHER: other}, {NASTY: rules, OTHER: rules})
    return Decision(comparisons, ("measured elsewhere",), (), "2.1", took_s=61.5, check_s={NASTY: 40.0, OTHER: 20.0})


def test_json_holds_every_finding(decision: Decision) -> None:
    """Unknown figures are null, so that any parser reads it."""
    document = json.loads(json.dumps(as_json(decision), allow_nan=False))

    assert (document["verdict"], document["against"]) == ("fail", "2.1")
    assert [(row["step"], row["verdict"]) for row in document["findings"]] == [
        (None, "pass"), ("pay", "fail"), (None, "pass"), ("pay", "inconclusive"),
    ]  # fmt: skip


def test_junit_counts_fails_and_skips(decision: Decision) -> None:
    """A build server shows a case a step."""
    suite = ET.fromstring(as_junit(decision))

    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped"), suite.get("errors")) == (
        "4",
        "1",
        "1",
        "0",
    )
    assert "slower by more than the margin" in str(suite.findall("testcase/failure")[0].get("message"))


def test_junit_tells_times(decision: Decision) -> None:
    """Of the gate, of each check, and of each step the candidate's median, in seconds."""
    suite = ET.fromstring(as_junit(decision))

    cases = [(case.get("name"), float(case.get("time", "nan"))) for case in suite.findall("testcase")]
    assert suite.get("time") == "61.500"
    assert [time_s for name, time_s in cases if name == "failures"] == [40, 20]
    assert [time_s for name, time_s in cases if name == "pay"] == pytest.approx([1.3, 1.05], rel=0.05)


def test_steps_that_inform_break_no_build() -> None:
    """They are skipped cases, notices and words in brackets."""
    rules = Rules(plan=Plan(looks=(10,)), deciding=("other",))
    sides = (sessions(10, median_ms=1000, seed=1), sessions(10, median_ms=1300, seed=2))
    decision = Decision(decide({OTHER: sides}, {OTHER: rules}))

    assert decision.verdict == "pass"
    assert verdict_text(decision.comparisons[1]) == "informs: fail"
    assert ET.fromstring(as_junit(decision)).get("failures") == "0"
    assert "| (❌) |" in as_markdown(decision)
    assert as_annotations(decision, {})[0].startswith("::notice::pay (informs): ")


def test_the_tolerated_change_is_told_in_both_units() -> None:
    """A change far beyond the margin that passes by the floor shows so."""
    sides = (sessions(10, median_ms=10, seed=1), sessions(10, median_ms=11, seed=2))
    compared = decide({OTHER: sides}, {OTHER: Rules(plan=Plan(looks=(10,)))})[1]

    assert compared.verdict == "pass"
    assert comparison_texts(compared).tolerated.endswith("% (5 ms)")


def test_markdown_keeps_its_columns_and_hides_no_markup(decision: Decision) -> None:
    """Names of checks cannot break the table or become tags."""
    rows = [line for line in as_markdown(decision).splitlines() if line.startswith("| ")]

    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1
    assert "<b>" not in as_markdown(decision)
    assert re.search(r"^- `journey:b` pay: candidate takes \+", as_markdown(decision), re.MULTILINE)
    assert "- measured elsewhere" in as_markdown(decision)
    assert "Against 2.1." in as_markdown(decision)


def test_annotations_stand_at_the_journey(decision: Decision) -> None:
    """A fail is an error, an inconclusive one a warning; each is one line."""
    places: dict[str, Place] = {NASTY: Place("journeys/a,b/test_a.py", 7), OTHER: Place("journeys/b.py")}

    note, fails, unknown = as_annotations(decision, places)

    assert note == "::notice::measured elsewhere"
    assert fails.startswith("::error file=journeys/a%2Cb/test_a.py,line=7::pay: candidate takes +")
    assert "%25" in fails
    assert unknown.startswith("::warning file=journeys/b.py::pay: ")


def test_a_wrong_setup_is_told_everywhere() -> None:
    """It is no verdict about the candidate."""
    wrong = Decision((), (), ("test_a: never asked https://a.test",))

    assert as_json(wrong)["verdict"] == "setup error"
    assert "**setup error**: test_a" in as_markdown(wrong)
    assert ET.fromstring(as_junit(wrong)).get("errors") == "1"
    assert as_annotations(wrong, {}) == ["::error::test_a: never asked https://a.test"]
