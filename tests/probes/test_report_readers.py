"""Reports of test runners, and measurements of programs, as values."""

# ruff: noqa: RUF001 - Playwright itself puts this sign between titles

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model import StepKind
from outrider.probes.probe_result import Blame
from outrider.probes.report_readers import (
    MOST_NUMBERS,
    MOST_TESTS,
    READERS,
    ReportError,
    read_json_numbers,
    read_junit,
    read_plain_numbers,
    read_playwright,
)
from outrider.probes.runner_report import attached_files, judge_report

REPORTS = Path(__file__).parent / "reports"
PLAYWRIGHT = (REPORTS / "playwright-1.65.json").read_text(encoding="utf-8")
JUNIT = (REPORTS / "playwright-1.65.junit.xml").read_text(encoding="utf-8")


def test_the_report_of_playwright_becomes_steps() -> None:
    """A test is a step, its own steps lie within it, and projects keep tests of one name apart."""
    judged = judge_report(read_playwright(PLAYWRIGHT))

    first = judged.steps[:4]
    assert [step.title for step in first] == [
        "[api] shop.spec.ts › shop › cart keeps its lines",
        "add",
        "look",
        "count",
    ]
    assert [step.parent for step in first] == [None, first[0].key, first[0].key, first[2].key]
    assert [step.duration_ms for step in first] == [258, 28, 36, 29]
    assert len({step.key for step in judged.steps}) == len(judged.steps)
    assert {step.kind for step in judged.steps} == {StepKind.NAMED}
    assert any(step.title.startswith("[cli]") for step in judged.steps)


def test_the_report_of_playwright_is_judged() -> None:
    """A failed test is the target's failure; one that passed on retry, was skipped or failed as expected is none."""
    judged = judge_report(read_playwright(PLAYWRIGHT))

    (failure,) = judged.failures
    assert (failure.blame, failure.step) == (Blame.TARGET, "[api] shop.spec.ts › shop › pays")
    assert failure.reason.startswith('Error: expect(received).toBe(expected) // Object.is equality Expected: "paid"')
    counts = {sample.metric: sample.value for sample in judged.samples if not sample.step}
    assert counts == {"tests_passed": 3, "tests_failed": 1, "tests_flaky": 1, "tests_skipped": 1}
    assert judged.attributes == {"passed on retry": "[api] shop.spec.ts › shop › search comes and goes"}


def test_junit_tells_the_same_tests() -> None:
    """What both formats know agrees."""
    judged = judge_report(read_junit(JUNIT))

    assert [failure.step for failure in judged.failures] == ["shop.spec.ts › shop › pays"]
    assert {sample.metric: sample.value for sample in judged.samples if not sample.step} == {
        "tests_passed": 4, "tests_failed": 1, "tests_flaky": 0, "tests_skipped": 1,
    }  # fmt: skip
    assert judged.steps[0].duration_ms == 258


WRONG = [
    ("playwright-json", "", "it is no JSON"),
    ("playwright-json", "[]", "it has no suites"),
    ("playwright-json", "\x00\ud800", "it is no JSON"),
    ("playwright-json", "[" * 100_000, "it is no JSON"),
    ("junit", "", "it is no XML"),
    ("junit", "<html/>", "its root is <html>"),
    ("junit", "<testsuites>", "it is no XML"),
    ("junit", '<!DOCTYPE a [<!ENTITY b "cc">]><testsuites>&b;</testsuites>', "it declares a document type"),
    ("json", "12", "it is no table"),
]


@pytest.mark.parametrize(("reader", "text", "words"), WRONG)
def test_what_is_no_report_is_told(reader: str, text: str, words: str) -> None:
    """Empty, cut off, of another format, or made to swell."""
    with pytest.raises(ReportError, match=words):
        READERS[reader](text)


def _nested(levels: int) -> dict[str, object]:
    suite: dict[str, object] = {"title": "s"}
    for _ in range(levels):
        suite = {"title": "s", "suites": [suite]}
    return suite


def test_suites_without_end_are_refused() -> None:
    """Nesting that no suite has costs no recursion."""
    with pytest.raises(ReportError, match="too deeply"):
        read_playwright(json.dumps({"suites": [_nested(400)]}))


KEYS = ["suites", "specs", "tests", "results", "steps", "title", "status", "errors", "duration", "stats"]
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
)


@pytest.mark.slow
@given(DOCUMENTS)
def test_any_document_is_a_report_or_refused(document: object) -> None:
    """Whatever a runner writes, nothing breaks."""
    try:
        report = read_playwright(json.dumps({"suites": [document], "errors": document}))
    except ReportError:
        return
    json.dumps(report)
    judge_report(report)


def test_of_very_many_tests_all_are_counted() -> None:
    """The first make steps, failed ones too where there is no more room for others, and the rest is told."""
    cases = "".join(f'<testcase name="t{number}" time="1"/>' for number in range(MOST_TESTS + 10))
    judged = judge_report(read_junit(f'<testsuites>{cases}<testcase name="bad"><error/></testcase></testsuites>'))

    assert len(judged.steps) == MOST_TESTS + 1
    assert judged.attributes["tests without a step"] == "10"
    assert [failure.step for failure in judged.failures] == ["bad"]


OUTSIDE = [
    ({"suites": [], "errors": [{"message": "Error: No tests found"}]}, Blame.SETUP, "No tests found"),
    ({"suites": []}, Blame.SETUP, "the report has no test"),
]


@pytest.mark.parametrize(("document", "blame", "words"), OUTSIDE)
def test_a_suite_that_did_not_run_is_at_fault_itself(document: object, blame: Blame, words: str) -> None:
    """No test says anything of the target."""
    (failure,) = judge_report(read_playwright(json.dumps(document))).failures

    assert (failure.blame, words in failure.reason) == (blame, True)


def test_a_suite_that_skips_everything_says_nothing() -> None:
    """Neither passed nor failed."""
    report = read_junit('<testsuite><testcase name="a"><skipped/></testcase></testsuite>')

    assert [failure.blame for failure in judge_report(report).failures] == [Blame.WAITING]


def test_numbers_of_json_are_measurements() -> None:
    """Those in tables within have a dot; what is no number, or no name, is left out."""
    text = '{"queue": {"depth": 3, "name": "mail"}, "ok": true, "bad name": 1, "huge": 1e999, "age_s": -2.5}'

    assert read_json_numbers(text)["numbers"] == {"queue.depth": 3.0, "ok": 1.0, "age_s": -2.5}


def test_lines_of_a_name_and_a_number_are_measurements() -> None:
    """As many programs write them, among other lines."""
    text = "checking …\nqueue_depth 12\nage_s = 2.5\nrows: 1e3\nno number\nversion 1.2.3\nx nan\n"

    assert read_plain_numbers(text)["numbers"] == {"queue_depth": 12.0, "age_s": 2.5, "rows": 1000.0}
    assert len(read_plain_numbers("".join(f"m{n} 1\n" for n in range(500)))["numbers"]) == MOST_NUMBERS


def test_only_files_of_the_suite_are_attached(tmp_path: Path) -> None:
    """A report does not name a file of somebody else, by a link either, nor one that is none."""
    suite, elsewhere = tmp_path / "suite", tmp_path / "secret"
    suite.mkdir()
    elsewhere.write_bytes(b"secret")
    (suite / "shot.png").write_bytes(b"png")
    (suite / "trace.zip").write_bytes(b"zip")
    (suite / "link").symlink_to(elsewhere)
    paths = ["shot.png", str(suite / "trace.zip"), "../secret", str(elsewhere), "link", "none", ".", "\0"]
    attachments = [{"name": path, "contentType": "", "path": path, "body": ""} for path in paths]
    attachments.append({"name": "cart", "contentType": "application/json", "path": "", "body": "e30="})
    attachments.append({"name": "bad", "contentType": "", "path": "", "body": "%"})

    files = attached_files(attachments, [suite])

    assert [(file.name, file.media_type, file.kind) for file in files] == [
        ("1-shot.png", "image/png", "screenshot"),
        ("2-trace.zip", "application/zip", "trace"),
        ("9-cart.json", "application/json", None),
    ]
