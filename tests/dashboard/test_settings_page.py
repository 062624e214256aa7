"""Settings as a page with forms, and in the API: read by operators, changed by administrators."""

from __future__ import annotations

import asyncio
import json
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from outrider.model import AuditEntry, Role, SettingOverride
from outrider.server import Access, AccessRules, TokenRequest, application, issue_token
from outrider.workspace import CHANGEABLE, ServerSettings, load

from .conftest import NOW_US

if TYPE_CHECKING:
    from .conftest import Scene

API = "/api/v1/settings"


def asked(scene: Scene, role: Role, method: str, path: str, **sent: Any) -> httpx.Response:
    """Return what a program with a token of a role is answered."""
    entry = AuditEntry(NOW_US, "ada", "token.create", role.value)
    token = issue_token(scene.store, TokenRequest(role.value, role=role), entry).secret

    async def ask() -> httpx.Response:
        access = Access(scene.store, AccessRules(ServerSettings(), is_loopback=True), lambda: NOW_US)
        served = application(scene.store.heartbeats, None, lambda: NOW_US, scene.sources, access=access)
        transport = httpx.ASGITransport(served)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers={"Authorization": f"Bearer {token}"}, **sent)

    return asyncio.run(ask())


def values(scene: Scene) -> dict[str, object]:
    return {override.name: json.loads(override.value) for override in scene.store.overrides.all()}


def test_a_switch_is_switched_off_and_reset_on_the_page(scene: Scene) -> None:
    """Each leads back and is in the audit log; the page says what holds, what the file says, who set it and when."""
    (scene.root / "outrider.toml").write_text("[capabilities]\nload = true\n")

    off = scene.post("/settings/capabilities.load", data={"value": "false", "instead_of": "true"})
    (page,) = scene.get("/settings?done=setting")
    held = values(scene)
    reset = scene.post("/settings/capabilities.load/reset", data={})

    assert (off.status_code, off.headers["location"]) == (303, "/settings?done=setting")
    assert (reset.status_code, reset.headers["location"]) == (303, "/settings?done=setting-reset")
    assert (held, values(scene)) == ({"capabilities.load": False}, {})
    row = page.text.split('<th scope="row">capabilities.load<')[1].split("</tr>")[0]
    assert "It is set, and holds within a minute." in page.text
    assert all(part in row for part in (">off<", ">on<", "outrider.toml:2", "<bdi>local</bdi>", "Reset", "<time"))
    changes = [(entry.actor, entry.action, entry.subject, entry.detail) for entry in scene.store.audit.search()]
    assert changes == [
        ("local", "setting.unset", "capabilities.load", ""), ("local", "setting.set", "capabilities.load", "false"),
    ]  # fmt: skip


def test_the_page_has_every_setting_and_what_takes_it_up(scene: Scene) -> None:
    """With a form each, of which a reader without scripts makes the same use."""
    (page,) = scene.get("/settings")

    for name, setting in CHANGEABLE.items():
        row = unescape(page.text.split(f'<th scope="row">{name}<')[1].split("</tr>")[0])
        assert f"{setting.meaning}; read by {', '.join(setting.read_by)}" in row
        assert f'action="/settings/{name}"' in row


@pytest.mark.parametrize(
    ("name", "value", "status", "says"),
    [
        ("capabilities.lode", "false", 404, "did you mean"),
        ("store.url", "x", 404, "no setting that can be changed here"),
        ("capabilities.load", "maybe", 400, "write true or false"),
        ("capabilities.load", "", 400, "write true or false"),
        ("journeys.concurrency", "many", 400, "write a number"),
        ("journeys.concurrency", "65", 400, "out of range"),
        ("probes.late", "<script>alert(1)</script>", 400, "<script>alert(1)</script>"),
        ("baselines.direction", "日本", 400, "日本"),
    ],
)
def test_a_form_that_makes_no_sense_is_answered_with_the_page_and_why(
    scene: Scene, name: str, value: str, status: int, says: str
) -> None:
    """Nothing is changed, and nothing of it runs."""
    answer = scene.post(f"/settings/{name}", data={"value": value})

    (again,) = scene.get(f"/settings/{name}")
    assert (answer.status_code, again.headers["location"]) == (status, "/settings")
    assert says in unescape(answer.text.split('role="alert">')[1].split("</p>")[0])
    assert "<script>alert" not in answer.text
    assert (values(scene), tuple(scene.store.audit.search())) == ({}, ())


def test_a_form_of_a_page_that_is_out_of_date_changes_nothing(scene: Scene) -> None:
    """Whether somebody else set it, or the file was saved: the answer shows what holds now."""
    scene.post("/settings/capabilities.load", data={"value": "false"})
    (scene.root / "outrider.toml").write_text("[probes]\nper_host = 3\n")

    answers = [
        scene.post("/settings/capabilities.load", data={"value": "true", "instead_of": "true"}),
        scene.post("/settings/probes.per_host", data={"value": "9", "instead_of": "8"}),
        scene.post("/settings/probes.late", data={"value": "9ms", "instead_of": "{broken"}),
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert "it is 3 now, as outrider.toml says" in answers[1].text
    assert values(scene) == {"capabilities.load": False}


def test_a_value_that_a_later_version_refuses_is_said_on_the_page(scene: Scene) -> None:
    """The file decides then, and the setting can be reset."""
    scene.store.overrides.put(SettingOverride("journeys.concurrency", "0", NOW_US, "<b>ada</b>"))

    page = unescape(scene.get("/settings")[0].text)

    row = page.split('<th scope="row">journeys.concurrency<')[1].split("</tr>")[0]
    assert "what is set here cannot hold: journeys.concurrency = 0 is out of range" in page
    assert all(part in row for part in ("<b>ada</b>", "does not hold", "Reset"))


def test_another_sites_page_changes_nothing(scene: Scene) -> None:
    """By form or script, with the address that a browser of this machine has."""
    for method, path in (
        ("POST", "/settings/capabilities.load"), ("POST", "/settings/capabilities.load/reset"),
        ("PUT", f"{API}/capabilities.load"), ("DELETE", f"{API}/capabilities.load"),
    ):  # fmt: skip
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
            assert asked_by_browser(scene, method, path, headers).status_code == 403
    assert values(scene) == {}


def asked_by_browser(scene: Scene, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(scene.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(ask())


def test_roles_decide_who_reads_and_who_changes(scene: Scene) -> None:
    """Viewers see none of it, operators read, administrators change."""
    change = {"json": {"value": False}}
    statuses = {
        role: [
            asked(scene, role, "GET", API).status_code,
            asked(scene, role, "GET", "/settings").status_code,
            asked(scene, role, "GET", f"{API}/capabilities.load").status_code,
            asked(scene, role, "PUT", f"{API}/capabilities.load", **change).status_code,
            asked(scene, role, "DELETE", f"{API}/capabilities.load").status_code,
            asked(scene, role, "POST", "/settings/capabilities.load", data={"value": "false"}).status_code,
        ]
        for role in Role
    }
    page = asked(scene, Role.OPERATOR, "GET", "/settings").text

    assert statuses == {
        Role.VIEWER: [403] * 6,
        Role.OPERATOR: [200, 200, 200, 403, 403, 403],
        Role.ADMIN: [200, 200, 200, 200, 200, 303],
    }
    assert ("<form" in page.split("<main")[1], "Administrators change them." in page) == (False, True)


def test_the_api_sets_and_resets_with_the_very_types(scene: Scene) -> None:
    """Each answer is the setting as it is then, in the name of the token, and fits the description."""
    put = asked(scene, Role.ADMIN, "PUT", f"{API}/probes.late", json={"value": "80ms", "instead_of": "50ms"})
    listed = asked(scene, Role.OPERATOR, "GET", API)
    deleted = asked(scene, Role.ADMIN, "DELETE", f"{API}/probes.late")
    document = scene.get("/api/v1/openapi.json")[0].json()

    assert (put.json()["value"], put.json()["in_file"], put.json()["author"]) == ("80ms", "50ms", "token admin")
    assert {item["name"] for item in listed.json()["items"]} == set(CHANGEABLE)
    assert (deleted.json()["value"], deleted.json()["at"]) == ("50ms", None)
    operations = document["paths"][f"{API}/{{setting}}"]
    assert set(operations) == {"get", "put", "delete"}
    assert "409" in operations["put"]["responses"]
    sent = operations["put"]["requestBody"]["content"]["application/json"]["schema"]
    Draft202012Validator.check_schema(sent)
    for value in (True, 3, 0.5, "1h"):
        Draft202012Validator(sent).validate({"value": value})
    for schema, answer in (("SettingItem", put), ("SettingList", listed), ("SettingItem", deleted)):
        described = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
        Draft202012Validator(described).validate(answer.json())


@pytest.mark.parametrize(
    ("method", "name", "sent", "answered"),
    [
        ("PUT", "capabilities.lode", {"json": {"value": False}}, (404, "unknown-override")),
        ("PUT", "capabilities.load", {"json": {"value": 0}}, (400, "bad-override")),
        ("PUT", "capabilities.load", {"json": {"value": "false"}}, (400, "bad-override")),
        ("PUT", "capabilities.load", {"json": {"value": None}}, (400, "bad-override")),
        ("PUT", "capabilities.load", {"json": {"value": {"a": []}}}, (400, "bad-override")),
        ("PUT", "journeys.concurrency", {"json": {"value": 0}}, (400, "bad-override")),
        ("PUT", "journeys.concurrency", {"json": {"value": True}}, (400, "bad-override")),
        ("PUT", "journeys.starved_above", {"content": '{"value": NaN}'}, (400, "bad-override")),
        ("PUT", "probes.late", {"json": {"value": 50}}, (400, "bad-override")),
        ("PUT", "probes.late", {"json": {"value": "x" * 60_000}}, (400, "bad-override")),
        ("PUT", "capabilities.load", {"json": {"value": False, "instead_of": False}}, (409, "setting-changed")),
        ("PUT", "capabilities.load", {"json": {}}, (400, "bad-argument")),
        ("PUT", "capabilities.load", {"json": [False]}, (400, "bad-argument")),
        ("PUT", "capabilities.load", {"json": {"value": False, "until": "noon"}}, (400, "bad-argument")),
        ("PUT", "capabilities.load", {}, (400, "bad-argument")),
        ("PUT", "capabilities.load", {"content": "{"}, (400, "bad-body")),
        ("PUT", "capabilities.load", {"json": {"value": "x" * 70_000}}, (413, "bad-body")),
        ("DELETE", "capabilities.load", {}, (404, "unknown-override")),
        ("GET", "capabilities.lode", {}, (404, "unknown-override")),
    ],
)  # fmt: skip
def test_what_makes_no_sense_to_the_api_is_a_problem(
    scene: Scene, method: str, name: str, sent: dict[str, Any], answered: tuple[int, str]
) -> None:
    """With what is wrong and what to do, and nothing is changed."""
    if "content" in sent:
        sent = {**sent, "headers": {"Content-Type": "application/json"}}
    answer = asked_with(scene, method, f"{API}/{name}", sent)

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["type"].partition("#")[2]) == answered
    assert values(scene) == {}


def asked_with(scene: Scene, method: str, path: str, sent: dict[str, Any]) -> httpx.Response:
    """Return what a page of this machine is answered."""
    if method == "GET":
        return scene.get(path)[0]
    return scene.post(path, method=method, **sent)


def test_a_store_that_is_away_is_said(scene: Scene) -> None:
    """On the page, its forms and in the API, with when to ask again."""
    transport = httpx.ASGITransport(scene.application)

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            token = (await client.get("/settings")).text.split('name="form_token" value="')[1].split('"')[0]
            scene.store.close()
            Path(scene.store.artifacts.where).with_name("outrider.db").write_bytes(b"no database " * 1_000)
            client.headers.update({"Sec-Fetch-Site": "same-origin", "X-Form-Token": token})
            return [
                await client.get("/settings"),
                await client.get(API),
                await client.post("/settings/capabilities.load", data={"value": "false"}),
                await client.post("/settings/capabilities.load/reset"),
                await client.put(f"{API}/capabilities.load", json={"value": False}),
                await client.delete(f"{API}/capabilities.load"),
            ]

    answers = asyncio.run(ask())

    assert [answer.status_code for answer in answers] == [503] * 6
    assert all("Retry-After" in answer.headers for answer in answers)


def test_what_is_set_is_on_the_status_that_commands_read(scene: Scene) -> None:
    """And only that."""
    scene.post("/settings/capabilities.load", data={"value": "false"})

    (item,) = scene.get("/api/v1/status")[0].json()["overrides"]

    assert (item["name"], item["value"], item["author"]) == ("capabilities.load", False, "local")
    assert load(scene.root).capabilities.load  # the file says what it said
