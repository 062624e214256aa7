"""The gate's history as pages, and as the API answers it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.model import StoredComparison, StoredGate, new_run_id

from .conftest import MINUTE_US, NOW_US

if TYPE_CHECKING:
    from .conftest import Scene

HOSTILE = "<script>alert(1)</script>\u202e"
COMPARED = StoredComparison("probe:shop::home", "Pay", "fail", True, 120.0, 180.0, 1.5, 1.3, 1.7, 20, HOSTILE)


def decided(scene: Scene, number: int = 0, **changes: object) -> StoredGate:
    at_us = NOW_US - number * MINUTE_US
    plain = StoredGate(
        str(new_run_id(at_us)), at_us, f"{number:03x}{0:037}", "fail", f"the last 20 runs {HOSTILE}", 83.0, "",
        {"fail": 1, "inconclusive": 5, "pass": 2},
        (("probe:shop::home", "Pay", "fail"), ("probe:shop::home", "", "inconclusive")), (HOSTILE,), (),
        (COMPARED, replace(COMPARED, step="", base=0.0, candidate=0.25, decides=False, ratio=None)),
    )  # fmt: skip
    gate = replace(plain, **changes)  # type: ignore[arg-type]
    scene.store.gates.record(gate)
    return gate


def test_the_history_names_commit_verdict_time_and_what_did_not_pass(scene: Scene) -> None:
    """The latest first; without anything it says how one comes about."""
    empty = scene.get("/gates")[0].text
    gates = [decided(scene, number) for number in range(2)]
    page = scene.get("/gates")[0].text

    assert "No gate has decided on this store yet." in empty
    for text in ("001000000000", "1 min 23 s", "fail: <bdi>home</bdi>, <bdi>Pay</bdi>", "and 4 more"):
        assert text in page
    assert page.index(gates[0].id) < page.index(gates[1].id)
    assert "<script>alert" not in page


def test_the_history_is_paged_and_filtered_in_the_address(scene: Scene) -> None:
    """A page that is full names the next one, which holds the rest; what cannot be read is not asked for."""
    for number in range(60):
        decided(scene, number, verdict="pass" if number % 2 else "inconclusive")

    first, passed, odd = scene.get(
        "/gates",
        "/gates?verdict=pass&commit=0",
        "/gates?verdict=x&before=9999999999999999999999.x&commit=" + "f" * 900,
    )
    following = first.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    (rest,) = scene.get(following)

    assert [page.text.count('class="state"') for page in (first, rest, passed)] == [50, 10, 30]
    assert "No decision of the gate is like that." in odd.text


def test_a_decision_shows_every_comparison_with_its_interval(scene: Scene) -> None:
    """And notes, setup errors and what only informs."""
    gate = decided(scene, wrong=("home: no browser",))

    page, absent, odd = scene.get(f"/gates/{gate.id}", f"/gates/{'0' * 36}", "/gates/..%2F%0A")

    for text in ("+50 % (+30 % to +70 %)", "120 ms", "25 %", "only informs", "home: no browser", "000000000000"):
        assert text in page.text
    assert "<script>alert" not in page.text
    assert (absent.status_code, odd.status_code) == (404, 404)


def test_the_api_answers_with_decisions_by_cursor(scene: Scene) -> None:
    """And with one whole."""
    gates = [decided(scene, number) for number in range(3)]

    first = scene.get("/api/v1/gates?limit=2")[0].json()
    rest, whole, wrong = scene.get(
        f"/api/v1/gates?before={first['next']}", f"/api/v1/gates/{gates[0].id}", "/api/v1/gates?before=1"
    )

    assert [item["id"] for item in (*first["items"], *rest.json()["items"])] == [gate.id for gate in gates]
    assert rest.json()["next"] is None
    assert [item["verdict"] for item in whole.json()["comparisons"]] == ["fail", "fail"]
    assert wrong.status_code == 400
