"""Broken parts of replays, read as the ingest reads them: `python -m benchmarks.replay_fuzz [--count N] [--seed N]`.

A part is broken at random: values replaced by others of any kind, harmful ones among them, bytes changed, doubled and
left out. Counted are those that raise anything but a refusal, that take longer than half a second of the processor,
and those of which something is kept that could run, or that is no JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from typing import Any, Final

from benchmarks.broken_json import broken_json

from outrider.real_users import BadReplay, read_replay
from outrider.telemetry import Scrubber

SLOW_S: Final = 0.5
HARMFUL: Final = re.compile(
    r'"tagName":"(?:[^"]*:)?(?:script|iframe|frame|object|embed|base)"'
    r'|"attributes":\{[^{}]*(?:"on\w+":|"srcdoc":|"http-equiv":|"(?:href|src)":"\s*(?:javascript|vbscript|data:text))',
    re.IGNORECASE,
)


def _node(name: str, number: int, *below: Any, **attributes: Any) -> dict[str, Any]:
    return {"type": 2, "id": number, "tagName": name, "attributes": attributes, "childNodes": list(below)}


PART: Final[list[Any]] = [
    {"type": 4, "timestamp": 1_000, "data": {"href": "https://shop.example/?a=1", "width": 800, "height": 600}},
    {"type": 2, "timestamp": 1_001, "data": {"initialOffset": {"left": 0, "top": 0}, "node": {
        "type": 0, "id": 1, "childNodes": [_node(
            "html", 2, _node("script", 3, {"type": 3, "id": 4, "textContent": "run()"}, src="https://a.example/x.js"),
            _node("style", 5, {"type": 3, "id": 6, "textContent": "p {color: red}"}),
            _node("a", 7, href="/x", onclick="run()"), _node("img", 8, src="data:image/png;base64,AA", srcset="x"),
            _node("p", 9, {"type": 3, "id": 10, "textContent": "**"}),
        )],
    }}},
    {"type": 3, "timestamp": 1_100, "data": {
        "source": 0, "removes": [{"parentId": 2, "id": 9}], "texts": [{"id": 10, "value": "ada@example.org"}],
        "attributes": [{"id": 7, "attributes": {"href": "javascript:run()", "style": {"color": "red"}}}],
        "adds": [{"parentId": 2, "nextId": None, "node": _node("iframe", 11, srcdoc="<script>run()</script>")}],
    }},
    {"type": 3, "timestamp": 1_200, "data": {"source": 1, "positions": [{"x": 1, "y": 2, "id": 9, "timeOffset": 0}]}},
    {"type": 3, "timestamp": 1_300, "data": {"source": 5, "id": 9, "text": "**", "isChecked": False}},
]  # fmt: skip
ODD: Final[tuple[Any, ...]] = (
    None, True, -1, 0, 2, 3, 2**63, -(2**70), 1e308, float("nan"), float("inf"), "", "\x00", "\ud800", "x" * 5_000,
    "javascript:run()", "\tJavaScript:run()", "data:text/html,<script>", "script", "SCRIPT", "svg:script", "iframe",
    "onload", "srcdoc", [], {}, [[]], {"onclick": "run()"}, {"a": {"b": []}}, [1, 2, 3],
    _node("script", 40, {"type": 3, "id": 41, "textContent": "run()"}), {"type": 2, "tagName": ["script"]},
    {"type": 2.0, "tagName": "script", "childNodes": {"0": {"tagName": "script"}}}, {"type": "2", "tagName": "base"},
)  # fmt: skip


def main() -> int:
    """Print what was counted; one if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, scrubber, refused, problems = random.Random(options.seed), Scrubber(), 0, []
    for _ in range(options.count):
        content, began_s = broken_json(PART, ODD, rng, most=4, early=0.2), time.thread_time()
        try:
            part = read_replay(content, scrubber.text)
            if not json.loads(part.content) or (harm := HARMFUL.search(part.content.decode())):
                problems.append(f"kept {harm and harm[0]}: {content[:2_000]!r}")
        except BadReplay:
            refused += 1
        except Exception as error:
            problems.append(f"{type(error).__name__}: {error}: {content[:2_000]!r}")
        if time.thread_time() - began_s > SLOW_S:
            problems.append(f"slow: {content[:300]!r}")
    print(f"{options.count:,} parts: {refused:,} refused, {len(problems)} wrong", *problems[:5], sep="\n")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
