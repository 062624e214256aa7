"""Probes of kind command: programs that behave, and programs that do not."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from outrider.model import ArtifactKind, Order, Outcome, new_run_id
from outrider.probes.probe_outcome import ProberState, assess
from outrider.probes.probe_result import ProbeResult
from outrider.probes.program_guard import MARK
from outrider.probes.system_errors import start_failure
from outrider.workspace import Mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.probes.conftest import Bench

    from outrider.model import Measurement

    Probe = Callable[..., Measurement]

PASSED, FAILED, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED
SETUP, INCONCLUSIVE = Outcome.SETUP_ERROR, Outcome.INCONCLUSIVE
REPORTS = Path(__file__).parent / "reports"


def _text(script: str, keys: str = "") -> str:
    return f"[a]\nkind = \"command\"\ncommand = ['sh', '-c', '''{script}''']\n{keys}\n"


RUNS = [
    ("exit 0", "", PASSED, ""),
    ("echo all is well", "expect.contains = 'well'", PASSED, ""),
    ("echo; echo no disk >&2; exit 3", "", FAILED, "exit code 3, not 0: no disk"),
    ("echo the queue is full; exit 1", "", FAILED, "exit code 1, not 0: the queue is full"),
    ("exit 3", "expect.exit = [0, 3]", PASSED, ""),
    ("exit 0", "expect.exit = 1", FAILED, "exit code 0, not 1"),
    ("kill -SEGV $$", "", FAILED, "ended by SIGSEGV, not 0"),
    ("kill -KILL $$", "", INCONCLUSIVE, "killed by SIGKILL, as a host does that is out of memory"),
    ("echo no", "expect.absent = 'no'", FAILED, "its output contains 'no'"),
    ("echo no", "expect.matches = '^yes'", FAILED, "its output does not match ^yes"),
    ("sleep 0.01", "expect.within = {total = '1us'}", FAILED, "the whole request took"),
    ("printf '\\377\\376garbage'", "expect.json = {'$.a' = 1}", FAILED, "its output is no JSON"),
    ("head -c 2000 /dev/zero", "max_output_bytes = 1000", FAILED, "wrote more than 1000 bytes, and was killed"),
    ("yes", "max_output_bytes = 1000", FAILED, "wrote more than 1000 bytes, and was killed"),
    ("cat", "", PASSED, ""),
    ("no-such-program-at-all", "", FAILED, "exit code 127"),
    ("echo nonsense", "samples = 'json'", SETUP, "its output cannot be read as numbers: it is no JSON"),
    ("echo nonsense; exit 1", "samples = 'json'", FAILED, "exit code 1, not 0: nonsense"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "keys", "outcome", "words"), RUNS, ids=[f"{run[0]} {run[1]}" for run in RUNS])
def test_a_program_is_judged(probe: Probe, script: str, keys: str, outcome: Outcome, words: str) -> None:
    """By its exit code, its output, and how it ended."""
    measurement = probe(_text(script, keys))

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason


NOT_STARTED = [
    ("no-such-program-at-all", "cannot start no-such-program-at-all: no such file or directory"),
    ("./outrider.toml", "cannot start ./outrider.toml: permission denied"),
    ("./empty", "cannot start ./empty: exec format error"),
]


@pytest.mark.parametrize(("program", "words"), NOT_STARTED)
def test_a_program_that_does_not_start_is_wrong_itself(bench: Bench, program: str, words: str) -> None:
    """It is not there, not executable, or no program."""
    (bench.root / "empty").touch(mode=0o755)

    measurement = bench.measure(f'[a]\nkind = "command"\ncommand = ["{program}"]\n')

    assert (measurement.outcome, measurement.reason) == (SETUP, words)


def test_numbers_of_the_output_become_samples(probe: Probe) -> None:
    """As a table of JSON, or line by line."""
    by_json = probe(_text('echo "{\\"queue\\": {\\"depth\\": 3}, \\"duration_ms\\": 1}"', "samples = 'json'"))
    by_line = probe(_text("echo queue_depth 12; echo other words", "samples = 'plain'"))

    assert by_json.outcome == by_line.outcome == PASSED, (by_json.reason, by_line.reason)
    assert [(sample.step, sample.metric) for sample in by_json.samples] == [
        ("program", "duration_ms"), ("", "queue.depth"),
    ]  # fmt: skip
    assert by_line.samples[1].value == 12.0


STUBBORN = "trap '' TERM; sleep 60 & setsid sleep 60 & (setsid sh -c 'sleep 60 & exec sleep 60' &) ; sleep 60; sleep 60"


def test_a_program_that_hangs_is_killed_with_all_that_it_started(bench: Bench) -> None:
    """A signal that it ignores, its group, and what left that group."""
    bench.read("")
    script = bench.root / "hang.sh"
    script.write_text(f"echo started\n{STUBBORN}\n")

    measurement = bench.measure('[a]\nkind = "command"\ncommand = ["sh", "hang.sh"]\n', limit_s=1.0)

    assert (measurement.outcome, measurement.reason) == (
        FAILED, "time-out after 1.0 s: the program and all that it started was killed",
    )  # fmt: skip
    assert _left(bench.root) == []


def test_what_a_program_leaves_in_the_background_ends_with_it(bench: Bench) -> None:
    """Its output still counts, and nobody waits for what goes on."""
    measurement = bench.measure(_text("sleep 60 & echo done", "expect.contains = 'done'"), limit_s=20)

    assert measurement.outcome == PASSED, measurement.reason
    assert _left(bench.root) == []


def _left(folder: Path) -> list[str]:
    """Return the command lines of the running programs of a folder."""
    return [" ".join(process.cmdline()) for process in _running(folder)]


def _running(folder: Path) -> list[psutil.Process]:
    """Return the running programs of a folder."""
    running = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) and process.cwd() == str(folder) and process.status() != "zombie":
                running.append(process)
        except (psutil.Error, OSError):
            continue
    return running


def test_a_program_ends_with_the_prober(bench: Bench) -> None:
    """Whoever stops Outrider leaves nothing behind."""
    catalogue = bench.read(_text("echo $$ > started; sleep 60"))
    (check,) = catalogue.checks
    with bench.engine(catalogue) as engine:
        engine.start(Order(new_run_id(1), check, 1, 60.0, bench.root / "scratch"), lambda _: None)
        while not (bench.root / "started").exists():
            os.sched_yield()

    assert _left(bench.root) == []


KILLED = """
import sys
from pathlib import Path
from outrider.model import Order, new_run_id
from outrider.probes import Engine, read_probes
from outrider.workspace import load

root = Path(sys.argv[1])
catalogue = read_probes(load(root), {})
with Engine(catalogue.probes) as engine:
    engine.measure(Order(new_run_id(1), catalogue.checks[0], 1, 300.0, root / "scratch"))
"""


def test_a_program_ends_if_the_prober_is_killed(bench: Bench) -> None:
    """Nobody could tell it so; what left its group ends as well."""
    bench.read(_text("sleep 200 & setsid sleep 200 & wait"))

    with subprocess.Popen([sys.executable, "-c", KILLED, str(bench.root)]) as prober:
        while len(started := _running(bench.root)) < 3:
            os.sched_yield()
        prober.kill()
    gone, left = psutil.wait_procs(started, timeout=30)

    assert (left, len(gone)) == ([], 3)


def test_a_program_has_a_limited_environment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in ours is for us; what it needs its table says."""
    monkeypatch.setenv("OUTRIDER_TEST_SECRET", "hunter2-secret")
    bench.variables["SHOP_URL"] = "http://shop.example"

    measurement = bench.measure(_text("env; pwd; exit 1", "env = {BASE_URL = '${SHOP_URL}/x'}\nfolder = 'probes'"))

    (output,) = [file.path.read_text() for file in measurement.artifacts if file.name == "output.txt"]
    assert "BASE_URL=http://shop.example/x" in output
    assert "hunter2" not in output
    names = {line.partition("=")[0] for line in output.splitlines() if "=" in line}
    assert {"PATH", "TMPDIR", MARK} <= names
    assert names <= {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", MARK,
                     "BASE_URL", "PWD", "OLDPWD", "SHLVL", "_"}  # fmt: skip
    assert output.splitlines()[-1] == str(bench.root / "probes")


def test_a_secret_of_a_program_is_masked(bench: Bench) -> None:
    """In reason, output and errors."""
    bench.variables["TOKEN"] = "hunter2-secret"
    bench.mask = Mask({"TOKEN": "hunter2-secret"}.values())

    measurement = bench.measure(_text('echo "$T"; echo "$T" >&2; exit 1', "env = {T = '${TOKEN}'}"))

    kept = "".join(file.path.read_text() for file in measurement.artifacts)
    assert "***" in kept
    assert "hunter2" not in kept + measurement.reason + repr(measurement)


def test_temporary_files_of_a_program_are_gone(bench: Bench) -> None:
    """They lie in a folder of its own."""
    measurement = bench.measure(_text('echo x > "$TMPDIR/file"; echo "$TMPDIR"; exit 1'))

    (output,) = [file.path.read_text() for file in measurement.artifacts if file.name == "output.txt"]
    assert not Path(output.strip()).exists()


WRITES = {
    "by variable": 'cp report.json "$PLAYWRIGHT_JSON_OUTPUT_FILE"; exit 1',
    "by our own variable": 'cp report.json "$OUTRIDER_REPORT"; exit 1',
    "to its output": "cat report.json; exit 1",
}


@pytest.mark.parametrize("script", WRITES.values(), ids=WRITES)
def test_the_report_of_a_suite_becomes_steps_and_outcome(bench: Bench, script: str) -> None:
    """Wherever the runner writes it."""
    _suite(bench)

    measurement = bench.measure(_text(script, 'report = "playwright-json"'))

    assert measurement.outcome == FAILED
    assert measurement.reason.startswith("[api] shop.spec.ts")
    assert len([step for step in measurement.steps if step.parent is None]) == 5
    assert [error.step for error in measurement.errors] == [step.title for step in measurement.steps if step.error][:1]
    kept = {file.name: file for file in measurement.artifacts}
    assert (kept["3-receipt.txt"].path.read_text(), kept["1-cart.json"].kind) == ("no receipt", ArtifactKind.BODY)


def _suite(bench: Bench) -> None:
    """Put a real report of Playwright into a workspace, as if its suite lay there."""
    bench.read("")
    (bench.root / "receipt.txt").write_text("no receipt")
    text = (REPORTS / "playwright-1.65.json").read_text(encoding="utf-8")
    document = json.loads(text)
    for result in document["suites"][0]["suites"][0]["specs"][1]["tests"][0]["results"]:
        result["attachments"][0]["path"] = str(bench.root / "receipt.txt")
    (bench.root / "report.json").write_text(json.dumps(document))
    shutil.copy(REPORTS / "playwright-1.65.junit.xml", bench.root / "report.xml")
    (bench.root / "fine.xml").write_text('<testsuite><testcase name="a" time="0.5"/></testsuite>')


REPORTED = [
    ("cat fine.xml", "junit", "", PASSED, ""),
    ("cat fine.xml; exit 7", "junit", "", FAILED, "exit code 7, not 0, although no test of its report failed"),
    ("cat report.xml; exit 1", "junit", "", FAILED, "shop.spec.ts"),
    ("cp fine.xml new.xml", "junit", "new.xml", PASSED, ""),
    ("true", "junit", "fine.xml", SETUP, "there is no junit report in fine.xml: it is no XML"),
    ("mkfifo pipe", "junit", "pipe", SETUP, "there is no junit report in pipe"),
    ("echo cannot find config >&2; exit 1", "playwright-json", "", SETUP, "no playwright-json report: it is no JSON"),
    ("head -c 2000 report.json", "playwright-json", "", SETUP, "no playwright-json report: it is no JSON"),
    ("cat fine.xml", "playwright-json", "", SETUP, "no playwright-json report: it is no JSON"),
    ("echo \"<testsuite/>\"", "junit", "", SETUP, "the report has no test"),
    ("echo \"<testsuite><testcase><skipped/></testcase></testsuite>\"", "junit", "", SKIPPED, "all 1 tests were skip"),
    ("head -c 2000 /dev/zero > new.xml", "junit", "new.xml\"\nmax_output_bytes = 1000#\"", SETUP, "raise max_output_b"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "report", "file", "outcome", "words"), REPORTED)
def test_a_report_is_judged(  # noqa: PLR0917
    bench: Bench, script: str, report: str, file: str, outcome: Outcome, words: str
) -> None:
    """An old report, none, or one of another format is the suite's own fault."""
    _suite(bench)
    keys = f'report = "{report}"\n' + (f'report_file = "{file}"\n' if file else "")

    measurement = bench.measure(_text(script, keys))

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason


@pytest.mark.slow
def test_a_suite_of_pytest_is_watched(bench: Bench) -> None:
    """A real runner, which writes JUnit's XML where it is told to."""
    bench.read("")
    suite = bench.root / "suite"
    suite.mkdir()
    (suite / "test_shop.py").write_text("def test_home(): pass\ndef test_pay(): assert 1 == 2, 'declined'\n")
    (suite / "pytest.ini").write_text("[pytest]\n")
    script = f'{sys.executable} -m pytest -q -p no:cacheprovider -p no:asyncio --junitxml="$OUTRIDER_REPORT"'

    measurement = bench.measure(_text(script, 'report = "junit"\nfolder = "suite"'), limit_s=60)

    assert (measurement.outcome, "declined" in measurement.reason) == (FAILED, True), measurement.reason
    assert [step.title.rpartition(" ")[2] for step in measurement.steps] == ["test_home", "test_pay"]


EXHAUSTED = {errno.EAGAIN: INCONCLUSIVE, errno.ENOMEM: INCONCLUSIVE, errno.EMFILE: INCONCLUSIVE, errno.ENOENT: SETUP}


@pytest.mark.parametrize(("number", "outcome"), EXHAUSTED.items())
def test_a_host_without_processes_is_the_probers_fault(number: int, outcome: Outcome) -> None:
    """We could not even try."""
    failure = start_failure("true", OSError(number, "no"))

    assert assess(ProbeResult(0.0, (failure,)), ProberState())[0] == outcome
