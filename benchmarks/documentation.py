"""What the documentation promises and what a test holds: `python -m benchmarks.documentation` counts both."""

from __future__ import annotations

import re
import tempfile
import time
from collections import Counter
from pathlib import Path

from docs.generator.build import build
from docs.generator.setting_pages import described_keys, read_keys, undocumented
from tests.app.test_documented_files import TOML, examples
from tests.cli.documented_commands import ROOT, all_commands, blocks, documents
from tests.cli.test_documented_commands import NOT_RUN


def main() -> None:
    """Print the counts, and build the site in a folder of its own."""
    shown = list(blocks())
    lines = sum(len(block.lines) for block in shown)
    parsed = sum(len(block.not_run) for block in shown)
    print(f"commands in blocks: {lines} run, {parsed} parsed for a reason that stands above them")
    commands = sum(1 for _ in all_commands())
    print(f"examples of help: {commands - len(NOT_RUN)} run, {len(NOT_RUN)} parsed")
    kinds = Counter(re.findall(r"^```(\w+)\n", "".join(page.read_text("utf-8") for page in documents()), re.MULTILINE))
    print(f"files in TOML: {kinds['toml']} validated, {len(TOML)} of them each alone")
    run = sum(place.startswith("docs/api.md") for place in examples("python"))
    others = sum(kinds[language] for language in ("js", "html", "nginx", "yaml"))
    print(f"Python: {run} run, {kinds['python'] - run} compiled; not tried, of other languages: {others}")
    readings = read_keys()
    print(f"keys: {len(readings)} read of the examples, {len(undocumented(readings, described_keys()))} undocumented")
    errors = len(re.findall(r"^## ", (ROOT / "docs/errors.md").read_text("utf-8"), re.MULTILINE))
    print(f"errors: {errors}, a heading each")
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        build(Path(folder, "site"))
        size = sum(path.stat().st_size for path in Path(folder, "site").rglob("*") if path.is_file())
        print(
            f"build: {time.monotonic() - begin:.0f} s, {size / 1e6:.1f} MB, broken links 0, requests to other hosts 0"
        )


if __name__ == "__main__":
    main()
