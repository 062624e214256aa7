"""How long after its timeout a run ends, whatever its page or test does: `python -m benchmarks.hard_bounds`.

The misbehaving journeys are those of tests/cli/test_hard_bounds.py, run by the real program.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from tests.cli.conftest import Desk, serving
from tests.cli.test_hard_bounds import JOURNEYS, SETTINGS

from outrider.workspace import load


def main() -> None:
    """Run them all, and print how much later than its timeout each ended."""
    with tempfile.TemporaryDirectory() as name, serving() as site:
        desk = Desk(Path(name, "ws"), Path(name, "tmp"))
        desk.root.mkdir()
        desk.temporary.mkdir()
        desk.write("outrider.toml", SETTINGS)
        desk.write("journeys/test_bounds.py", JOURNEYS)
        timeout_s = load(desk.root).defaults.timeout_s
        runs = desk.run(SITE=site)
    late = []
    for test, run in sorted(runs.items()):
        took = datetime.fromisoformat(run["finished"]) - datetime.fromisoformat(run["started"])
        late.append(took.total_seconds() - timeout_s)
        print(f"{test:40} {run['outcome']:12} {late[-1]:+6.2f} s from its timeout")
    print(f"latest: {max(late):+.2f} s  (at most +2 s)")


if __name__ == "__main__":
    main()
