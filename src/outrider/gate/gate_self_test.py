"""The false-fail rate of a gate: sessions of one system, dealt to two sides."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrider.baselines import Verdict
from outrider.gate.collection import gather

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from outrider.gate.decision import Rules
    from outrider.gate.run_session import Session
    from outrider.model import CheckId

TRIALS = 200


@dataclass(frozen=True, slots=True)
class FalseFails:
    """What dealing the same sessions anew gave.

    Attributes:
        rate: Share of deals in which the gate failed.
        inconclusive: Share of deals in which it did not know.
        by_step: Share of deals in which each (check, step) failed; the empty step stands for failing runs.
    """

    trials: int
    rate: float
    inconclusive: float
    by_step: Mapping[tuple[CheckId, str], float]


class _Dealt:
    """Sessions whose two sides were swapped, or not, by the toss of a coin."""

    def __init__(self, taken: Mapping[CheckId, Sequence[tuple[Session, Session]]], rng: np.random.Generator) -> None:
        self._taken = taken
        self._swapped = {check: rng.random(len(pairs)) < 0.5 for check, pairs in taken.items()}

    def take(self, check: CheckId, number: int) -> tuple[Session, Session]:
        """Return a pair of sessions."""
        left, right = self._taken[check][number]
        return (right, left) if self._swapped[check][number] else (left, right)


def false_fails(
    taken: Mapping[CheckId, Sequence[tuple[Session, Session]]],
    rules: Mapping[CheckId, Rules],
    rng: np.random.Generator,
    *,
    trials: int = TRIALS,
) -> FalseFails:
    """Return how often the whole gate, looks and corrections included, fails where nothing differs.

    Args:
        taken: By check: pairs of sessions of one and the same system, as many as the plan's cap.
        rules: By check: what counts as worse.
        rng: Source of randomness.
        trials: How often the sides are dealt anew.
    """
    limited = {check: replace(rules[check], most_sessions=len(pairs)) for check, pairs in taken.items()}
    fails, unknown, steps = 0, 0, Counter[tuple["CheckId", str]]()
    for _ in range(trials):
        comparisons = gather(limited, _Dealt(taken, rng)).comparisons
        failed = [(compared.check, compared.step) for compared in comparisons if compared.verdict is Verdict.FAIL]
        steps.update(failed)
        fails += bool(failed)
        unknown += not failed and any(compared.verdict is Verdict.INCONCLUSIVE for compared in comparisons)
    everything = dict.fromkeys((compared.check, compared.step) for compared in comparisons)
    return FalseFails(trials, fails / trials, unknown / trials, {key: steps[key] / trials for key in everything})
