"""What explains a run on its page: vitals, attempts side by side, errors with stacks, and the code that ran."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.builders import run_of

from outrider.app.records.snapshot_code import snapshot_code
from outrider.dashboard import run_detail
from outrider.dashboard.attempt_columns import MOST_ERRORS, attempt_table, new_errors
from outrider.dashboard.source_excerpt import failing_place, source_excerpt
from outrider.dashboard.vital_readings import vital_readings
from outrider.model import (
    Attempt,
    Circumstances,
    ErrorRecord,
    ErrorSource,
    HostLoad,
    Kind,
    Measurement,
    Outcome,
    Sample,
    Step,
    StepKind,
)
from outrider.workspace import Snapshotter, load

from .conftest import MINUTE_US, NOW_US

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.dashboard import Sources
    from outrider.model import Run

    from .conftest import Scene

CODE = "".join(f"# line {number}\n" for number in range(1, 700)) + "def test_pay(page):\n    page.click('#pay')\n"
HOST = HostLoad(2, 1.5, 0.2, 0.7, 1_000_000_000)


def step(key: str, duration_ms: float | None = 100.0, offset_ms: float = 0.0, **changes: Any) -> Step:
    return Step(key, key, StepKind.NAMED, offset_ms, duration_ms, **changes)


def attempt(number: int = 1, outcome: Outcome = Outcome.FAILED, **changes: Any) -> Attempt:
    measurement = Measurement(outcome, "", NOW_US - MINUTE_US, 300.0, **changes)
    return Attempt(number, number == 1, False, measurement)


def failed(*errors: ErrorRecord, steps: tuple[Step, ...] = (), snapshot: str = "abc123") -> Run:
    run = run_of(Measurement(Outcome.FAILED, "no", NOW_US - MINUTE_US, 300.0, steps=steps, errors=errors))
    return replace(run, circumstances=Circumstances(snapshot=snapshot))


def error(message: str, source: ErrorSource = ErrorSource.PAGE, stack: str = "") -> ErrorRecord:
    return ErrorRecord(source, message, stack)


def test_vitals_are_rated_and_stand_beside_those_of_the_good_run() -> None:
    """By the limits of web.dev; those of single steps are not counted twice."""
    samples = tuple(
        Sample("", metric, value)
        for metric, value in {"lcp_ms": 2_500.0, "cls": 0.2, "inp_ms": 501.0, "duration_ms": 9.0}.items()
    )
    now = attempt(samples=(*samples, Sample("open", "ttfb_ms", 5.0)))

    readings = vital_readings(now, attempt(samples=(Sample("", "lcp_ms", 800.0),)))

    assert [(reading.name, reading.rating, reading.good) for reading in readings] == [
        ("LCP", "good", 800.0), ("INP", "poor", None), ("CLS", "needs work", None),
    ]  # fmt: skip
    assert vital_readings(None, None) == ()


def test_attempts_stand_side_by_side_with_the_steps_that_each_came_to() -> None:
    """A step that one did not reach is an empty cell; inner steps are left to the waterfall."""
    first = attempt(1, steps=(step("open"), step("pay", None), step("inner", parent="pay")), host=HOST)
    second = attempt(2, steps=(step("open", error="no"),))

    table = attempt_table([first, second])

    cells = {name: [None if cell is None else (cell.duration_ms, cell.is_failed) for cell in row]
             for name, row in table.steps}  # fmt: skip
    assert cells == {"open": [(100.0, False), (100.0, True)], "pay": [(None, True), None]}
    assert [column.role for column in table.columns] == ["counts", "times of failed attempts are not judged"]
    assert table.columns[0].host == HOST


def test_errors_beyond_the_limits_are_counted_and_long_ones_say_their_length() -> None:
    """Nothing is left out silently."""
    errors = [error("x" * 5_000_000, stack="at pay.js:1"), *(error(f"e{number}") for number in range(MOST_ERRORS + 4))]

    (column,) = attempt_table([attempt(errors=tuple(errors))]).columns

    assert (len(column.errors), column.more_errors) == (MOST_ERRORS, 5)
    assert column.errors[0].message.endswith("… (5,000,000 characters)")
    assert column.errors[0].stack == "at pay.js:1"


def test_an_error_of_an_earlier_attempt_is_counted_only() -> None:
    """It is told once; what is new in an attempt stands there."""
    errors = (error("boom"), error("bang"))

    first, second = attempt_table([attempt(1, errors=errors), attempt(2, errors=(*errors, error("new")))]).columns

    assert [text.message for text in first.errors] == ["boom", "bang"]
    assert ([text.message for text in second.errors], second.repeated_errors) == (["new"], 2)
    assert (first.error_count, second.error_count) == (2, 3)


def test_the_address_of_an_error_stands_on_a_line_of_its_own(scene: Scene) -> None:
    """It does not run into the message."""
    scene.add("pay")
    run = failed(ErrorRecord(ErrorSource.REQUEST, "connection refused", url="http://shop.example/"))
    scene.store.runs.record(run)

    (page,) = scene.get(f"/runs/{run.id}")

    assert "connection refused\nhttp://shop.example/</pre>" in page.text


def test_errors_of_the_good_run_are_not_news() -> None:
    """The same first line from the same source is the same error, whatever follows."""
    good = attempt(outcome=Outcome.PASSED, errors=(error("favicon is missing\nat 12:00"),))
    now = attempt(errors=(error("favicon is missing\nat 13:00"), error("pay is not defined")))

    news, alike = new_errors(now, good)

    assert ([text.message for text in news], alike) == (["pay is not defined"], 1)


@pytest.mark.parametrize(
    ("run", "place"),
    [
        (failed(steps=(step("pay", error="x", source="journeys/a.py:7"),)), ("journeys/a.py", 7)),
        (failed(steps=(step("a", error="x", source="a.py:7"), step("b", offset_ms=5, error="x", source="b.py:9"))),
         ("b.py", 9)),
        (failed(error("no", ErrorSource.TEST, "journeys/a.py:12: in test\njourneys/a.py:30: TimeoutError")),
         ("journeys/a.py", 30)),
        (failed(error("no", ErrorSource.TEST, 'File "/srv/journeys/a.py", line 31, in x')), ("journeys/a.py", 31)),
        (failed(error("no", ErrorSource.TEST, "conftest.py:12: Error")), None),
        (failed(steps=(step("pay", error="x", source="a.py:many"),)), None),
        (failed(), None),
    ],
)  # fmt: skip
def test_the_line_that_failed_comes_from_the_step_or_the_traceback(run: Run, place: tuple[str, int] | None) -> None:
    """The innermost step that failed, else the last line of the check's own file."""
    assert failing_place(run, "journeys/a.py") == place


def sources_with(scene: Scene, text: str | None) -> Sources:
    scene.add("x", Kind.PROBE)
    return replace(scene.sources, code=lambda _snapshot, _path: text)


def ran(scene: Scene, **changes: Any) -> Run:
    shop = scene.add("pay", Kind.JOURNEY)
    return replace(failed(**changes), check=shop.id)


def test_the_excerpt_shows_the_line_that_failed_with_those_around_it(scene: Scene) -> None:
    """Of a long file the part around it, and how much is left out."""
    run = ran(scene, steps=(step("pay", error="x", source="journeys/test_shop.py:350"),))

    excerpt = source_excerpt(sources_with(scene, CODE), run)

    assert excerpt is not None
    assert (excerpt.marked, excerpt.is_failing, excerpt.more_lines) == (350, True, 101)
    assert excerpt.near[8] == (350, "# line 350")
    assert len(excerpt.near) == 17


def test_the_excerpt_of_a_run_that_names_no_line_marks_where_the_test_begins(scene: Scene) -> None:
    """Nothing at all where the snapshot is gone, or the run names none."""
    run = ran(scene)
    named = replace(scene.checks[-1], target="journeys/test_shop.py::test_pay[chromium]")  # type: ignore[index]
    scene.checks[-1] = named  # type: ignore[index]

    excerpt = source_excerpt(sources_with(scene, CODE), run)

    assert excerpt is not None
    assert (excerpt.marked, excerpt.is_failing) == (700, False)
    assert source_excerpt(sources_with(scene, None), run) is None
    assert source_excerpt(sources_with(scene, CODE), replace(run, circumstances=Circumstances())) is None
    assert source_excerpt(sources_with(scene, CODE), replace(run, check=scene.add("gone").id)) is not None


def test_the_page_shows_the_code_and_the_stacks_as_text(scene: Scene) -> None:
    """With the failing line marked; markup in either stays text."""
    shop = scene.add("pay", Kind.JOURNEY)
    hostile = "<script>alert(1)</script>"
    steps = (step("pay", error=hostile, source="journeys/test_shop.py:2"),)
    errors = (error("boom", stack=f"at {hostile}"),)
    scene.ran(shop, ago_us=2 * MINUTE_US)
    measurement = Measurement(
        Outcome.FAILED, "no", NOW_US - MINUTE_US, 300.0, steps, errors=errors, host=HOST,
        samples=(Sample("", "lcp_ms", 5_000.0),),
    )  # fmt: skip
    run = run_of(measurement, shop.id, location="local")
    scene.store.runs.record(replace(run, circumstances=replace(run.circumstances, snapshot="abc")))
    scene.code = f"import x\nopen('{hostile}')\n"

    (page,) = scene.get(f"/runs/{run.id}")

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    for text in ("The code that ran", "line 2 failed", "<summary>stack</summary>", "1 error that it had not",
                 "host used by others", "70 %", ">poor<"):  # fmt: skip
        assert text in page.text
    assert run_detail(replace(scene.sources, code=lambda *_: None), run.id).code is None


@pytest.fixture
def workspace_folder(tmp_path: Path) -> Path:
    """A workspace with code, a secret file that runs need, and a link that leads out."""
    root = tmp_path / "workspace"
    (root / "journeys").mkdir(parents=True)
    (root / "outrider.toml").write_text('[workspace]\ninclude = [".env"]\n')
    (root / "journeys" / "test_a.py").write_text("def test_a(page):\n    password = 'Tr0ub4dor&3-long-enough'\n")
    (root / "journeys" / "large.py").write_text("#" * 600_000)
    (root / ".env").write_text("PASSWORD=x\n")
    return root


def test_code_of_a_snapshot_is_read_by_its_path(workspace_folder: Path) -> None:
    """As it was when the run began, without what looks like a credential; never a file that is no code."""
    workspace = load(workspace_folder)
    digest = Snapshotter(workspace).take().digest
    (workspace_folder / "journeys" / "test_a.py").write_text("changed")

    text = snapshot_code(workspace, digest, "journeys/test_a.py")

    assert text is not None
    assert "def test_a(page):" in text
    assert "Tr0ub4dor" not in text
    paths = [".env", "../../outrider.toml", "/etc/hosts", "journeys", "journeys/large.py", "none.py", "", "\0.py", ".."]
    assert [snapshot_code(workspace, digest, path) for path in paths] == [None] * len(paths)
    assert [snapshot_code(workspace, name, "journeys/test_a.py") for name in ("0" * 32, "..", "", "a/b")] == [None] * 4
