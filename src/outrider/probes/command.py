"""Probes of kind command: an own program, judged by its exit code, its output, or the report of a test runner."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from outrider.model import Sample
from outrider.probes.assertions import judge_times
from outrider.probes.expectations import read_text_checks, read_within
from outrider.probes.probe_result import Blame, Evidence, Failure, ProbeResult, only_step
from outrider.probes.programs import Program, Stop, run_program
from outrider.probes.report_readers import plain
from outrider.probes.runner_report import JudgedReport, attached_files, judge_report
from outrider.probes.system_errors import start_failure
from outrider.probes.text_checks import TextChecks
from outrider.probes.text_evaluation import shown
from outrider.workspace import Refused, as_count, as_one_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_table import ProbeTable
    from outrider.probes.programs import ProgramEnd


STEP = "program"
PROGRAMS: Final = "programs of this machine"
"""Stands in the place of a host: so many programs as one host is asked at a time."""

_MOST_OUTPUT = 100_000_000
_USUAL_OUTPUT = 10_000_000
_VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "playwright-json": ("PLAYWRIGHT_JSON_OUTPUT_FILE", "PLAYWRIGHT_JSON_OUTPUT_NAME"),
    "junit": ("PLAYWRIGHT_JUNIT_OUTPUT_FILE", "PLAYWRIGHT_JUNIT_OUTPUT_NAME"),
}


@dataclass(frozen=True, slots=True)
class CommandProbe:
    """A program that is run to its end.

    Attributes:
        exit_codes: Those that are as expected.
        checks: Of its standard output.
        samples: How its output tells numbers: "json", "plain" or empty.
        report: The format of a test runner's report, or empty.
        report_file: Where the program writes it, if not where `OUTRIDER_REPORT` says, or to its standard output.
    """

    program: Program
    exit_codes: tuple[int, ...] = (0,)
    checks: TextChecks = field(default_factory=TextChecks)
    samples: str = ""
    report: str = ""
    report_file: Path | None = None
    within_ms: Mapping[str, float] = field(default_factory=dict)
    host: str = PROGRAMS

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:
        """Run the program, and judge what it leaves."""
        try:
            return await self._run(context, limit_s, evidence=evidence)
        except (OSError, ValueError) as error:  # of the folder, or of the program itself
            return ProbeResult(0.0, (start_failure(shown(self.program.arguments[0]), error),), is_timed=False)

    async def _run(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:
        async with _scratch_folder() as scratch:
            before = _signature(self.report_file)
            end = await run_program(self._program_in(scratch), limit_s, context.guard)
            left_s = limit_s - end.duration_ms / 1000
            judged = await self._judged(context, end, _Report(scratch / "report", self.report_file, before), left_s)
            shows = bool(judged.failures or evidence)
            folders = (self.program.folder, scratch)
            files = await asyncio.to_thread(attached_files, judged.attachments, folders) if shows else ()
        return ProbeResult(
            duration_ms=end.duration_ms,
            failures=judged.failures,
            steps=judged.steps or only_step(STEP, end.duration_ms, judged.failures),
            samples=(Sample("" if judged.steps else STEP, "duration_ms", end.duration_ms), *judged.samples),
            attributes={**judged.attributes, "exit_code": str(end.exit_code)},
            evidence_files=(*_written(end), *files) if shows else (),
            address=Path(self.program.arguments[0]).name,
        )

    def _program_in(self, scratch: Path) -> Program:
        report = str(scratch / "report")
        names = ("OUTRIDER_REPORT", *_VARIABLES.get(self.report, ())) if self.report else ()
        environment = {"TMPDIR": str(scratch), **dict.fromkeys(names, report), **self.program.environment}
        return replace(self.program, environment=environment)

    async def _judged(self, context: ProbeContext, end: ProgramEnd, report: _Report, left_s: float) -> JudgedReport:
        """Return what is wrong with the end of a program, and the numbers and steps that it tells."""
        if failure := _stopped(end, self.program, left_s):
            return JudgedReport((failure,))
        evaluation = await context.evaluator.evaluate(self.checks, end.output, limit_s=left_s)
        failures = [*evaluation.failures, *judge_times({"total": end.duration_ms}, self.within_ms)]
        unread = [Failure(Blame.SETUP, f"its output cannot be read as numbers: {text}") for text in evaluation.missing]
        numbers = json.loads(evaluation.values[self.samples])["numbers"] if self.samples in evaluation.values else {}
        samples = tuple(Sample("", name, value) for name, value in numbers.items() if name != "duration_ms")
        if not self.report:
            wrong = [] if end.exit_code in self.exit_codes else [_wrong_exit(end, self.exit_codes)]
            return JudgedReport((*wrong, *failures, *([] if wrong else unread)), samples)
        text = await asyncio.to_thread(report.read, self.program.most_output_bytes)
        judged = await self._judged_report(context, end, end.output if text is None else text, left_s)
        return replace(judged, failures=(*judged.failures, *failures, *unread), samples=(*judged.samples, *samples))

    async def _judged_report(self, context: ProbeContext, end: ProgramEnd, text: bytes, left_s: float) -> JudgedReport:
        if len(text) > self.program.most_output_bytes:
            reason = f"its report is larger than {self.program.most_output_bytes} bytes; raise max_output_bytes"
            return JudgedReport((Failure(Blame.SETUP, reason),))
        evaluation = await context.evaluator.evaluate(_READERS[self.report], text, limit_s=left_s)
        if evaluation.failure:
            return JudgedReport((evaluation.failure,))
        if evaluation.missing:
            where = f" in {self.report_file.name}" if self.report_file else ""
            reason = f"there is no {self.report} report{where}: {evaluation.missing[0]}"
            return JudgedReport((Failure(Blame.SETUP, f"{reason}; {_described(end)}"),))
        judged = judge_report(json.loads(evaluation.values[self.report]))
        if not judged.failures and end.exit_code not in self.exit_codes:
            wrong = _wrong_exit(end, self.exit_codes, ", although no test of its report failed")
            return replace(judged, failures=(wrong,))
        return judged


_READERS: Final[Mapping[str, TextChecks]] = {name: TextChecks("the report", reader=name) for name in _VARIABLES}


@dataclass(frozen=True, slots=True)
class _Report:
    """The places where a report may be, the first of which counts.

    Attributes:
        before: What the file of the user was before the program ran: an old report is none.
    """

    place: Path
    file: Path | None
    before: tuple[int, ...]

    def read(self, most_bytes: int) -> bytes | None:
        """Return the report and at most a byte more than it may have; None if there is no file of it."""
        if self.file is not None:
            return b"" if _signature(self.file) in {self.before, ()} else _read_regular(self.file, most_bytes)
        return _read_regular(self.place, most_bytes) if self.place.exists() else None


def read_command(entry: ProbeTable) -> CommandProbe:
    """Read a probe of kind command; report problems to its table."""
    table = entry.table
    folder = entry.folder("folder")
    samples = table.read("samples", as_one_of("json", "plain"), "")
    report = table.read("report", as_one_of(*_VARIABLES), "")
    report_file = entry.text("report_file", str, None)
    program = Program(
        arguments=_arguments(entry),
        folder=folder,
        environment=_environment(entry),
        most_output_bytes=table.read("max_output_bytes", as_count(1, _MOST_OUTPUT), _USUAL_OUTPUT),
    )
    below = table.section("expect")
    checks = replace(read_text_checks(below, entry.root, "its output"), reader=samples)
    exit_codes = below.read("exit", _as_exit_codes, (0,))
    within = read_within(below, ("total",))
    below.close()
    if report_file and not report:
        table.report(
            "report_file", "is there without report", 'add report = "junit" or "playwright-json"', "missing-key"
        )
    path = folder / report_file if report_file else None
    return CommandProbe(program, exit_codes, checks, samples, report, path, within)


def _arguments(entry: ProbeTable) -> tuple[str, ...]:
    arguments = entry.texts("command", '["npx", "playwright", "test"], a program and its arguments')
    if len(arguments) == 1 and " " in arguments[0] and not Path(arguments[0]).exists():
        fix = 'write a list, such as ["npx", "playwright", "test"]; no shell reads it'
        entry.table.report("command", "is one text with spaces", fix, "wrong-type")
    return arguments or ("",)


def _environment(entry: ProbeTable) -> dict[str, str]:
    """Read the variables that the program gets beside those that every program inherits."""
    variables = {}
    for name, template in entry.templates("env"):
        variables[name] = template.fill({})
        if not name or set("=\0") & set(name) or "\0" in variables[name]:
            fix = "write a name without = and a value without NUL"
            entry.table.section("env").report(name, "is no variable of an environment", fix, "bad-name")
    return variables


def _as_exit_codes(value: object) -> tuple[int, ...]:
    codes = value if isinstance(value, list) and value else [value]
    try:
        return tuple(as_count(0, 255)(code) for code in codes)
    except Refused:
        raise Refused("is no exit code", "write a number from 0 to 255, or a list of such", "out-of-range") from None


@asynccontextmanager
async def _scratch_folder() -> AsyncIterator[Path]:
    """Make a folder for temporary files that is gone afterwards."""
    folder = tempfile.TemporaryDirectory(prefix="outrider-program-", ignore_cleanup_errors=True)
    try:
        yield Path(folder.name)
    finally:
        await asyncio.to_thread(folder.cleanup)


def _stopped(end: ProgramEnd, program: Program, left_s: float) -> Failure | None:
    """Return why a program was stopped from outside, if it was."""
    if end.stop == Stop.TIME:
        limit_s = left_s + end.duration_ms / 1000
        reason = f"time-out after {limit_s:.1f} s: the program and all that it started was killed"
        return Failure(Blame.SLOW, reason, is_time_out=True)
    if end.stop == Stop.OUTPUT:
        reason = f"the program wrote more than {program.most_output_bytes} bytes, and was killed"
        return Failure(Blame.TARGET, reason)
    if end.stop == Stop.CLOSED:
        return Failure(Blame.PROBER, "the prober ended, and the program with it")
    if end.exit_code == -signal.SIGKILL:
        return Failure(Blame.PROBER, "the program was killed by SIGKILL, as a host does that is out of memory")
    return None


def _wrong_exit(end: ProgramEnd, wanted: tuple[int, ...], beside: str = "") -> Failure:
    reason = f"{_described(end)}, not {' or '.join(map(str, wanted))}{beside}{_last_words(end)}"
    return Failure(Blame.TARGET, reason)


def _described(end: ProgramEnd) -> str:
    if end.exit_code >= 0:
        return f"exit code {end.exit_code}"
    return f"ended by {signal.Signals(-end.exit_code).name}"


def _last_words(end: ProgramEnd) -> str:
    """Return the last line that a program wrote, where it says why it failed."""
    for text in (end.errors, end.output[-1000:]):
        lines = [line for line in plain(text[-1000:].decode("utf-8", "replace")).splitlines() if line.strip()]
        if lines:
            return f": {shown(lines[-1])}"
    return ""


def _written(end: ProgramEnd) -> tuple[Evidence, ...]:
    streams = (("output.txt", end.output), ("errors.log", end.errors))
    return tuple(Evidence(name, "text/plain", data) for name, data in streams if data)


def _signature(path: Path | None) -> tuple[int, ...]:
    """Return what changes when a file is written; nothing if it does not exist."""
    try:
        state = path.stat() if path else None
    except OSError:
        return ()
    return (state.st_mtime_ns, state.st_size, state.st_ino) if state else ()


def _read_regular(path: Path, most_bytes: int) -> bytes:
    """Return a file, and at most a byte more than it may have; nothing if it is no regular file that can be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return b""
        with path.open("rb") as file:
            return file.read(most_bytes + 1)
    except OSError:
        return b""
