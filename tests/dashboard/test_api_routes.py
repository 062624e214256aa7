"""The read API: every answer is as its own description says, and what cannot be answered is a problem with a reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator

from outrider.dashboard.api_values import RunItem
from outrider.model import AuditEntry, Outcome, Release, ReplaySegment, StoredGate, new_run_id
from outrider.server.openapi_document import Components, schema_of

from .conftest import HOUR_US, MINUTE_US, NOW_US
from .error_scene import page_error

if TYPE_CHECKING:
    import httpx

    from .conftest import Scene

REPLAYED = "d" * 32
HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture
def filled(scene: Scene) -> Scene:
    """A workspace with checks, runs and incidents."""
    home, pay = scene.add("home", tags=frozenset({"web"})), scene.add(HOSTILE, locations=("oslo", "rome"))
    scene.add("new")
    for minute in range(1, 6):
        scene.ran(home, ago_us=minute * MINUTE_US)
    scene.ran(pay, Outcome.FAILED, reason=HOSTILE, location="oslo")
    scene.incident(pay, what=HOSTILE, labels={"team": HOSTILE})
    scene.incident(home, since_us=NOW_US - 2 * HOUR_US)
    scene.store.judgements.record_release(Release("v1", "production", NOW_US - HOUR_US))
    scene.store.errors.add([page_error()])
    part = scene.root / "part"
    part.write_bytes(b"a part")
    for session in (REPLAYED, "e" * 32):
        began_us = NOW_US - MINUTE_US
        own = ReplaySegment(session, "b" * 16, 0, 1, began_us, began_us, has_snapshot=True, events=1, page=HOSTILE)
        scene.store.replays.add(own, part)
    board = scene.root / "reports/dashboards/shop.toml"
    board.parent.mkdir(parents=True)
    board.write_text('title = "t"\n[[panel]]\nkind = "trend"\ntitle = "a"\nchecks = ["*"]\n')
    return scene


def described(document: dict[str, Any], path: str) -> dict[str, Any]:
    """Return the schema of an operation's answer, with the components that it refers to."""
    content = document["paths"][path]["get"]["responses"]["200"]["content"]
    return {**content["application/json"]["schema"], "components": document["components"]}


def bodies(answers: list[httpx.Response]) -> list[Any]:
    assert [str(answer.url) for answer in answers if answer.status_code != 200] == []
    return [answer.json() for answer in answers]


ELSEWHERE = {
    "/api/v1/export", "/api/v1/logs", "/api/v1/logs/export", "/api/v1/traces", "/api/v1/traces/{trace}",
    "/api/v1/services", "/api/v1/hosts", "/api/v1/log-patterns", "/api/v1/runtimes", "/api/v1/vitals",
    "/api/v1/lab-and-field", "/api/v1/sessions", "/api/v1/sessions/{session}", "/api/v1/replays/{session}/events",
}  # fmt: skip
"""Operations whose answers tests of their own hold against the document: a file, and telemetry."""


def test_every_answer_is_as_the_document_describes_it(filled: Scene) -> None:
    """The document is valid, names every operation, and its schemas leave no field out."""
    filled.store.audit.record(AuditEntry(NOW_US, "ada", "silence.add", HOSTILE, HOSTILE, "10.0.0.9"))
    document, checks, runs, incidents, changes = bodies(
        filled.get("/api/v1/openapi.json", "/api/v1/checks", "/api/v1/runs", "/api/v1/incidents", "/api/v1/audit")
    )
    gate = StoredGate(str(new_run_id(NOW_US)), NOW_US, "5eed", "pass", HOSTILE, 1.0, notable=((HOSTILE, "", "fail"),))
    filled.store.gates.record(gate)
    items = {
        "/api/v1/checks/{check}": quote(checks["items"][0]["id"], safe=""),
        "/api/v1/runs/{run}": runs["items"][0]["id"],
        "/api/v1/incidents/{incident}": incidents["items"][0]["id"],
        "/api/v1/gates/{gate}": gate.id,
        "/api/v1/reports/{kind}": "daily",
        "/api/v1/dashboards/{dashboard}": "shop",
        "/api/v1/errors/{issue}": "1",
        "/api/v1/related/{kind}/{name}": "issue/1",
        "/api/v1/error-events/{event}": page_error().id,
        "/api/v1/error-events/{event}/personal": f"{page_error().id}/personal",
        "/api/v1/settings/{setting}": "capabilities.load",
        "/api/v1/replays/{session}": REPLAYED,
    }
    lists = [
        path
        for path, operations in document["paths"].items()
        if "get" in operations and "{" not in path and path not in ELSEWHERE
    ]
    of_home = f"check={quote(checks['items'][1]['id'], safe='')}"
    asked = [
        f"{path}?{of_home}" if path.endswith(("/series", "/samples", "/level-changes")) else path for path in lists
    ]
    single = bodies(filled.get(*(path.partition("{")[0] + item for path, item in items.items())))

    answers = {
        "/api/v1/checks": checks, "/api/v1/runs": runs, "/api/v1/incidents": incidents, "/api/v1/audit": changes,
        **dict(zip(items, single, strict=True)), **dict(zip(lists, bodies(filled.get(*asked)), strict=True)),
    }  # fmt: skip
    assert answers.keys() == {path for path, operations in document["paths"].items() if "get" in operations} - ELSEWHERE
    for path, answer in answers.items():
        schema = described(document, path)
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema).validate(answer)


def test_pages_follow_each_other_by_cursor(filled: Scene) -> None:
    """Each item is on exactly one page, and the last page has no next."""
    seen: dict[str, list[str]] = {}
    for name, cursor in (("checks", "after"), ("runs", "before"), ("incidents", "after"), ("replays", "before")):
        seen[name], address = [], f"/api/v1/{name}?limit=1"
        while address and len(seen[name]) < 20:
            (page,) = bodies(filled.get(address))
            seen[name] += [item.get("id") or item["session"] for item in page["items"]]
            following = page["next"]
            address = f"/api/v1/{name}?limit=1&{cursor}={quote(following, safe='')}" if following else ""

    assert {name: len(ids) for name, ids in seen.items()} == {"checks": 3, "runs": 6, "incidents": 2, "replays": 2}
    assert all(len(set(ids)) == len(ids) for ids in seen.values())


def test_lists_are_filtered(filled: Scene) -> None:
    """Checks as on the overview, runs by check and outcome, incidents by state."""
    assert filled.checks is not None
    home = quote(filled.checks[0].id, safe="")
    tagged, failing, runs, failed, still = bodies(
        filled.get(
            "/api/v1/checks?tag=web",
            "/api/v1/checks?state=failing&q=alert",
            f"/api/v1/runs?check={home}",
            "/api/v1/runs?outcome=failed",
            "/api/v1/incidents?state=open",
        )
    )

    assert [item["title"] for item in tagged["items"]] == ["home"]
    assert [item["state"] for item in failing["items"]] == ["failing"]
    assert (len(runs["items"]), len(failed["items"]), len(still["items"])) == (5, 1, 2)
    assert runs["items"][0]["due"] == "2024-10-04T12:45:00.000000Z"


def test_an_answer_that_did_not_change_is_not_sent_again(filled: Scene) -> None:
    """By its ETag; a new run changes it."""
    (first,) = filled.get("/api/v1/runs")
    (same,) = filled.get("/api/v1/runs", **{"If-None-Match": f'"other", {first.headers["ETag"]}'})
    assert filled.checks is not None
    filled.ran(filled.checks[0], ago_us=1)
    (changed,) = filled.get("/api/v1/runs", **{"If-None-Match": first.headers["ETag"]})

    assert (same.status_code, same.content) == (304, b"")
    assert changed.status_code == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/checks?limit=0", 400),
        ("/api/v1/checks?limit=99999999999999999999", 400),
        ("/api/v1/checks?limit=-1", 400),
        ("/api/v1/checks?limit=x", 400),
        (f"/api/v1/checks?q={'x' * 1_001}", 400),
        ("/api/v1/runs?before=nonsense", 400),
        ("/api/v1/runs?before=1.%00", 400),
        ("/api/v1/runs?outcome=well", 400),
        ("/api/v1/audit?before=x", 400),
        ("/api/v1/incidents?state=closed", 400),
        ("/api/v1/runs?check=probe:none", 404),
        ("/api/v1/checks/probe:none", 404),
        ("/api/v1/checks/%00", 404),
        ("/api/v1/runs/none", 404),
        ("/api/v1/runs/0", 404),
        ("/api/v1/runs/..%2F..%2Fetc", 404),
        ("/api/v1/", 404),
        ("/api/v1/nothing", 404),
        ("/api/v1/incidents/none-such", 404),
    ],
)
def test_what_cannot_be_answered_is_a_problem_with_a_reason(filled: Scene, address: str, status: int) -> None:
    """RFC 9457, with the heading of docs/errors.md that tells more."""
    (answer,) = filled.get(address)

    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["detail"]
    assert problem["type"].startswith("docs/errors.md#")


def test_a_store_that_is_away_is_a_problem_to_come_back_for(filled: Scene) -> None:
    """503 with Retry-After, and the description is there all the same."""
    filled.store.close()
    database = filled.store.artifacts.where.replace("artifacts", "outrider.db")
    with open(database, "wb") as file:  # noqa: PTH123 - a string at hand
        file.write(b"no database " * 1000)

    away, document = filled.get("/api/v1/runs", "/api/v1/openapi.json")

    assert (away.status_code, away.headers["Retry-After"]) == (503, "10")
    assert json.loads(away.content)["title"] == "the store cannot be read now"
    assert document.status_code == 200


def test_a_type_without_a_schema_is_an_error_of_ours() -> None:
    """It is seen when the application is made, not by a client."""
    with pytest.raises(TypeError, match="has no schema"):
        schema_of(set[str], Components())
    components = Components()
    schema_of(RunItem, components)
    with pytest.raises(TypeError, match="both have a RunItem"):
        schema_of(dataclass(type("RunItem", (), {})), components)
