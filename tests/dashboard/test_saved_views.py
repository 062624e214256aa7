"""Queries that people save under a name, on the pages that ask them and through the API."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from .telemetry_scene import insert_rows, mixed_logs, source

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

HOSTILE = "<script>../'\" 失敗"


def test_a_query_is_saved_opened_and_removed_on_its_page(
    scene: Scene, telemetry: ClickHouseClient, service: str
) -> None:
    """Saving leads back to the query; all who come see the view, and the audit log says who saved it."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, mixed_logs(service), service)
    query = f"service:{service} (timed OR slow)"

    saved = scene.post("/views", data={"page": "logs", "name": f" {HOSTILE} ", "query": query})
    shown, plain, traces = scene.get(saved.headers["location"], "/logs", "/traces")
    (path,) = re.findall(r'<nav class="chips" aria-label="Saved views"><a href="([^"]*)"', plain.text)
    (opened,) = scene.get(unescape(path))
    (removal,) = re.findall(r'action="(/views/[^"]*/remove)"', shown.text)
    removed = scene.post(unescape(removal), data={})

    assert "The view is saved" in shown.text
    assert 'aria-current="true"><span class="badge gap">&lt;script&gt;' in shown.text
    assert "<script>.." not in shown.text
    assert "2 records" in opened.text
    assert 'aria-label="Saved views"' not in traces.text
    assert (removed.status_code, removed.headers["location"]) == (303, "/logs?done=unview")
    assert scene.store.views.all() == ()
    assert [entry.action for entry in scene.store.audit.search()] == ["view.remove", "view.save"]


def test_programs_list_save_and_remove_views(scene: Scene) -> None:
    """A view of errors is on their page, without telemetry; its id names its page."""
    made = scene.post("/api/v1/views", json={"page": "errors", "name": "mine", "query": "is:new assigned:ada"})
    listed, page = scene.get("/api/v1/views", "/errors")
    removed = scene.post("/api/v1/views/errors/mine/remove", json={})

    assert (made.json()["done"], made.json()["id"]) == ("view", "errors/mine")
    (item,) = listed.json()["items"]
    assert (item["query"], item["author"], item["path"]) == (
        "is:new assigned:ada", "local", "/errors?q=is%3Anew+assigned%3Aada"
    )  # fmt: skip
    assert item["path"] in unescape(page.text)
    assert removed.json()["done"] == "unview"
    assert scene.get("/api/v1/views")[0].json() == {"items": []}


@pytest.mark.parametrize(
    ("path", "sent", "status", "slug"),
    [
        ("/views", {"page": "logs", "name": "a", "query": '"open'}, 400, "bad-query"),
        ("/views", {"page": "errors", "name": "a", "query": "is:nothing"}, 400, "bad-query"),
        ("/views", {"page": "logs", "name": "a", "query": "x" * 4_001}, 400, "bad-argument"),
        ("/views", {"page": "logs", "name": " ", "query": ""}, 400, "bad-argument"),
        ("/views", {"page": "logs", "name": "a\u202eb", "query": ""}, 400, "bad-argument"),
        ("/views", {"page": "logs", "name": "x" * 81, "query": ""}, 400, "bad-argument"),
        ("/views", {"page": "hosts", "name": "a", "query": ""}, 404, "unknown-view"),
        ("/views/logs/none/remove", {}, 404, "unknown-view"),
        ("/views/none/remove", {}, 404, "unknown-view"),
    ],
)
def test_what_cannot_be_saved_changes_nothing(
    scene: Scene, path: str, sent: dict[str, str], status: int, slug: str
) -> None:
    """And is answered with what is wrong."""
    answer = scene.post(f"/api/v1{path}", json=sent)

    assert (answer.status_code, answer.json()["type"].partition("#")[2]) == (status, slug)
    assert (scene.store.views.all(), scene.store.audit.search()) == ((), ())
