"""Mutated configurations through `validate`: exceptions, hangs. `python -m benchmarks.configuration_fuzz [--count N]`.

The files of the repository's own workspace, and one that holds what it does not, are broken at random: bytes changed,
pieces moved, values replaced by others and by nonsense, keys misspelt. Each is validated, in a few processes, as by the
command, journeys aside, whose tests run in processes of their own. Counted: exceptions that are not Outrider's own, and
configurations that took more than ten seconds.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from outrider.app import validate_workspace
from outrider.model import OutriderError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

LIMIT_S = 60  # of the clock, on a host that does other things beside
CHUNK = 250
OWN = ("outrider.toml", "scheduler/schedule.toml", "scheduler/alerts.toml", "reports/*.toml", "probes/*.toml")
JOBS = """
[nightly]
kind = "heartbeat"
schedule = "0 3 * * mon-fri"
timezone = "Europe/Berlin"
grace = "1h"
longest = "2h"
ping_key = "ping-key"

[order]
kind = "api"
[[order.request]]
name = "sign in"
method = "POST"
url = "http://127.0.0.1:1/session"
body = '{"user": "ada"}'
extract.token = {json = "$.token", secret = true}
[[order.request]]
name = "list"
url = "http://127.0.0.1:1/orders"
auth = {token = "${token}"}
expect.exists = "$.orders[0]"
"""
NONSENSE = (
    "", "0", "-1", "1e999", "nan", "true", "[]", "{}", '""', '"\\u0000"', '"${NOBODY}"', '"${"', '"x"', "[[1]]",
    "9" * 400, "2027-01-01", "{a = 1}", '["a", 1]', '"0s"', '"5m"', '"-5m"', '"1d"', '"* * * * *"', '"(a+)+$"',
    '"[", "{"', '"../../x"', '"http://[::1"', '"\\uD7FF\\u202e"', "'''x", "0x10", "1_000", '"\U0001f600"',
    '"' + "a" * 5_000 + '"', "[" * 300, '"Europe/Nowhere"',
)  # fmt: skip
_VALUE = re.compile(r"(?<== ).+$", re.MULTILINE)
_KEY = re.compile(r"^[\w.-]+(?= =)", re.MULTILINE)


class TookTooLong(BaseException):
    """A configuration was not validated in time; no handler of exceptions may take it."""


def documents(root: Path) -> dict[str, str]:
    """Return the files that are mutated, by their paths."""
    files = {path.relative_to(root).as_posix(): path.read_text() for pattern in OWN for path in root.glob(pattern)}
    return {**files, "probes/jobs.toml": JOBS}


def mutated(text: str, others: list[str], numbers: random.Random) -> str:
    """Return a file that is broken in one to four places."""
    for _ in range(numbers.randint(1, 4)):
        choice = numbers.randrange(7)
        matches = list((_KEY if choice in {0, 1} else _VALUE).finditer(text))
        if choice < 4 and matches:
            match = numbers.choice(matches)
            new = _replacement(choice, match[0], others, numbers)
            text = text[: match.start()] + new + text[match.end() :]
        elif choice == 4:
            at = numbers.randint(0, len(text))
            text = text[:at] + chr(numbers.choice((0, 10, 34, 91, 93, 123, 0x202E, 0xFFFD, 0x1F600))) + text[at:]
        elif choice == 5:
            lines = text.splitlines()
            numbers.shuffle(lines[(at := numbers.randint(0, len(lines))) : at + 5])
            lines[at:at] = numbers.choice(others).splitlines()[:6]
            text = "\n".join(lines)
        else:
            at, until = sorted((numbers.randint(0, len(text)), numbers.randint(0, len(text))))
            text = text[:at] + text[min(until, at + 40) :]
    return text


def _replacement(choice: int, old: str, others: list[str], numbers: random.Random) -> str:
    if choice == 0:
        return old[:-1] + numbers.choice("abcxyz_")
    if choice == 1:
        return numbers.choice([match[0] for match in _KEY.finditer(numbers.choice(others))] or [old])
    if choice == 2:
        return numbers.choice(NONSENSE)
    return numbers.choice([match[0] for match in _VALUE.finditer(numbers.choice(others))] or [old])


def workspaces(root: Path, count: int, numbers: random.Random) -> Iterator[Mapping[str, str]]:
    """Yield workspaces of which a file is broken, or sometimes two."""
    sound = documents(root)
    for _ in range(count):
        broken = numbers.sample(sorted(sound), numbers.choice((1, 1, 1, 2)))
        others = list(sound.values())
        yield {**sound, **{name: mutated(sound[name], others, numbers) for name in broken}}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))


def _interrupt(_: int, __: FrameType | None) -> None:
    raise TookTooLong


class Tally(NamedTuple):
    """What became of some configurations."""

    configurations: int = 0
    refused: int = 0
    problems: int = 0
    failures: tuple[str, ...] = ()

    def plus(self, other: Tally) -> Tally:
        """Return both together."""
        return Tally(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))  # type: ignore[operator]


def validated(folder: Path) -> Tally:
    """Return what becomes of one."""
    signal.alarm(LIMIT_S)
    try:
        validation = validate_workspace(folder)
    except OutriderError:
        return Tally(1, refused=1)
    except (Exception, TookTooLong) as error:  # what is counted
        trace = "".join(traceback.format_tb(error.__traceback__)[-3:])
        return Tally(1, failures=(f"{type(error).__name__}: {error}\n{trace}",))
    finally:
        signal.alarm(0)
    return Tally(1, problems=int(bool(validation.problems)))


def chunk(task: tuple[str, int]) -> Tally:
    """Return what becomes of some configurations, in a process of their own; the same for the same seed."""
    (seed, count), repository, tally = task, Path(__file__).parents[1], Tally()
    signal.signal(signal.SIGALRM, _interrupt)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copytree(repository / "scheduler", folder / "scheduler")
        for files in workspaces(repository, count, random.Random(seed)):
            write(folder, files)
            tally = tally.plus(validated(folder))
    return tally


def run(count: int, seed: int, jobs: int, minutes: float) -> int:
    began_s, tally = time.monotonic(), Tally()
    tasks = [(f"{seed}/{at}", min(CHUNK, count - at)) for at in range(0, count, CHUNK)]
    with get_context("fork").Pool(jobs, maxtasksperchild=10) as pool:
        for part in pool.imap_unordered(chunk, tasks):
            tally = tally.plus(part)
            print("".join(part.failures), end="", flush=True)
            if time.monotonic() - began_s > minutes * 60:
                break
        pool.terminate()
    took_s = time.monotonic() - began_s
    failed = len(tally.failures)
    print(f"{tally.configurations:,} configurations, seed {seed}, {took_s:.0f} s: {failed} exceptions or hangs,")
    print(f"{tally.problems:,} with problems, {tally.refused:,} refused whole")
    return 1 if tally.failures else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop then, and say how many there were")
    options = parser.parse_args()
    sys.exit(run(options.count, options.seed, options.jobs, options.minutes))
