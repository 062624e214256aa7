"""The admin endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from demo.faults import FAULTS

if TYPE_CHECKING:
    import httpx
    from tests.demo.conftest import Outside


def test_every_fault_is_listed_and_off_at_first(shop: httpx.Client) -> None:
    """A fresh shop is a healthy one."""
    listed = shop.get("/admin/faults").json()["faults"]

    assert [fault["name"] for fault in listed] == list(FAULTS)
    assert not any(fault["on"] for fault in listed)


def test_a_fault_is_switched_on_with_a_size_and_off_again(shop: httpx.Client, outside: Outside) -> None:
    """The answer carries the fault's new state, and how long it has been on."""
    on = shop.put("/admin/faults/slow-query", json={"size": 250}).json()["faults"]
    outside.passed_s = 90
    later = shop.get("/admin/faults/slow-query").json()["faults"]
    off = shop.delete("/admin/faults/slow-query").json()["faults"]

    assert [(fault["on"], fault["size"], fault["on_for_s"]) for fault in (*on, *later, *off)] == [
        (True, 250, 0),
        (True, 250, 90),
        (False, None, 0),
    ]


@pytest.mark.parametrize("content", [b"", b"{}"])
def test_without_a_size_a_fault_has_its_default(shop: httpx.Client, content: bytes) -> None:
    """Nobody has to know what size is sensible."""
    answer = shop.put("/admin/faults/slow-query", content=content)

    assert answer.json()["faults"][0]["size"] == FAULTS["slow-query"].default


def test_all_faults_are_switched_off_at_once(shop: httpx.Client) -> None:
    """One request makes the shop healthy."""
    shop.put("/admin/faults/slow-query")
    shop.put("/admin/faults/errors")

    answer = shop.delete("/admin/faults")

    assert not any(fault["on"] for fault in answer.json()["faults"])


def test_switching_off_what_is_off_changes_nothing(shop: httpx.Client) -> None:
    """A fault that is off may be switched off again."""
    assert shop.delete("/admin/faults/hang").status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_fault_is_answered_with_the_known_ones(shop: httpx.Client, method: str) -> None:
    """A wrong name is a 404 that lists the right ones."""
    answer = shop.request(method, "/admin/faults/gremlins")

    assert answer.status_code == 404
    assert 'no fault is called "gremlins"' in answer.json()["error"]
    assert answer.json()["names"] == list(FAULTS)


@pytest.mark.parametrize("size", ["1.5", "-0.1", '"half"', "true", "[]", "NaN", "Infinity", "1e999"])
def test_a_bad_size_is_answered_with_the_range(shop: httpx.Client, size: str) -> None:
    """A size that is no number within the range is a 422 that says what fits, and switches nothing on."""
    answer = shop.put("/admin/faults/errors", content=f'{{"size": {size}}}')

    assert answer.status_code == 422
    assert "give a number from 0 to 1 (share of requests)" in answer.json()["error"]
    assert shop.get("/admin/faults/errors").json()["faults"][0]["on"] is False


@pytest.mark.parametrize("content", [b"{", b"[1]", b'{"sizes": 1}', b"\xff"])
def test_a_body_of_another_shape_is_answered_with_the_right_one(shop: httpx.Client, content: bytes) -> None:
    """Anything but {"size": number} is a 400 that shows it."""
    answer = shop.put("/admin/faults/errors", content=content)

    assert answer.status_code == 400
    assert 'send {"size": NUMBER}' in answer.json()["error"]


@pytest.mark.parametrize(("name", "size"), [("hang", 1), ("errors", 1), ("slow-drift", 600_000), ("memory-growth", 64)])
def test_no_fault_reaches_the_admin_endpoint(shop: httpx.Client, outside: Outside, name: str, size: float) -> None:
    """Whatever is on can be switched off."""
    shop.put(f"/admin/faults/{name}", json={"size": size})
    outside.passed_s = 3600

    assert shop.delete("/admin/faults").status_code == 200
    assert outside.naps_s == []
