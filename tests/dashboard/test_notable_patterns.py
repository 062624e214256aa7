"""Patterns of logs that are new or explode, where people look: logs, their service, its incident, and the API."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator

from outrider.model import Notable, NotablePattern

from .conftest import NOW_US
from .telemetry_scene import HOSTILE, insert_rows, log_of, source
from .test_services_pages import services_of, shop

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

NOW_S = NOW_US // 1_000_000


def notable(service: str, text: str, why: Notable = Notable.NEW) -> NotablePattern:
    return NotablePattern(service, text, text, f"service:{service} card", why, 17, 800, 7, NOW_S - 600, NOW_S - 300)


def test_pages_and_api_tell_them(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """Those of all services with the patterns of logs, of its own on a page of a service; hostile text as text."""
    front, _ = shop(telemetry, service)
    services_of(scene, telemetry)
    rows = (notable(front, "card * declined"), notable("other", HOSTILE, Notable.EXPLODING))
    scene.telemetry = replace(scene.telemetry, notable=lambda: rows)
    insert_rows(telemetry, [log_of(service)], f"notable {service}")

    insert_rows(telemetry, [log_of(front, "card 1 declined"), log_of(front, "cart 7 lost")], f"notable {front}")
    insert_rows(telemetry, [log_of("other", "card 9 declined")], f"notable other {front}")

    every, of_front, of_others = scene.get(
        "/logs?patterns=1", f"/logs?q=service:{front}+declined&patterns=1", f"/logs?q=service:{front}+lost&patterns=1"
    )
    logs, plain, own = scene.get("/logs?patterns=1", "/logs", f"/services/{front}")
    document, answer = scene.get("/api/v1/openapi.json", f"/api/v1/log-patterns?service={front}")

    assert "card * declined" in logs.text
    assert "800 in 5 min, at most 7 in the week before" in logs.text
    assert "<script>alert(1)" not in logs.text
    assert "card * declined" in own.text
    assert "alert(1)" not in own.text
    assert "New and exploding" not in plain.text
    assert ["card * declined" in page.text for page in (every, of_front, of_others)] == [True, True, False]
    assert "alert(1)" in every.text
    assert "alert(1)" not in of_front.text
    schema = document.json()["paths"]["/api/v1/log-patterns"]["get"]["responses"]["200"]["content"]
    components = {"components": document.json()["components"]}
    Draft202012Validator({**schema["application/json"]["schema"], **components}).validate(answer.json())
    assert [(row["why"], row["pattern"], row["count"]) for row in answer.json()["patterns"]] == [
        ("new", "card * declined", 800)
    ]


def test_an_incident_of_a_service_shows_them_as_a_clue(scene: Scene, telemetry: ClickHouseClient) -> None:
    """Of its services and its time alone."""
    scene.telemetry = replace(
        source(telemetry),
        notable=lambda: (
            notable("pay", "card * declined"),
            notable("cart", "cart * lost"),
            replace(notable("pay", "long ago"), since_s=NOW_S - 80_000, until_s=NOW_S - 79_000),
        ),
    )
    incident = scene.incident(scene.add("only"), checks=("service:pay",))

    page = scene.get(f"/incidents/{incident.id}")[0].text

    assert "card * declined" in page
    assert "cart * lost" not in page
    assert "long ago" not in page


def test_an_incident_of_a_rule_shows_the_patterns_that_it_found(scene: Scene, telemetry: ClickHouseClient) -> None:
    """Of any service, with a line of each, and where its records are."""
    found = replace(notable("pay", "card * declined"), rules=("new errors",), example="card 4711 declined")
    other = notable("pay", "cart * lost")
    scene.telemetry = replace(source(telemetry), notable=lambda: (found, other))
    incident = scene.incident(scene.add("only"), checks=("rule:new errors",))

    page = scene.get(f"/incidents/{incident.id}")[0].text

    assert "such as <bdi>card 4711 declined</bdi>" in page
    assert 'href="/logs?q=service%3Apay+card+since%3A1d"' in page
    assert "cart * lost" not in page
