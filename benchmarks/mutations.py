"""How many one-line mutations of the scheduler, the application and the store the tests of their rooms notice.

Each mutation is applied alone in a copy of the repository, whose tests of that room (those that need no browser) then
run until one fails or the time is up; both count as noticed. Log calls, annotations and docstrings are not mutated.

`python -m benchmarks.mutations [--count N] [--seed N] [--room scheduler|app|store] [--limit SECONDS]`
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

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
    """A piece of one line that is replaced; `line` counts from one, columns from zero in UTF-8 bytes."""

    file: str
    line: int
    start: int
    end: int
    text: str
    what: str

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
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self.visit(child)

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
            Mutation(self._file, line, start, end, after, f"{what}: {before.strip()} -> {after.strip()}")
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


class Copy:
    """A copy of the repository in which tests run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
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

    def test(self, mutation: Mutation | None, room: str, limit_s: float) -> str:
        """Run the tests of a room; return "passed", "failed" or "too slow"."""
        arguments = [*self._closest(mutation, room), *ROOMS[room]]
        options = ["-q", "-x", "-m", "not browser", "-p", "no:cacheprovider", "-p", "no:randomly"]
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *options, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=(self.folder / "last-tests.txt").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return "passed" if process.wait(limit_s) == 0 else "failed"
        except subprocess.TimeoutExpired:
            return "too slow"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def try_out(self, mutation: Mutation, limit_s: float) -> str:
        """Run the tests of a mutation's room with it, and take it back."""
        path = self.folder / mutation.file
        source = path.read_text(encoding="utf-8")
        try:
            path.write_text(mutation.applied(source), encoding="utf-8")
            return self.test(mutation, mutation.room, limit_s)
        finally:
            path.write_text(source, encoding="utf-8")

    def _closest(self, mutation: Mutation | None, room: str) -> Iterator[str]:
        """Yield the tests of the mutated module, which run first: they fail soonest."""
        if mutation is not None:
            for folder in ROOMS[room]:
                file = f"{folder}/test_{Path(mutation.file).stem}.py"
                if (self.folder / file).is_file():
                    yield file


def main() -> int:
    """Print the share of noticed mutations and those that were not; return 1 below the target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None, help="a random one if absent")
    parser.add_argument("--room", choices=ROOMS, default=None, help="all three if absent")
    parser.add_argument("--limit", type=float, default=None, help="seconds a mutation; three times the intact tests")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1_000_000)
    everything = candidates([asked.room] if asked.room else list(ROOMS))
    chosen = random.Random(seed).sample(everything, min(asked.count, len(everything)))
    print(f"seed {seed}: {len(chosen)} of {len(everything)} mutations", flush=True)
    with tempfile.TemporaryDirectory(prefix="outrider-mutations-") as name:
        copy = Copy(Path(name))
        limits_s = {room: asked.limit or _limit(copy, room) for room in sorted({mutation.room for mutation in chosen})}
        results = [_tried(copy, mutation, limits_s[mutation.room]) for mutation in chosen]
    return _report(results)


def _limit(copy: Copy, room: str) -> float:
    """Return how long tests of a room may take, from how long they take intact."""
    began_s = time.monotonic()
    if copy.test(None, room, 3_600.0) != "passed":
        sys.stdout.write((copy.folder / "last-tests.txt").read_text(errors="replace")[-3_000:])
        raise SystemExit(f"the tests of {room} fail without any mutation")
    took_s = time.monotonic() - began_s
    print(f"{room}: its tests take {took_s:.0f} s", flush=True)
    return max(_SHORTEST_LIMIT_S, _TIMES_AS_LONG * took_s)


def _tried(copy: Copy, mutation: Mutation, limit_s: float) -> tuple[Mutation, str]:
    began_s = time.monotonic()
    result = copy.try_out(mutation, limit_s)
    verdict = "SURVIVED" if result == "passed" else "noticed"
    took_s = time.monotonic() - began_s
    print(f"{verdict} ({result}, {took_s:.0f} s)  {mutation.file}:{mutation.line}  {mutation.what}", flush=True)
    return mutation, result


def _report(results: list[tuple[Mutation, str]]) -> int:
    survivors = [mutation for mutation, result in results if result == "passed"]
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
