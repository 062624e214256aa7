"""Addresses that no route takes, and methods that a route does not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import quote

import httpx
import pytest

from outrider.model import Check, CheckId, Kind, Policy, ServiceView
from outrider.server import ArtifactOrigin, application, artifact_application
from outrider.server.artifact_routes import HEADERS as FILE_HEADERS
from outrider.server.security_headers import HEADERS
from outrider.server.signed_address import AddressSigner, SignedFile

if TYPE_CHECKING:
    from outrider.model import ArtifactStore

    from .conftest import Scene


@pytest.mark.parametrize("path", ["/nothing", "/runs/a/b", "/static/none.js", "/%3Cscript%3E", "/a%0Ab"])
def test_an_unknown_address_is_a_page_that_says_so(scene: Scene, path: str) -> None:
    """With the way back, a title and the headers of every page."""
    (answer,) = scene.get(path)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Content-Security-Policy" in answer.headers
    assert "There is no such address." in answer.text
    assert 'href="/"' in answer.text
    assert "<script>" not in answer.text


def test_an_address_that_was_shortened_leads_to_the_overview(scene: Scene) -> None:
    """All checks and their last runs are there."""
    answers = scene.get("/checks", "/runs")

    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [(303, "/")] * 2


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/checks", "/api/", "/api/v1/runs/a/b"])
def test_an_unknown_address_of_the_api_is_a_problem(scene: Scene, path: str) -> None:
    """Whatever the method."""
    answers = [*scene.get(path), scene.post(path, json={})]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/problem+json"}
    assert answers[0].json()["type"] == "docs/errors.md#unknown-address"


def test_a_method_that_is_not_answered_is_named_with_those_that_are(scene: Scene) -> None:
    """405 with Allow, as a problem to the API and as a page to people."""
    api, page = scene.post("/api/v1/runs", json={}), scene.post("/incidents", data={})

    assert (api.status_code, api.headers["Allow"]) == (405, "GET, HEAD")
    assert api.json()["detail"] == "POST is not answered here; GET, HEAD is"
    assert (page.status_code, "This address does not answer that method." in page.text) == (405, True)


@pytest.mark.parametrize("name", ["a\nb", "a\n", "\n", "a\r\nb\u2028c"])
def test_a_name_in_which_lines_break_leads_to_its_check(scene: Scene, name: str) -> None:
    """On pages and in the API."""
    odd = Check(CheckId(f"probe:probes/shop.toml::{name}"), Kind.PROBE, "probes/shop.toml", name, name, Policy())
    assert scene.checks is not None
    scene.checks.append(odd)
    scene.store.checks.record([odd], 1)
    scene.ran(odd)

    page, body = scene.get(f"/checks/{quote(odd.id, safe='')}", f"/api/v1/checks/{quote(odd.id, safe='')}")

    assert page.status_code == 200
    assert body.json()["check"]["id"]


@pytest.mark.parametrize(("path", "location"), [("/incidents/", "/incidents"), ("/service//?a=b", "/service?a=b")])
def test_a_slash_too_many_leads_to_the_page_below_the_same_host(scene: Scene, path: str, location: str) -> None:
    """Without scheme and host, which a proxy in front may call otherwise."""
    (answer,) = scene.get(path)

    assert (answer.status_code, answer.headers["Location"]) == (307, location)


@pytest.mark.parametrize("path", ["//evil.example/", "/nothing/", "//incidents/", "/"])
def test_a_slash_leads_nowhere_else(scene: Scene, path: str) -> None:
    """What is no page without it either is none, and no other host is named."""
    (answer,) = scene.get(path)

    assert "Location" not in answer.headers


@pytest.mark.parametrize("path", ["/checks/none", "/runs/none", "/api/v1/checks/none", "/api/v1/nothing", "/healthz"])
def test_what_says_nothing_of_its_keeping_is_not_kept(scene: Scene, path: str) -> None:
    """Neither by browsers nor by what stands between, so that nobody reads it after a sign-out."""
    (answer,) = scene.get(path)

    assert answer.headers["Cache-Control"] == "no-store"


def test_an_answer_that_fails_has_the_headers_of_every_answer(scene: Scene) -> None:
    """Nothing of the failure is told, but in the log."""

    def broken() -> ServiceView:
        raise RuntimeError("secret of the inside")

    sources = replace(scene.sources, service=broken)
    failing = application(scene.store.heartbeats, None, lambda: 0, sources)
    transport = httpx.ASGITransport(failing, raise_app_exceptions=False)

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return [await client.get(path) for path in ("/api/v1/checks", "/healthz")]

    for answer in asyncio.run(ask()):
        assert answer.status_code == 500
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert answer.headers["Cache-Control"] == "no-store"
        assert "secret" not in answer.text


def test_a_file_that_fails_has_the_headers_of_every_file(scene: Scene) -> None:
    """On the second origin, where what targets sent is served."""

    class Broken:
        def open(self, _digest: str) -> BinaryIO:
            raise RuntimeError("secret of the inside")

    origin = ArtifactOrigin(cast("ArtifactStore", Broken()), b"k" * 32)
    signed = AddressSigner(b"k" * 32).sign(SignedFile("0" * 64, "a", "text/plain", is_shown=True, is_packed=False), 0)
    transport = httpx.ASGITransport(artifact_application(origin, lambda: 0), raise_app_exceptions=False)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://artifacts.localhost") as client:
            return await client.get(f"/file/{signed}")

    answer = asyncio.run(ask())

    assert answer.status_code == 500
    assert {name: answer.headers[name] for name in FILE_HEADERS} == FILE_HEADERS
    assert "secret" not in answer.text
