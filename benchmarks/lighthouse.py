"""What Lighthouse 12 says of the overview and of a run: `python -m benchmarks.lighthouse`.

A server shows what `benchmarks.api_conformance` stores. LIGHTHOUSE names the program (`npm install lighthouse@12` makes
`node_modules/.bin/lighthouse`; without it, `npx lighthouse@12`), CHROME_PATH a browser, ours if absent. Wanted:
accessibility 100, best practices 100.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.api_conformance import NAMES, checks_of, fill, sources_of

from outrider.journeys.browser import BrowserSettings, find_browser
from outrider.server import Background, application, listen
from outrider.store import Store

CATEGORIES = ("accessibility", "best-practices")


def audit(address: str, folder: Path) -> dict[str, object]:
    """Return what Lighthouse reports of a page."""
    program = os.environ.get("LIGHTHOUSE")
    command = [program] if program else ["npx", "--yes", "lighthouse@12"]
    browser = os.environ.get("CHROME_PATH") or str(find_browser(BrowserSettings()).executable)
    report = folder / "lighthouse.json"
    flags = "--headless=new --no-sandbox --disable-dev-shm-usage"
    options = ["--quiet", "--output=json", f"--output-path={report}", f"--only-categories={','.join(CATEGORIES)}"]
    environment = {**os.environ, "CHROME_PATH": browser}
    subprocess.run([*command, address, *options, f"--chrome-flags={flags}"], check=True, env=environment)
    scores: dict[str, object] = json.loads(report.read_text())
    return scores


def print_scores(name: str, report: dict[str, object]) -> bool:
    """Print the scores of a page and what costs points; return whether nothing does."""
    categories, audits = report["categories"], report["audits"]
    assert isinstance(categories, dict)
    assert isinstance(audits, dict)
    scores = {category: round((categories[category]["score"] or 0) * 100) for category in CATEGORIES}
    print(f"{name:<10}", *(f"{category} {score}" for category, score in scores.items()))
    for category in CATEGORIES:
        for reference in categories[category]["auditRefs"]:
            result = audits[reference["id"]]
            if reference["weight"] and result["score"] is not None and result["score"] < 1:
                print(f"  {category}: {result['id']}: {result['title']}")
    return all(score == 100 for score in scores.values())


def main() -> int:
    """Audit both pages."""
    with tempfile.TemporaryDirectory() as folder:
        root, checks = Path(folder), checks_of(NAMES)
        (root / "outrider.toml").touch()
        with Store.open(root / "outrider.db", artifacts=root / "artifacts") as store:
            fill(store, checks, time.time_ns() // 1000)
            sources = sources_of(store, root, checks)
            listener = listen("127.0.0.1", 0)
            pages = application(store.heartbeats, None, sources.now_us, sources)
            run = store.runs.search(limit=1)[0].id
            with closing(Background(pages, listener)):
                address = f"http://127.0.0.1:{listener.getsockname()[1]}"
                named = {"overview": f"{address}/", "run": f"{address}/runs/{run}"}
                results = [print_scores(name, audit(at, root)) for name, at in named.items()]
                return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
