"""What operators write on the public status page, from its page and through the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Scene

PAGE = '[status_page]\ntitle = "Shop status"\n[[status_page.component]]\nname = "Checkout"\nmatch = "*"\n'


@pytest.fixture
def public(scene: Scene) -> Scene:
    """A workspace with a status page."""
    (scene.root / "outrider.toml").write_text(PAGE)
    scene.ran(scene.add("home"))
    return scene


def test_an_incident_is_opened_and_updated_from_the_page(public: Scene) -> None:
    """Each leads back to the page, which says so, and is noted with who did it."""
    fields = {"title": "Payments fail", "text": "We look.", "state": "identified", "impact": "down"}
    opened = public.post("/status-page/incidents", data={**fields, "components": "Checkout"})
    (first,) = public.store.status_updates.search()
    path = f"/status-page/incidents/{first.incident}/updates"
    updated = public.post(path, data={"text": "Over.", "state": "resolved", "impact": ""})

    assert [answer.headers["location"] for answer in (opened, updated)] == [
        "/status-page?done=status-open", "/status-page?done=status-update",
    ]  # fmt: skip
    (page,) = public.get("/status-page?done=status-update")
    assert "The update is on the status page" in page.text
    assert "Over." in page.text
    assert [entry.action for entry in public.store.audit.search()] == ["status-page.update", "status-page.open"]


@pytest.mark.parametrize(
    ("path", "sent", "status", "slug"),
    [
        ("/status-page/incidents", {"title": "a", "text": "x" * 5_001}, 400, "bad-argument"),
        ("/status-page/incidents", {"title": "a", "text": "b", "impact": "huge"}, 400, "bad-argument"),
        ("/status-page/incidents", {"title": "a", "text": "b", "components": ["none"]}, 400, "unknown-component"),
        ("/status-page/incidents", {"title": ["a"] * 3, "text": 5}, 400, "bad-argument"),
        ("/status-page/incidents/none/updates", {"text": "b"}, 404, "unknown-status-incident"),
        ("/status-page/incidents/%2e%2e%2fx/updates", {"text": "b"}, 404, None),
    ],
)
def test_what_makes_no_sense_is_not_published(
    public: Scene, path: str, sent: dict[str, object], status: int, slug: str | None
) -> None:
    """A problem says why."""
    answer = public.post(f"/api/v1{path}", json=sent)

    assert answer.status_code == status
    assert slug is None or answer.json()["type"].endswith(slug)
    assert public.store.status_updates.search() == ()


def test_an_update_of_five_megabytes_is_refused(public: Scene) -> None:
    """Before it is read as a whole."""
    answer = public.post("/api/v1/status-page/incidents", json={"title": "a", "text": "x" * 5_000_000})

    assert answer.status_code in {400, 413}
    assert public.store.status_updates.search() == ()


def test_without_a_status_page_the_page_says_how_to_get_one(scene: Scene) -> None:
    """And nothing can be written."""
    (page,) = scene.get("/status-page")
    answer = scene.post("/api/v1/status-page/incidents", json={"title": "a", "text": "b"})

    assert "[[status_page.component]]" in page.text
    assert (answer.status_code, answer.json()["type"].endswith("status-page-off")) == (400, True)
