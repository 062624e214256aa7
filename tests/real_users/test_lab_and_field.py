"""What differs between lab and field is put down to what was measured, and the rest is said not to be explained."""

from __future__ import annotations

import numpy as np
import pytest

from outrider.real_users import (
    ConditionedViews,
    Conditions,
    Finding,
    LabPage,
    Vital,
    cache_state,
    compare,
    power_of,
    share_of,
)

LAB = Conditions("empty", "desktop", "high", "4g", "DE")


def values(draw: np.random.Generator, ms: float, count: int) -> np.ndarray:
    return ms * np.exp(draw.normal(0, 0.3, count))


def lab(draw: np.random.Generator, conditions: Conditions = LAB, ms: float = 1_000.0, count: int = 300) -> LabPage:
    measured = {Vital.LCP: values(draw, ms, count)}
    return LabPage("journey:a", "open", "production", "local", "shop.example", "/", conditions, measured, np.empty(0))


def groups(draw: np.random.Generator, *seen: tuple[Conditions, float, int]) -> list[ConditionedViews]:
    return [ConditionedViews(own, {Vital.LCP: values(draw, ms, count)}) for own, ms, count in seen]


def lcp(of: LabPage, views: list[ConditionedViews]) -> tuple[float, bool, dict[str, tuple[Finding, float]], float]:
    """Return the difference, whether it is sure, what each factor explains, and what is left."""
    field = share_of(Vital.LCP, np.concatenate([own.values[Vital.LCP] for own in views]))
    nothing = share_of(Vital.LCP, np.empty(0))
    (own, *_) = compare(of, dict.fromkeys(Vital, nothing) | {Vital.LCP: field}, views)
    parts = {part.factor.value: (part.finding, part.part or 0.0) for part in own.parts}
    return own.difference or 0.0, own.is_sure, parts, own.rest or 0.0


def test_each_factor_explains_what_its_views_change() -> None:
    """Phones are slow here and a warm cache is fast; the parts and the rest add up to the difference."""
    draw = np.random.default_rng(1)
    views = groups(
        draw, (LAB, 1_500, 600), (Conditions("warm", "desktop", "high", "4g", "DE"), 700, 500),
        (Conditions("empty", "phone", "low", "4g", "DE"), 4_000, 400),
    )  # fmt: skip

    difference, is_sure, parts, rest = lcp(lab(draw), views)

    assert is_sure
    assert parts["cache"][0] is parts["device"][0] is Finding.EXPLAINS
    assert parts["cache"][1] < -100
    assert parts["device"][1] > 800
    assert parts["connection"] == parts["place"] == (Finding.CHANCE, 0.0)
    assert difference == pytest.approx(sum(part for _, part in parts.values()) + rest)
    assert rest == pytest.approx(500 * np.exp(0.3 * 0.6745), rel=0.2)


def test_what_is_not_known_or_too_rare_explains_nothing() -> None:
    """Browsers that do not tell of their cache, nineteen views as in the lab, and a prober whose place is unknown."""
    draw = np.random.default_rng(2)
    alike, phones = Conditions("", "desktop", "high", "3g"), Conditions("", "phone", "low", "3g")

    difference, is_sure, parts, rest = lcp(
        lab(draw, Conditions("empty", "desktop", "high", "4g")), groups(draw, (alike, 900, 19), (phones, 5_000, 300))
    )

    assert is_sure
    assert {name: finding for name, (finding, _) in parts.items()} == {
        "cache": Finding.UNKNOWN, "device": Finding.FEW, "connection": Finding.FEW, "place": Finding.UNKNOWN,
    }  # fmt: skip
    assert rest == difference


@pytest.mark.parametrize(("runs", "views"), [(19, 500), (500, 19)])
def test_too_few_of_either_side_are_not_compared(runs: int, views: int) -> None:
    """Neither a difference nor what explains it."""
    draw = np.random.default_rng(3)

    assert lcp(lab(draw, count=runs), groups(draw, (LAB, 9_000, views))) == (0.0, False, {}, 0.0)


def test_chance_explains_rarely() -> None:
    """All views are of one distribution: of 400 tries with four factors, few name a cause; 4 % are four times 1 %."""
    draw = np.random.default_rng(4)
    kinds = [Conditions(cache, device, "high", net, country) for cache in ("empty", "warm") for device in
             ("desktop", "phone") for net in ("4g", "3g") for country in ("DE", "BR")]  # fmt: skip

    named = sum(
        any(finding is Finding.EXPLAINS for finding, _ in parts.values())
        for _ in range(400)
        for _, _, parts, _ in [lcp(lab(draw), groups(draw, *((kind, 2_000, 40) for kind in kinds)))]
    )

    assert named <= 400 * 0.08


def test_cache_and_power_are_read_from_what_browsers_measure() -> None:
    """A document from the cache, one whose parts were kept, an empty cache; and what the weaker of two parts says."""
    assert [cache_state(*own) for own in ((0, 0, 0), (300, 4, 2), (300, 4, 1), (300, 0, 0), (None, 4, 4))] == [
        "cached", "warm", "empty", "empty", "",
    ]  # fmt: skip
    assert cache_state(None, 0, 0, "back-forward-cache") == "cached"
    assert [power_of(*own) for own in ((8, 2), (4, 8), (8, 8), (None, 16), (None, 0))] == [
        "low", "middle", "high", "high", "",
    ]  # fmt: skip
