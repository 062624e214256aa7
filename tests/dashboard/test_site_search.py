"""Search: whatever has a page is found by any part of its name, in bounded work, and hostile names stay text."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from outrider.dashboard import page_assets, search_everything
from outrider.dashboard.page_templates import SECTIONS, TELEMETRY_SECTIONS
from outrider.dashboard.site_search import match_rank
from outrider.model import Outcome, Release, Role

from .conftest import HOUR_US, NOW_US

if TYPE_CHECKING:
    from .conftest import Scene

HOSTILE = "<img src=x onerror=alert(1)>\u202e"
MOST_ZIPPED_BYTES = 75_000


def hits(scene: Scene, text: str) -> list[dict[str, Any]]:
    (answer,) = scene.get(f"/api/v1/search?q={quote(text, safe='')}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def names(scene: Scene, text: str) -> list[tuple[str, str]]:
    return [(hit["kind"], hit["title"]) for hit in hits(scene, text)]


def test_a_check_is_found_by_title_id_tag_label_and_former_id(scene: Scene) -> None:
    """In any letters, and by words in any order; its last run stands below it."""
    pay = scene.add("pay", title="Straße bezahlen", tags=frozenset({"money"}), labels={"team": "shop"})
    scene.ran(pay, Outcome.FAILED)
    scene.add("other")

    for text in ("STRASSE", "bezahlen straße", "probes/shop.toml pay", "MONEY", "team=shop"):
        assert names(scene, text) == [("check", "Straße bezahlen"), ("run", "pay")], text
    check, run = hits(scene, "straße")
    assert (check["state"], check["needs_attention"], run["state"]) == ("failing", True, "failed")
    assert names(scene, "straße other") == []


def test_a_check_that_is_off_or_deleted_is_found_and_says_so(scene: Scene) -> None:
    """Their pages stay, so the search leads there."""
    scene.add("off", enabled=False)
    scene.add("gone")
    assert scene.checks is not None
    scene.checks.pop()

    assert [(hit["title"], hit["state"]) for hit in hits(scene, "probes/shop.toml")] == [
        ("off", "off"),
        ("gone", "deleted"),
    ]


def test_a_run_is_found_by_either_end_of_its_id(scene: Scene) -> None:
    """Four digits at least: fewer would be words of titles."""
    run = scene.ran(scene.add("home"))

    for text in (run.id, run.id[:13], run.id[-8:], run.id[-8:].upper()):
        assert [hit["path"] for hit in hits(scene, text)] == [f"/runs/{run.id}"], text
    assert hits(scene, run.id[-3:]) == []


def test_incidents_and_releases_are_found_and_their_addresses_answer(scene: Scene) -> None:
    """Every hit leads to a page that shows it."""
    pay = scene.add("pay")
    incident = scene.incident(pay, what="status 500", labels={"team": "shop"})
    for name in ("v2.4 & more", "v2.40"):
        scene.store.judgements.record_release(Release(name, "production", NOW_US - HOUR_US))

    (release,) = hits(scene, "v2.4 &")
    assert [hit["kind"] for hit in hits(scene, "500")] == ["incident"]
    assert [hit["path"] for hit in hits(scene, incident.id[-8:])] == [f"/incidents/{incident.id}"]
    pages = scene.get(*(hit["path"] for hit in (*hits(scene, "pay"), release)))

    assert {page.status_code for page in pages} == {200}
    assert "v2.4 &amp; more" in pages[-1].text
    assert "v2.40" not in pages[-1].text


def test_nothing_typed_lists_open_incidents_and_all_pages(scene: Scene) -> None:
    """What people come for first, and every page that a bar links to."""
    scene.incident(scene.add("pay"), what="down")

    listed = hits(scene, "")

    assert [hit["kind"] for hit in listed[:2]] == ["incident", "page"]
    assert {path for path, _ in SECTIONS} < {hit["path"] for hit in listed}


def test_every_page_of_a_fixed_address_is_found(scene: Scene) -> None:
    """But for the search itself; those of telemetry where that is on."""
    scene.telemetry = replace(scene.telemetry, is_on=True)

    listed = {hit.path for hit in search_everything(scene.sources, "", role=Role.ADMIN, limit=100).items}

    assert scene.fixed_pages - listed == {"/search"}
    assert {path for path, _ in TELEMETRY_SECTIONS} <= listed


def test_pages_that_a_role_may_not_see_are_left_out(scene: Scene) -> None:
    """A viewer is not led to a refusal."""
    seen = {
        role: {hit.title for hit in search_everything(scene.sources, "", role=role).items if hit.kind == "page"}
        for role in Role
    }

    assert seen[Role.ADMIN] - seen[Role.OPERATOR] == {"Tokens"}
    assert seen[Role.OPERATOR] - seen[Role.VIEWER] == {"Audit log", "Settings"}


@pytest.mark.parametrize(
    ("text", "title", "rank"),
    [
        ("pay", "Pay", 0), ("pay", "pay by card", 1), ("card pay", "pay by card", 2), ("ard", "pay by card", 3),
        ("probe", "pay by card", 4), ("paypal", "pay by card", None), ("strasse", "STRAßE", 0),
    ],
)  # fmt: skip
def test_the_best_match_comes_first(text: str, title: str, rank: int | None) -> None:
    """The whole title before its beginning, beginnings of words before what stands within them."""
    assert match_rank(text.split(), title, "probe:x") == rank


def test_hostile_names_are_text_and_lists_are_bounded(scene: Scene) -> None:
    """A thousand checks of one name: eight are listed, and the answer says that there are more."""
    for number in range(1_000):
        scene.add(f"{number} {HOSTILE}")
    (page, answer, long) = scene.get("/search?q=onerror", "/api/v1/search?q=onerror", f"/api/v1/search?q={'x' * 201}")

    assert (len(answer.json()["items"]), answer.json()["is_complete"]) == (8, False)
    assert "<img" not in page.text
    assert "\u202e" not in page.text + answer.text
    assert "Only the best matches are listed" in page.text
    assert long.status_code == 400


@pytest.mark.parametrize("text", ["%", "\x00", "'; drop table runs; --", "\ud800", "*" * 200, " ", "a " * 100])
def test_any_text_can_be_searched(scene: Scene, text: str) -> None:
    """It finds nothing, or pages; it is never an error."""
    scene.ran(scene.add("home"))

    for path in ("/search", "/api/v1/search"):
        (answer,) = scene.get(f"{path}?q={quote(text, safe='', errors='surrogatepass')}")
        assert answer.status_code == 200


def test_an_unchanged_search_is_not_sent_again(scene: Scene) -> None:
    """By its ETag."""
    scene.add("home")
    (first,) = scene.get("/api/v1/search?q=home")

    (same,) = scene.get("/api/v1/search?q=home", **{"If-None-Match": first.headers["ETag"]})

    assert (same.status_code, same.content) == (304, b"")


@pytest.mark.skipif("pages.js" not in page_assets(), reason="scripts are not built: npm --prefix frontend run build")
def test_what_pages_load_is_small() -> None:
    """Scripts, styles and the icon together, as they are sent; pages have no fonts of their own."""
    assets = page_assets()

    assert sum(len(gzip.compress(asset.content, 5, mtime=0)) for asset in assets.values()) < MOST_ZIPPED_BYTES
