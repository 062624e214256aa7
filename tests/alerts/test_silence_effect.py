"""What a silence mutes, before it is made."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.alerts.conftest import NOW_US

from outrider.alerts.alert_settings import AlertSettings, LabelRule
from outrider.alerts.finding import Facts, Problem, problem_labels
from outrider.alerts.incident import Incident, Phase
from outrider.alerts.matcher import parse_matcher
from outrider.alerts.silence_effect import silence_effect
from outrider.model import Check, CheckId, Kind, Policy

PAY = Check(
    CheckId("journey:journeys/test_pay.py::test_pay"), Kind.JOURNEY, "journeys/test_pay.py", "test_pay", "node",
    Policy(labels={"team": "shop"}, tags=frozenset({"money", "slow"}), locations=("berlin", "oslo")),
)  # fmt: skip
HOME = Check(
    CheckId("probe:probes/shop.toml::home"), Kind.PROBE, "probes/shop.toml", "home", "home", marks=frozenset({"http"})
)
RULES = AlertSettings(labels=(LabelRule((parse_matcher("kind=probe"),), {"tier": "host"}),))
LABELS = {**problem_labels(Problem.FAILURE), "check": str(HOME.id), "kind": "probe", "host": "shop.example"}
INCIDENT = Incident("i", Problem.FAILURE, NOW_US, NOW_US, Facts("refused"), labels=LABELS, phase=Phase.OPEN)


@pytest.mark.parametrize(
    ("matchers", "incidents", "checks"),
    [
        (["kind=journey"], 0, 1),
        (["kind=probe"], 1, 1),
        (["check=~journeys/.*"], 0, 0),
        (["check=~journey:journeys/.*"], 0, 1),
        (["tag=money"], 0, 1),
        (["tag=http"], 0, 1),
        (["team=shop", "location=oslo"], 0, 1),
        (["location=rome"], 0, 0),
        (["tier=host"], 0, 1),
        (["problem=failure"], 1, 2),
        (["problem=degradation", "kind=probe"], 0, 1),
        (["host=shop.example"], 1, 2),
        (["environment=production"], 0, 2),
        (["receiver=mail"], 0, 0),
        (["receiver!=mail"], 1, 2),
        (["severity=~warn.*"], 0, 2),
        (["problem!=failure"], 0, 2),
    ],
)
def test_a_silence_mutes_incidents_and_checks(matchers: list[str], incidents: int, checks: int) -> None:
    """A matcher on what only an incident has leaves open which checks it will match."""
    effect = silence_effect(matchers, [INCIDENT], [PAY, HOME], RULES)

    assert (effect.incidents, effect.checks, effect.unknown_labels) == (incidents, checks, ())


@pytest.mark.parametrize("matcher", ["problem=failur", "severity=CRITICAL", "trouble=~fails.*", "problem!~.*"])
def test_a_problem_or_severity_that_there_is_not_is_told(matcher: str) -> None:
    """It would mute nothing, and the preview does not count checks for it."""
    effect = silence_effect([matcher], [INCIDENT], [PAY, HOME], RULES)

    assert (effect.incidents, effect.checks) == (0, 0)
    assert [str(impossible) for impossible, _ in effect.impossible] == [matcher]
    assert {value for _, values in effect.impossible for value in values} & {"failure", "critical"}


def test_a_label_that_nothing_has_is_told() -> None:
    """With all that something has."""
    effect = silence_effect(["taem=shop", "kind=probe"], [], [PAY, HOME], RULES)

    assert effect.unknown_labels == ("taem",)
    assert {"team", "tier", "tag", "problem", "check"} <= set(effect.labels)


def test_what_is_over_or_not_confirmed_is_not_muted() -> None:
    """It notifies nobody anyway."""
    incidents = [replace(INCIDENT, phase=phase) for phase in (Phase.PENDING, Phase.RESOLVED)]

    assert silence_effect(["kind=probe"], incidents, [], RULES).incidents == 0
