"""Damaged source maps: crashes, hangs and memory. `python -m benchmarks.source_map_fuzz [--count N] [--seed N]`.

Maps that are whole are damaged: bytes are changed, cut out and repeated, mappings are drawn at random, values of the
JSON replaced by others, and sources by text of brackets and quotes. Each is read, and asked for places in and beyond
the script. Counted are answers that are neither a map nor a refusal, and those that took longer than a second.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from typing import Any, Final

from outrider.errors import BadSourceMap, read_source_map
from outrider.errors.symbolication import mapped_frame
from outrider.model import StackFrame

STEPS: Final = ("A", "C", "E", "gB", "4c")
ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/,;"
SOURCE: Final = "{}()[]=>,;:<>`'\"/\\*.\n abc function class async const x \ud83d\ude00 return if $#"
VALUES: Final[tuple[Any, ...]] = (None, 0, -1, 2**70, 1.5, True, "", "x" * 999, [], {}, [[]], [None], ["../../etc"])
LIMIT_S: Final = 1.0


def text(rng: random.Random, letters: str, most: int) -> str:
    """Return random text."""
    return "".join(rng.choices(letters, k=rng.randrange(most)))


def document(rng: random.Random) -> dict[str, Any]:
    """Return what may be a map."""
    sources = rng.randrange(1, 5)
    value = {
        "version": 3, "sources": [text(rng, "abc/.:?", 30) for _ in range(sources)], "names": [],
        "sourcesContent": [text(rng, SOURCE, 3_000) for _ in range(sources)],
        "mappings": ",".join(f"{rng.choice(STEPS)}A{rng.choice(STEPS)}{rng.choice(STEPS)}" for _ in range(200)),
    }  # fmt: skip
    if rng.random() < 0.3:
        value["mappings"] = text(rng, ALPHABET, 2_000)
    if rng.random() < 0.2:
        part = {"offset": {"line": rng.choice(VALUES), "column": rng.choice(VALUES)}, "map": dict(value)}
        value["sections"] = [part] * rng.randrange(4)
    for name in list(value):
        if rng.random() < 0.08:
            value[name] = rng.choice(VALUES)
    return value


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Return bytes of which some are others."""
    content = bytearray(data)
    for _ in range(rng.choice((0, 0, 0, 1, 3, 20))):
        at = rng.randrange(len(content) + 1)
        content[at : at + rng.randrange(9)] = rng.randbytes(rng.randrange(9))
    return bytes(content)


def main() -> None:
    """Generate, read, and print what went wrong."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    arguments = options.parse_args()
    rng = random.Random(arguments.seed)
    read = refused = crashed = slow = 0
    for number in range(arguments.count):
        data = damaged(json.dumps(document(rng)).encode(), rng)
        began = time.process_time()
        try:
            source_map = read_source_map(data)
            for _ in range(20):
                frame = StackFrame("", "x", "a.js", rng.randrange(0, 6), rng.randrange(0, 3_000))
                mapped_frame(frame, source_map)
            read += 1
        except BadSourceMap:
            refused += 1
        except Exception as error:
            crashed += 1
            print(f"case {number} of seed {arguments.seed}: {type(error).__name__}: {error}")
        slow += time.process_time() - began > LIMIT_S
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    print(f"{read} read, {refused} refused, {crashed} crashed, {slow} slower than {LIMIT_S} s; {memory_mb:.0f} MB")
    raise SystemExit(1 if crashed or slow else 0)


if __name__ == "__main__":
    main()
