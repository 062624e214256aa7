"""Sizes, import circles and import times of the source tree: `python -m benchmarks.structure [FOLDER]`.

Counts are exact; times are of whole processes, taken in turns with a bare `import click`, and printed as ratios.
"""

from __future__ import annotations

import argparse
import ast
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "outrider"
_TURNS = 15
_NOUNS = {"finding"}
"""Module names that end like a gerund and are none, as in tests/test_repository.py."""


def modules(source: Path) -> dict[str, Path]:
    """Return every module of the package by its dotted name."""
    paths = sorted((source / PACKAGE).rglob("*.py"))
    return {".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def exports(tree: ast.Module) -> set[str]:
    """Return the names in a package's `__all__`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def imports(tree: ast.AST, known: dict[str, Path], faces: dict[str, set[str]]) -> set[str]:
    """Return the modules of the package that a module imports, those for type checking included."""
    targets: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets |= {alias.name for alias in node.names if alias.name in known}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            exported = faces.get(node.module, set())
            inner = {f"{node.module}.{alias.name}" for alias in node.names if alias.name not in exported} & known.keys()
            targets |= inner | ({node.module} & known.keys())
    return targets


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return groups of modules that reach each other, the largest first (Tarjan 1972, doi:10.1137/0201010)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for target in graph[name]:
            if target not in order:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], order[target])
        if low[name] == order[name]:
            position = stack.index(name)
            group = stack[position:]
            del stack[position:]
            if len(group) > 1:
                groups.append(sorted(group))

    for name in graph:
        if name not in order:
            visit(name)
    return sorted(groups, key=len, reverse=True)


def past_faces(graph: dict[str, set[str]]) -> Counter[str]:
    """Return how many imports reach into a room's modules instead of its face, by the room that is reached into."""
    count: Counter[str] = Counter()
    for name, targets in graph.items():
        for target in targets:
            parts = target.split(".")
            if len(parts) > 2 and name.split(".")[1:2] != parts[1:2]:
                count[parts[1]] += 1
    return count


def spread(sizes: list[int]) -> str:
    """Return median, 90th percentile and maximum."""
    ranked = sorted(sizes)
    return f"{statistics.median(ranked):.0f} / {ranked[int(len(ranked) * 0.9)]} / {ranked[-1]}"


def describe(source: Path) -> None:
    """Print counts of a source tree."""
    known = modules(source)
    texts = {name: path.read_text(encoding="utf-8") for name, path in known.items()}
    trees = {name: ast.parse(text) for name, text in texts.items()}
    faces = {name: exports(tree) for name, tree in trees.items() if known[name].name == "__init__.py"}
    graph = {name: imports(tree, known, faces) - {name} for name, tree in trees.items()}
    functions = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    files = [text.count("\n") for name, text in texts.items() if known[name].name != "__init__.py"]
    lines = Counter[str]()
    for name, text in texts.items():
        lines[name.split(".")[1] if "." in name else ""] += text.count("\n")
    names = Counter(path.stem for path in known.values() if path.stem != "__init__")
    reached = past_faces(graph)
    print(
        f"modules: {len(files)}, lines: {sum(lines.values())}, of these in cli: {lines['cli']}, in app: {lines['app']}"
    )
    print(f"files, lines: {spread(files)} (median / 90th percentile / most)")
    print(f"functions: {len(functions)}, lines: {spread(functions)}")
    print(f"imports past a room's face: {sum(reached.values())} {dict(reached.most_common())}")
    print(f"circles: {[(len(group), group[0].rpartition('.')[0]) for group in circles(graph)]}")
    print(f"module names that stand twice or more: {sum(count > 1 for count in names.values())}")
    gerunds = [name for name in names.elements() if name.endswith("ing") and name not in _NOUNS]
    print(f"module names that are gerunds: {len(gerunds)}")


def seconds(*command: str) -> float:
    """Return how long a Python process takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def compare_imports() -> None:
    """Print what `import outrider` and `outrider --help` take beside a bare `import click`, in turns."""
    programs = {
        "an empty program": ("-c", "pass"),
        "import click": ("-c", "import click"),
        "import outrider": ("-c", "import outrider"),
        "outrider --help": ("-m", PACKAGE, "--help"),
    }
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(_TURNS):
        for name, command in programs.items():
            taken[name].append(seconds(*command))
    empty_s = statistics.median(taken["an empty program"])
    click_s = statistics.median(taken["import click"])
    for name, values in taken.items():
        middle_s = statistics.median(values)
        beyond_ms = (middle_s - empty_s) * 1000
        print(f"{name}: {beyond_ms:.0f} ms beyond an empty program, {middle_s / click_s:.2f} times a bare import click")


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT, help="a checkout (default: this one)")
    describe(parser.parse_args().folder / "src")
    compare_imports()


if __name__ == "__main__":
    main()
