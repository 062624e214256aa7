"""Requests made from the API's own description: every answer is one that it describes, whatever is asked."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from outrider.model import Outcome, Release, ReplaySegment, StoredGate, new_run_id

from .conftest import HOUR_US, MINUTE_US, NOW_US

if TYPE_CHECKING:
    from .conftest import Scene

NAMES = ("home", "決済", "Kasse & bezahlen", "<script>alert(1)</script>", "a\nb", "100%", "..", "/")
ODD = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", "\x00", "\ud7ff\U0010ffff", "9" * 40, "-1", "1e9", "null", "../../etc", "%00", "a" * 5_000, *NAMES]
    ),
)


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    """Return texts that fit a parameter's schema, as far as its kind goes."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("type") == "integer":
        return st.integers(schema["minimum"], schema["maximum"]).map(str)
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda at: at.isoformat())
    return st.sampled_from(NAMES)


def address_of(data: st.DataObject, document: dict[str, Any], ids: dict[str, list[str]]) -> tuple[str, str]:
    """Return an operation's path and an address that asks it, with parameters that fit and others."""
    paths = sorted(path for path, operations in document["paths"].items() if "get" in operations)
    path = data.draw(st.sampled_from(paths))
    asked, address = [], path
    for parameter in document["paths"][path]["get"]["parameters"]:
        own = fitting(parameter["schema"])
        if parameter["in"] == "path":
            known = st.sampled_from(ids.get(parameter["name"], ["daily"]))
            value = data.draw(st.one_of(known, own, ODD.filter(lambda text: text not in {"", ".", ".."})))
            address = address.replace(f"{{{parameter['name']}}}", quote(value, safe="", errors="replace"))
        elif data.draw(st.booleans()):
            known = st.sampled_from(ids["check"]) if parameter["name"] == "check" else own
            value = data.draw(st.one_of(known, own, ODD))
            asked.append(f"{parameter['name']}={quote(value, safe='', errors='replace')}")
    return path, f"{address}?{'&'.join(asked)}"


def test_every_answer_is_one_that_the_description_has(scene: Scene) -> None:
    """Its status, its type, and its schema: never an error of ours, with no parameter and no name."""
    checks = [scene.add(name) for name in NAMES]
    for number, check in enumerate(checks * 3):
        scene.ran(check, Outcome.FAILED if number % 5 == 0 else Outcome.PASSED, ago_us=number * MINUTE_US)
    incident = scene.incident(checks[0])
    scene.store.judgements.record_release(Release("v1", "production", NOW_US - HOUR_US))
    gate = StoredGate(str(new_run_id(NOW_US)), NOW_US, "5eed", "pass", "", 1.0)
    scene.store.gates.record(gate)
    part = scene.root / "part"
    part.write_bytes(gzip.compress(b"[{}]", mtime=0))
    replay = ReplaySegment("d" * 32, "b" * 16, 0, 1, NOW_US - 1, NOW_US, has_snapshot=True, events=1)
    scene.store.replays.add(replay, part)
    ids: dict[str, list[str]] = {
        "session": [replay.session],
        "check": [str(check.id) for check in checks], "incident": [incident.id], "gate": [gate.id],
        "run": [str(run.id) for run in scene.store.runs.search(limit=3)],
    }  # fmt: skip
    document = scene.get("/api/v1/openapi.json")[0].json()
    client = httpx.AsyncClient(transport=httpx.ASGITransport(scene.application), base_url="http://localhost")

    @settings(
        max_examples=150,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        path, address = address_of(data, document, ids)
        answer = loop.run_until_complete(client.get(address))
        described = document["paths"][path]["get"]["responses"]
        assert str(answer.status_code) in described, (address, answer.text[:300])
        assert answer.status_code < 500, (address, answer.text[:300])
        media_type = answer.headers["Content-Type"].partition(";")[0]
        content = described[str(answer.status_code)]["content"]
        assert media_type in content, (address, media_type)
        if media_type.endswith("json"):
            schema = {**content[media_type]["schema"], "components": document["components"]}
            Draft202012Validator(schema).validate(answer.json())

    loop = asyncio.new_event_loop()
    try:
        ask()
        loop.run_until_complete(client.aclose())
    finally:
        loop.close()
