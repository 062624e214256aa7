"""Whatever a target sends, its evaluation ends, holds up nobody, and names the expectation that did not."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model import Measurement, Order, Outcome, new_run_id
from outrider.probes.evaluator import EvaluationLimits, Evaluator
from outrider.probes.expectations import as_pattern, as_query
from outrider.probes.probe_result import Blame
from outrider.probes.text_checks import Comparison, Extraction, Schema, TextChecks
from outrider.probes.text_evaluation import evaluate, holds, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.probes.conftest import Bench

    Probe = Callable[..., Measurement]

LIMITS = EvaluationLimits(cpu_s=0.2)
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED

ENDLESS = [
    ("/text-a", "expect.schema = {properties = {a = {pattern = '^(a+)+$'}}}", "expect.schema"),
    ("/text-a", "expect.exists = \"$[?search(@, '(a|a)*[bc]')]\"", "expect.exists $[?search(@, '(a|a)*[bc]')]"),
    ("/text-a", "expect.exists = \"$[?match(@, '(a|a)*')]\"", "expect.exists $[?match(@, '(a|a)*')]"),
    ("/nested", "expect.exists = '$..*..*..*..*'", "expect.exists $..*..*..*..*"),
    ("/nested", "expect.json = {'$..*..*..*..*' = 1}", "expect.json $..*..*..*..*"),
    ("/arrays", "expect.schema = {uniqueItems = true}", "expect.schema"),
    ("/many-a", "expect.matches = '^(a|a)*$'", "expect.matches ^(a|a)*$"),
    ("/header-a", "expect.headers = {X-A = '^(a|a)*$'}", "expect.matches ^(a|a)*$"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "keys", "expectation"), ENDLESS, ids=[f"{e[0]} {e[1]}" for e in ENDLESS])
def test_an_endless_evaluation_ends_and_names_its_expectation(
    probe: Probe, site: str, path: str, keys: str, expectation: str
) -> None:
    """The run fails, and says which expectation reached the limit."""
    measurement = probe(f'[a]\nkind = "http"\nurl = "{site}{path}"\n{keys}\n', limits=LIMITS)

    assert measurement.outcome == FAILED
    assert f"{expectation} takes more than 0.2 s of processor time on this answer" in measurement.reason


@pytest.mark.slow
@pytest.mark.parametrize("source", ["pattern = '^((a|a)*)$'", "json = '$..*..*..*..*.z'"])
def test_an_endless_extraction_ends(probe: Probe, site: str, source: str) -> None:
    """The value is named."""
    path = "many-a" if "pattern" in source else "nested"

    measurement = probe(
        f'[a]\nkind = "api"\n[[a.request]]\nurl = "{site}/{path}"\nextract.t = {{{source}}}\n', limits=LIMITS
    )

    assert measurement.outcome == FAILED
    assert "extract.t takes more than 0.2 s of processor time" in measurement.reason


@pytest.mark.slow
def test_an_endless_evaluation_holds_up_no_other_probe(bench: Bench, site: str) -> None:
    """While four answers are being evaluated, a probe that was started later ends before any of them."""
    text = '[{}]\nkind = "http"\nurl = "{}"\n'
    hostile = "".join(
        text.format(f"hostile{number}", f"{site}/nested") + "expect.exists = '$..*..*..*..*'\n" for number in range(4)
    )
    catalogue = bench.read(hostile + text.format("quick", f"{site}/json") + "expect.exists = '$.status'\n")
    ended: list[str] = []

    with bench.engine(catalogue, limits=LIMITS) as engine:
        done: list[Future[Measurement]] = []
        for check in catalogue.checks:
            future: Future[Measurement] = Future()
            future.add_done_callback(partial(_note, ended, check.name))
            engine.start(Order(new_run_id(1), check, 1, 20.0, bench.root / "scratch"), future.set_result)
            done.append(future)
        outcomes = [future.result(60).outcome for future in done]

    assert ended[0] == "quick"
    assert outcomes == [FAILED] * 4 + [PASSED]


def _note(ended: list[str], name: str, _: object) -> None:
    ended.append(name)


def test_an_engine_that_is_left_leaves_no_process(bench: Bench, site: str) -> None:
    """What is being evaluated ends with it."""
    catalogue = bench.read(f'[a]\nkind = "http"\nurl = "{site}/nested"\nexpect.exists = "$..*..*..*..*"\n')
    ours = psutil.Process()

    with bench.engine(catalogue) as engine:
        done: Future[Measurement] = Future()
        engine.start(Order(new_run_id(1), catalogue.checks[0], 1, 20.0, bench.root / "scratch"), done.set_result)
        while not (children := [child for child in ours.children() if "evaluation_child" in " ".join(child.cmdline())]):
            pass

    assert not any(child.is_running() for child in children)


def test_an_evaluator_that_is_closed_closes_nobody_elses_descriptor() -> None:
    """The thread that waits for a child process, and the one that ends it, do not both close its connection."""
    program = ("sh", "-c", "exec sleep 60")
    large = b"a" * 100_000

    others = set(psutil.Process().children())  # of tests that ran in this process before

    async def give_up() -> None:
        evaluator = Evaluator(LIMITS, program)
        waiting = [asyncio.ensure_future(evaluator.evaluate(TextChecks(), large, limit_s=30.0)) for _ in range(2)]
        while len(started := set(psutil.Process().children()) - others) < len(waiting):
            await asyncio.sleep(0)
        evaluator.close()
        await asyncio.gather(*waiting)
        assert not any(child.is_running() for child in started)

    for _ in range(50):
        asyncio.run(give_up())


async def _evaluate(checks: TextChecks, data: bytes, limits: EvaluationLimits) -> tuple[tuple[str, ...], Blame | None]:
    evaluator = Evaluator(limits)
    try:
        evaluation = await evaluator.evaluate(checks, data, limit_s=30.0)
    finally:
        evaluator.close()
    reasons = tuple(failure.reason for failure in evaluation.failures)
    return reasons, evaluation.failure.blame if evaluation.failure else None


@pytest.mark.slow
def test_an_evaluation_has_so_much_memory_and_no_more() -> None:
    """A document that unpacks to more of it is the target's failure."""
    import asyncio

    checks = TextChecks(exists=(as_query("$"),))
    body = b"[" + b"[]," * 3_000_000 + b"1]"

    reasons, blame = asyncio.run(_evaluate(checks, body, EvaluationLimits(30.0, 250_000_000)))

    assert reasons == ("the answer needs too much memory on this answer, and was stopped",)
    assert blame == Blame.TARGET


@pytest.mark.slow
def test_what_is_wrong_before_the_limit_is_kept() -> None:
    """The reasons that were found before the evaluation was stopped are told too."""
    import asyncio

    checks = TextChecks(contains=("b",), matches=(as_pattern("^(a|a)*$"),))

    reasons, _ = asyncio.run(_evaluate(checks, b"a" * 60 + b"!", EvaluationLimits(0.2)))

    assert reasons[0] == "the body does not contain 'b'"
    assert "expect.matches ^(a|a)*$ takes more than 0.2 s" in reasons[1]


@pytest.mark.slow
def test_a_child_that_was_stopped_is_replaced() -> None:
    """The next evaluation is served as if nothing had been."""
    import asyncio

    hostile = TextChecks(matches=(as_pattern("^(a|a)*$"),))
    sound = TextChecks(schema=Schema({"type": "object"}))

    async def evaluate_all() -> list[bool]:
        evaluator = Evaluator(EvaluationLimits(0.2))
        try:
            kinds = [(hostile, b"a" * 60 + b"!"), (sound, b"{}")] * 3
            return [not (await evaluator.evaluate(checks, data, limit_s=30.0)).failures for checks, data in kinds]
        finally:
            evaluator.close()

    assert asyncio.run(evaluate_all()) == [False, True] * 3


COMPARISONS = [
    ("==", 2, 2, True), ("==", 2.0, 2, True), ("==", "2", 2, False), ("==", True, 1, False), ("==", [True], [1], False),
    ("==", {"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, True), ("==", {"a": 1}, {"a": 1, "b": 2}, False),
    ("!=", "2", 2, True),
    ("!=", 2, 2, False), ("<", 1, 2, True), ("<", 2, 2, False), ("<=", 2, 2, True), (">", 3, 2, True),
    (">=", 1, 2, False), ("<", "1", 2, False), (">", "b", "a", True), ("<", True, 2, False), (">", None, 1, False),
    (">", [2], 1, False),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "value", "limit", "expected"), COMPARISONS)
def test_values_are_compared_by_type(operator: str, value: object, limit: object, expected: bool) -> None:
    """A text is no number, and true is not one."""
    assert holds(operator, value, limit) is expected


REASONS = [
    ({"$.n": "2"}, {"n": 2}, 'the number 2, not the text "2"'),
    ({"$.n": 2}, {"n": "2"}, '$.n is the text "2", not the number 2'),
    ({"$.n": {">=": 3}}, {"n": 2}, "$.n is 2, not >= 3"),
    ({"$.n": {"<": 10, ">": 5}}, {"n": 2}, "$.n is 2, not > 5"),
    ({"$.n": {"<": 10}}, {"n": "2"}, '$.n is the text "2", not < the number 10'),
    ({"$.n": {"<": 10}}, {}, "$.n finds nothing, not < 10"),
    ({"$.n": {"!=": 2}}, {"n": 2}, "$.n is 2, not != 2"),
    ({"$.n": True}, {"n": 1}, "$.n is 1, not true"),
    ({"$.n": {"a": 1}}, {"n": {"a": 2}}, '$.n is {"a": 2}, not {"a": 1}'),
]


@pytest.mark.parametrize(("wanted", "document", "reason"), REASONS)
def test_a_difference_is_told_with_its_types(wanted: dict[str, object], document: object, reason: str) -> None:
    """Never "2, not 2"."""
    from outrider.probes.expectations import as_conditions

    checks = TextChecks(json=tuple(Comparison(as_query(path), as_conditions(value)) for path, value in wanted.items()))

    wrong = [event.text for event in evaluate(checks, json.dumps(document)) if event.kind == "wrong"]

    assert len(wrong) == 1
    assert reason in wrong[0]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSONS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@pytest.mark.slow
@given(st.text() | JSONS.map(json.dumps))
def test_any_text_can_be_evaluated(text: str) -> None:
    """No answer raises anything, and every reason is short."""
    paths = [as_query(path) for path in ("$", "$.a", "$[0]", "$[*].a", "$[::2]")]
    checks = TextChecks(
        contains=("a",),
        absent=("b",),
        matches=(as_pattern("^.$"),),
        json=tuple(Comparison(path, (("<", 3), ("!=", None))) for path in paths),
        exists=tuple(paths),
        schema=Schema({"type": "object", "required": ["a"]}),
        extractions=(Extraction("x", path=paths[1]), Extraction("y", pattern=as_pattern("(.)"))),
    )

    assert all(len(event.text) < 400 for event in evaluate(checks, text))


@pytest.mark.slow
@given(JSONS)
def test_any_value_is_shown_shortly(value: object) -> None:
    """On one line of eighty characters."""
    assert len(shown(value)) <= 80
    assert "\n" not in shown(value)


BODIES = [
    ("/bom", "expect.json = {'$.status' = 'ok'}", PASSED, ""),
    ("/bom", "expect.matches = '^\\{'", PASSED, ""),
    ("/utf-16", "expect.contains = 'Café'", PASSED, ""),
    ("/capital-charset", "expect.contains = 'Café'", PASSED, ""),
    ("/punycode", "expect.contains = 'x'", PASSED, ""),
    ("/undefined", "expect.contains = 'x'", PASSED, ""),
    ("/nan", "expect.exists = '$'", FAILED, "the body is no JSON (NaN is no value of JSON)"),
    ("/surrogate", "expect.json = {'$.status' = 'ok'}", FAILED, "$.status is"),
    ("/long-number", "expect.exists = '$'", FAILED, "the body is no JSON"),
    ("/json", "expect.json = {'$.count' = {'>=' = 12, '<' = 13}}", PASSED, ""),
    ("/json", "expect.json = {'$.count' = {'<' = 12}}", FAILED, "$.count is 12, not < 12"),
    ("/json", "expect.json = {'$.count' = '12'}", FAILED, '$.count is the number 12, not the text "12"'),
]


@pytest.mark.parametrize(("path", "keys", "outcome", "words"), BODIES, ids=[f"{b[0]} {b[1]}" for b in BODIES])
def test_a_body_is_decoded_and_compared(  # noqa: PLR0917
    probe: Probe, site: str, path: str, keys: str, outcome: Outcome, words: str
) -> None:
    """Marks, character sets and types, as their standards say."""
    measurement = probe(f'[a]\nkind = "http"\nurl = "{site}{path}"\n{keys}\n')

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason


@pytest.mark.slow
def test_a_child_that_starts_late_holds_up_no_answer_and_serves_the_next(tmp_path: Path) -> None:
    """An answer waits no longer than it may, also for the process itself: on a starved host that took 15 s."""
    import asyncio

    fifo, checks = tmp_path / "begin", TextChecks(schema=Schema({"type": "array"}))
    os.mkfifo(fifo)
    held = (
        "/bin/sh",
        "-c",
        'read _ < "$0"; exec "$@"',
        str(fifo),
        sys.executable,
        "-m",
        "outrider.probes.evaluation_child",
    )
    evaluator, gate = Evaluator(LIMITS, held), os.open(fifo, os.O_RDWR)
    try:
        late = asyncio.run(evaluator.evaluate(checks, b"{}", limit_s=0.0))
        os.write(gate, b"begin\nbegin\n")
        served = asyncio.run(evaluator.evaluate(checks, b"{}", limit_s=60.0))
    finally:
        evaluator.close()
        os.close(gate)

    assert late.failure is not None
    assert (late.failure.blame, "did not start in time" in late.failure.reason) == (Blame.PROBER, True)
    assert served.wrong == ("the body breaks the schema at $: {} is not of type 'array'",)


@pytest.mark.slow
def test_a_service_with_less_memory_than_an_evaluation_may_use_evaluates() -> None:
    """Its own limit, of systemd or of a shell, holds then."""
    import asyncio

    limited = (
        "/bin/sh",
        "-c",
        'ulimit -v 800000; exec "$@"',
        "sh",
        sys.executable,
        "-m",
        "outrider.probes.evaluation_child",
    )
    evaluator = Evaluator(EvaluationLimits(), limited)
    try:
        evaluation = asyncio.run(evaluator.evaluate(TextChecks(schema=Schema({"type": "array"})), b"[]", limit_s=60.0))
    finally:
        evaluator.close()

    assert (evaluation.wrong, evaluation.failure) == ((), None)


def test_a_child_that_ends_at_once_is_not_waited_for() -> None:
    """The reason says that it does not start, and blames no lack of time."""
    import asyncio

    evaluator = Evaluator(LIMITS, ("/bin/false",))
    try:
        evaluation = asyncio.run(evaluator.evaluate(TextChecks(schema=Schema({})), b"[]", limit_s=60.0))
    finally:
        evaluator.close()

    assert evaluation.failure is not None
    assert evaluation.failure.reason == "the process that evaluates answers does not start"
