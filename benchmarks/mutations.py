"""How many one-line mutations of the scheduler, the application and the store the tests of their rooms notice.

Each mutation is applied alone in a copy of the repository. The tests of its room that need no browser run once, intact,
under coverage; then those that execute the mutated line run with the mutation, until one fails or the time is up; both
count as noticed. A line that runs when its module is imported is tried on every file of tests of which one executes
that module, or on all where none does; any other line that no test executes is not noticed. Log calls, annotations and
docstrings are not mutated.

`python -m benchmarks.mutations [--count N] [--seed N] [--room scheduler|app|store] [--limit SECONDS] [--processes N]`
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import coverage
from benchmarks.mutation.reach import CONTEXT, NOTES, ONLY
from coverage import CoverageData

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {
    "scheduler": ("tests/scheduler",),
    "app": ("tests/app", "tests/cli"),
    "store": ("tests/store",),
}
_BUILT = "src/outrider/charts/built"
_TARGET = 0.8
_SHORTEST_LIMIT_S = 120.0
_TIMES_AS_LONG = 3.0
_UNNOTICED = {"passed", "not executed"}
_PLUGIN = "benchmarks.mutation.reach"
_OPTIONS = ["-q", "-x", "-m", "not browser", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", _PLUGIN]
_COVERAGE = """[run]
source_pkgs = outrider
parallel = true
patch = subprocess
data_file = {data}
context = ${{{context}-}}
"""
_COMPARISONS = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}  # fmt: skip
_ARITHMETIC = {ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "//"), ast.FloorDiv: ("//", "*")}
_LOGIC = {ast.And: ("and", "or"), ast.Or: ("or", "and")}
_LOGGERS = {"log", "_log"}

Gap = tuple[int, int, int, str]
"""Line, start, end and text of what stands between two expressions."""
Between = Callable[[ast.expr, ast.expr], "Gap | None"]
Edits = Iterator[tuple["ast.expr | ast.stmt | tuple[int, int, int]", str, str]]
"""What is replaced, by what, and the name of the operator; `{}` stands for what was there."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """A piece of one line that is replaced; `line` counts from one, columns from zero in UTF-8 bytes.

    Attributes:
        is_called: Whether it lies in a function's body; the rest runs when the module is imported.
    """

    file: str
    line: int
    start: int
    end: int
    text: str
    what: str
    is_called: bool

    @property
    def room(self) -> str:
        """The room that it lies in."""
        return Path(self.file).parts[2]

    def applied(self, source: str) -> str:
        """Return the source with this mutation."""
        lines = source.splitlines(keepends=True)
        line = lines[self.line - 1].encode()
        lines[self.line - 1] = (line[: self.start] + self.text.encode() + line[self.end :]).decode()
        return "".join(lines)


class Candidates(ast.NodeVisitor):
    """Collects every mutation of a file."""

    def __init__(self, file: str, source: str) -> None:
        self._file = file
        self._lines = [line.encode() for line in source.splitlines()]
        self.mutations: list[Mutation] = []
        self._depth = 0
        self.visit(ast.parse(source))

    def visit(self, node: ast.AST) -> None:
        """Mutate a node, and those below it that are executed."""
        if _is_passive(node):
            return
        for mutate in (_comparison, _arithmetic, _logic, _condition, _constant, _result, _statement):
            for inner, text, what in mutate(node, self._between):
                self._add(inner, text, what)
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list"}:
                continue
            is_body = name == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            self._depth += is_body
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self.visit(child)
            self._depth -= is_body

    def _between(self, left: ast.expr, right: ast.expr) -> Gap | None:
        """Return line, start, end and text of what stands between two expressions on one line."""
        if left.end_lineno != right.lineno or left.end_col_offset is None:
            return None
        start, end = left.end_col_offset, right.col_offset
        return right.lineno, start, end, self._lines[right.lineno - 1][start:end].decode()

    def _add(self, place: ast.expr | ast.stmt | tuple[int, int, int], text: str, what: str) -> None:
        if isinstance(place, tuple):
            line, start, end = place
        else:
            if place.lineno != place.end_lineno:
                return
            line, start, end = place.lineno, place.col_offset, place.end_col_offset or place.col_offset
        before = self._lines[line - 1][start:end].decode()
        after = text.replace("{}", before)
        self.mutations.append(
            Mutation(
                self._file, line, start, end, after, f"{what}: {before.strip()} -> {after.strip()}", self._depth > 0
            )
        )


def _is_passive(node: ast.AST) -> bool:
    """Tell whether nothing of a node is executed in a way that a test could see."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    if isinstance(node, ast.ClassDef):
        return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) or _is_log_call(node.value)
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_log_call(node: ast.expr) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    owner = node.func.value
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return name in _LOGGERS


def _swapped(gap: Gap | None, words: tuple[str, str], what: str) -> Edits:
    """Yield the exchange of an operator that stands between two expressions."""
    old, new = words
    if gap is not None and gap[3].count(old) == 1:
        line, start, _, text = gap
        at = start + len(text[: text.index(old)].encode())
        yield (line, at, at + len(old)), new, what


def _comparison(node: ast.AST, between: Between) -> Edits:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _swapped(between(node.left, node.comparators[0]), _COMPARISONS[type(node.ops[0])], "comparison")


def _arithmetic(node: ast.AST, between: Between) -> Edits:
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        yield from _swapped(between(node.left, node.right), _ARITHMETIC[type(node.op)], "arithmetic")


def _logic(node: ast.AST, between: Between) -> Edits:
    if isinstance(node, ast.BoolOp):
        yield from _swapped(between(node.values[0], node.values[1]), _LOGIC[type(node.op)], "logic")


def _condition(node: ast.AST, between: Between) -> Edits:  # noqa: ARG001 - all have one signature
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield node.test, "(not ({}))", "condition"


def _constant(node: ast.AST, between: Between) -> Edits:  # noqa: ARG001 - all have one signature
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        yield node, str(not node.value) if isinstance(node.value, bool) else repr(node.value + 1), "constant"


def _result(node: ast.AST, between: Between) -> Edits:  # noqa: ARG001 - all have one signature
    if isinstance(node, ast.Return) and not (node.value is None or ast.unparse(node.value) == "None"):
        yield node.value, "None", "result"


def _statement(node: ast.AST, between: Between) -> Edits:  # noqa: ARG001 - all have one signature
    if not isinstance(node, ast.stmt):
        return
    is_effect = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)
    is_change = isinstance(node, ast.AugAssign | ast.Delete | ast.Raise)
    is_attribute = isinstance(node, ast.Assign) and not any(isinstance(target, ast.Name) for target in node.targets)
    if is_effect or is_change or is_attribute:
        yield node, "pass", "dropped"


def candidates(rooms: list[str]) -> list[Mutation]:
    """Return every mutation of some rooms, in the order of files and lines."""
    mutations = []
    for room in rooms:
        for path in sorted((ROOT / "src/outrider" / room).rglob("*.py")):
            if "migrations" in path.parts:  # they happened, and are never changed
                continue
            file = path.relative_to(ROOT).as_posix()
            mutations += Candidates(file, path.read_text(encoding="utf-8")).mutations
    return mutations


class Reach:
    """Which tests execute which lines, and how long they take.

    Args:
        data: Coverage with the tests' ids, or the files of tests, as contexts.
        seconds: How long each test takes.
    """

    def __init__(self, data: CoverageData, seconds: Mapping[str, float]) -> None:
        self.seconds = seconds
        self._lines: dict[str, dict[int, list[str]]] = {}
        for file in data.measured_files():
            path = file.partition("/src/outrider/")[2]
            self._lines[f"src/outrider/{path}"] = data.contexts_by_lineno(file)

    def tests(self, mutation: Mutation) -> list[str]:
        """Return the ids of the tests that execute a mutated line."""
        lines = self._lines.get(mutation.file, {})
        contexts = set(lines.get(mutation.line, ()))
        if not mutation.is_called or "" in contexts:
            contexts.update(*lines.values())
            files = {context.partition("::")[0] for context in contexts if context}
            return [test for test in self.seconds if not files or test.partition("::")[0] in files]
        return [test for test in self.seconds if test in contexts or test.partition("::")[0] in contexts]


class Copy:
    """A copy of the repository in which tests run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written_s = int(time.time())
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, folder / name)
        if (ROOT / _BUILT).is_dir():
            shutil.copytree(ROOT / _BUILT, folder / _BUILT, dirs_exist_ok=True)

    def reach(self, room: str, processes: int) -> Reach:
        """Run the tests of a room intact, and return what they execute.

        Raises:
            SystemExit: If one fails.
        """
        data, notes, settings = (self.folder / f"{room}.{suffix}" for suffix in ("coverage", "notes", "rc"))
        settings.write_text(_COVERAGE.format(data=data, context=CONTEXT))
        spread = ["--numprocesses", str(processes), "--dist", "worksteal"] if processes > 1 else []
        command = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", "-m", "pytest", *spread]
        if self._run([*command, *_OPTIONS, *ROOMS[room]], 3_600.0, {NOTES: str(notes)}) != 0:
            sys.stdout.write((self.folder / "last-tests.txt").read_text(errors="replace")[-3_000:])
            raise SystemExit(f"the tests of {room} fail without any mutation")
        combined = coverage.Coverage(data_file=str(data), config_file=str(settings))
        combined.combine(strict=True)
        seconds: dict[str, float] = {}
        for line in notes.read_text().splitlines():
            test, took_s = json.loads(line)
            seconds[test] = seconds.get(test, 0.0) + took_s
        return Reach(combined.get_data(), seconds)

    def try_out(self, mutation: Mutation, reach: Reach, limit_s: float | None) -> str:
        """Run the tests that execute a mutated line, and take the mutation back; return how they ended."""
        tests = reach.tests(mutation)
        if not tests:
            return "not executed"
        took_s: dict[str, float] = {}
        for test in tests:
            file = test.partition("::")[0]
            took_s[file] = took_s.get(file, 0.0) + reach.seconds[test]
        nearest = f"test_{Path(mutation.file).stem}.py"
        files = sorted(took_s, key=lambda file: (not file.endswith(nearest), took_s[file]))
        only = self.folder / "only.json"
        only.write_text(json.dumps(tests))
        limit_s = limit_s or _SHORTEST_LIMIT_S + _TIMES_AS_LONG * sum(took_s.values())
        path = self.folder / mutation.file
        source = path.read_text(encoding="utf-8")
        try:
            self._write(path, mutation.applied(source))
            code = self._run([sys.executable, "-m", "pytest", *_OPTIONS, *files], limit_s, {ONLY: str(only)})
        except subprocess.TimeoutExpired:
            return "too slow"
        finally:
            self._write(path, source)
        return "passed" if code == 0 else "failed"

    def _write(self, path: Path, source: str) -> None:
        """Write a file under a time of its own: what is compiled of another state of it is not used then."""
        path.write_text(source, encoding="utf-8")
        self._written_s += 2
        os.utime(path, (self._written_s, self._written_s))

    def _run(self, command: list[str], limit_s: float, environment: dict[str, str]) -> int:
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env={
                **os.environ, **environment, "PYTHONPATH": f"{self.folder / 'src'}{os.pathsep}{self.folder}",
                "PYTHONDONTWRITEBYTECODE": "",
            },
            stdout=(self.folder / "last-tests.txt").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            return process.wait(limit_s)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def main() -> int:
    """Print the share of noticed mutations and those that were not; return 1 below the target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None, help="a random one if absent")
    parser.add_argument("--room", choices=ROOMS, default=None, help="all three if absent")
    parser.add_argument("--limit", type=float, default=None, help="seconds a mutation; three times its tests if absent")
    parser.add_argument("--processes", type=int, default=2, help="that look for what each test executes")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1_000_000)
    everything = candidates([asked.room] if asked.room else list(ROOMS))
    chosen = random.Random(seed).sample(everything, min(asked.count, len(everything)))
    print(f"seed {seed}: {len(chosen)} of {len(everything)} mutations", flush=True)
    with tempfile.TemporaryDirectory(prefix="outrider-mutations-") as name:
        copy = Copy(Path(name))
        reach = {room: copy.reach(room, asked.processes) for room in sorted({mutation.room for mutation in chosen})}
        for room, reached in reach.items():
            print(f"{room}: its {len(reached.seconds)} tests take {sum(reached.seconds.values()):.0f} s", flush=True)
        results = [_tried(copy, mutation, reach[mutation.room], asked.limit) for mutation in chosen]
    return _report(results)


def _tried(copy: Copy, mutation: Mutation, reach: Reach, limit_s: float | None) -> tuple[Mutation, str]:
    began_s = time.monotonic()
    result = copy.try_out(mutation, reach, limit_s)
    verdict = "SURVIVED" if result in _UNNOTICED else "noticed"
    took_s = time.monotonic() - began_s
    print(f"{verdict} ({result}, {took_s:.0f} s)  {mutation.file}:{mutation.line}  {mutation.what}", flush=True)
    return mutation, result


def _report(results: list[tuple[Mutation, str]]) -> int:
    survivors = [mutation for mutation, result in results if result in _UNNOTICED]
    share = 1 - len(survivors) / max(1, len(results))
    print(f"noticed: {share:.0%} of {len(results)} (target {_TARGET:.0%})")
    for room, count in Counter(mutation.room for mutation, _ in results).items():
        lost = sum(mutation.room == room for mutation in survivors)
        print(f"  {room}: {count - lost} of {count}")
    for mutation in sorted(survivors, key=lambda survivor: (survivor.file, survivor.line)):
        print(f"survived: {mutation.file}:{mutation.line}  {mutation.what}")
    return int(share < _TARGET)


if __name__ == "__main__":
    sys.exit(main())
