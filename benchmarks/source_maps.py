"""What source maps cost: `python -m benchmarks.source_maps [--modules N] [--symbolic]`.

esbuild bundles so many modules of invented code, by default about 1.6 MB with a map of 6 MB. Measured is the processor
time of this process: until the first frame of that map is known, its source lines and its function among it, from the
bytes of the map; then frames a second, of places drawn anew over the whole bundle; and the memory that reading takes at
most. With `--symbolic`, where that library is installed, the same by it. Wanted: .5 s, and then 50,000 frames a second.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Final

from outrider.errors import read_source_map
from outrider.errors.symbolication import mapped_frame
from outrider.model import StackFrame

ESBUILD: Final = Path(__file__).parents[1] / "frontend" / "node_modules" / ".bin" / "esbuild"
FRAMES: Final = 50_000
FUNCTIONS: Final = 24


def module(number: int, rng: random.Random) -> str:
    """Return a module of two dozen functions, some of which call those of the module before."""
    before = f'import {{ f{number - 1}_0 as before }} from "./m{number - 1}";'
    parts = [before if number else "const before = (x) => x;"]
    for index in range(FUNCTIONS):
        names = [f"value{rng.randrange(10**6)}" for _ in range(4)]
        parts.append(
            f"export function f{number}_{index}(order, {', '.join(names)}) {{\n"
            f"  const total = order.items.reduce((sum, item) => sum + item.price * {names[0]}, {names[1]});\n"
            f"  if (total < {rng.randrange(1_000)}) {{\n    throw new Error(`{names[2]}`);\n"
            f"  }}\n  return before({{ total, shown: {names[3]} ?? String(total).padStart({index}) }});\n}}\n"
        )
    return "\n".join(parts)


def build(folder: Path, modules: int) -> tuple[str, bytes]:
    """Return a bundle and its map."""
    rng = random.Random(5)
    for number in range(modules):
        (folder / f"m{number}.js").write_text(module(number, rng), "utf-8")
    exports = "\n".join(f'export * as m{number} from "./m{number}";' for number in range(modules))
    (folder / "main.js").write_text(exports, "utf-8")
    command = [str(ESBUILD), "main.js", "--bundle", "--minify", "--sourcemap", "--format=esm", "--outfile=app.js"]
    subprocess.run([*command, "--log-level=error"], cwd=folder, check=True)
    return (folder / "app.js").read_text("utf-8"), (folder / "app.js.map").read_bytes()


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--modules", type=int, default=340)
    options.add_argument("--symbolic", action="store_true")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        script, data = build(Path(folder), arguments.modules)
    line = script.index("\n") if "\n" in script[:-1] else len(script)
    rng = random.Random(7)
    frames = [StackFrame("", "x", "https://a.test/app.js", 1, rng.randrange(1, line)) for _ in range(FRAMES)]

    began = time.process_time()
    source_map = read_source_map(data)
    read_s = time.process_time() - began
    first = mapped_frame(frames[0], source_map)
    first_s = time.process_time() - began
    assert isinstance(first, StackFrame)
    began = time.process_time()
    mapped = sum(isinstance(mapped_frame(frame, source_map), StackFrame) for frame in frames)
    once_s = time.process_time() - began
    began = time.process_time()
    for frame in frames:
        mapped_frame(frame, source_map)
    again_s = time.process_time() - began
    tracemalloc.start()
    read_source_map(data)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"bundle {len(script) / 1e6:.1f} MB, map {len(data) / 1e6:.1f} MB, {source_map.mappings:,} mappings")
    print(f"first frame after {first_s:.2f} s ({read_s:.2f} s of it reading): {first.function} in {first.path}")
    rates = f"{FRAMES / once_s:,.0f} frames/s of sources not looked at before, then {FRAMES / again_s:,.0f}"
    print(f"{rates}; {mapped:,} mapped")
    print(f"memory while reading: {most / 1e6:.0f} MB, of this process at most {_resident_mb():.0f} MB")
    if arguments.symbolic:
        measure_symbolic(script, data, frames)


def measure_symbolic(script: str, data: bytes, frames: list[StackFrame]) -> None:
    """Print the same of the library."""
    from symbolic.sourcemapcache import SourceMapCache  # type: ignore[import-not-found]

    began = time.process_time()
    cache = SourceMapCache.from_bytes(script.encode(), data)
    cache.lookup(frames[0].line, frames[0].column, 5)
    first_s = time.process_time() - began
    began = time.process_time()
    for frame in frames:
        cache.lookup(frame.line, frame.column, 5)
    print(f"symbolic: first frame after {first_s:.2f} s, then {FRAMES / (time.process_time() - began):,.0f} frames/s")


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000


if __name__ == "__main__":
    main()
