"""Which policy a check runs under."""

from pathlib import Path

import pytest

from outrider.model import ConfigErrors, Place, Policy
from outrider.workspace import Pattern, PolicyOverrides, Rule, Workspace, load, parse_overrides, resolve

PLACE = Place("journeys/test_shop.py", 12)


def rule(*patterns: str, overrides: PolicyOverrides) -> Rule:
    """Return a rule of the schedule."""
    return Rule(tuple(Pattern(text, Place("scheduler/schedule.toml", 1)) for text in patterns), overrides)


def policy_of(
    *rules: Rule, defaults: Policy | None = None, own: PolicyOverrides | None = None, marks: tuple[str, ...] = ()
) -> Policy:
    """Return the policy of one check under these settings."""
    workspace = Workspace(root=Path("/"), name="w", defaults=defaults or Policy(), schedule=rules)
    return resolve(
        workspace,
        "journey:journeys/test_shop.py::test_buy",
        path="journeys/test_shop.py",
        name="test_buy",
        marks=frozenset(marks),
        own=own or PolicyOverrides(),
    )


def test_without_rules_the_defaults_hold() -> None:
    """Nothing is invented."""
    defaults = Policy(every_s=10.0, tags=frozenset({"web"}))

    assert policy_of(defaults=defaults) == defaults


def test_the_nearest_to_the_check_wins_key_by_key() -> None:
    """Its own file, then the last rule that matches, then earlier rules, then the defaults."""
    policy = policy_of(
        rule("journeys/*", overrides=PolicyOverrides(every_s=2.0, timeout_s=2.0, retries=2, environment="two")),
        rule("test_buy", overrides=PolicyOverrides(every_s=3.0, timeout_s=3.0)),
        rule("test_other", overrides=PolicyOverrides(every_s=9.0)),
        defaults=Policy(every_s=1.0, timeout_s=1.0, retries=1, environment="one", locations=("one",)),
        own=PolicyOverrides(every_s=4.0),
    )

    assert policy == Policy(every_s=4.0, timeout_s=3.0, retries=2, environment="two", locations=("one",))


def test_falsy_values_override_too() -> None:
    """Zero retries and false are values; only what is absent is not set."""
    policy = policy_of(own=PolicyOverrides(retries=0, enabled=False, evidence=False, tags=frozenset()))

    assert (policy.retries, policy.enabled, policy.evidence, policy.tags) == (0, False, False, frozenset())


@pytest.mark.parametrize(
    ("rules", "own", "marks"),
    [
        ([], None, ("slow",)),
        ([], PolicyOverrides(tags=frozenset({"slow"})), ()),
        ([rule("test_buy", overrides=PolicyOverrides(tags=frozenset({"slow"})))], None, ()),
    ],
)
def test_a_rule_on_a_tag_sees_marks_own_tags_and_tags_given_before(
    rules: list[Rule], own: PolicyOverrides | None, marks: tuple[str, ...]
) -> None:
    """Wherever the word was put on the check."""
    slow = rule("tag:slow", overrides=PolicyOverrides(timeout_s=300.0))

    assert policy_of(*rules, slow, own=own, marks=marks).timeout_s == 300.0


def test_a_session_can_be_taken_away_again() -> None:
    """An empty name means none."""
    given = rule("*", overrides=PolicyOverrides(session="customer"))

    assert policy_of(given).session == "customer"
    assert policy_of(given, own=PolicyOverrides(session="")).session is None


def test_labels_of_several_files_add_up_and_the_nearest_title_wins() -> None:
    """A team is set by pattern, what is special by the check."""
    team = rule("journeys/*", overrides=PolicyOverrides(labels={"team": "shop", "tier": "2"}, title="far"))

    policy = policy_of(team, own=PolicyOverrides(labels={"tier": "1"}, title="Buy a book"))

    assert policy.labels == {"team": "shop", "tier": "1"}
    assert policy.title == "Buy a book"


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        ({"team-name": "shop"}, "has no valid name in 'team-name'"),
        ({"check": "mine"}, "names check, which Outrider sets itself"),
        ({"team": 7}, "is not a table of texts"),
        ("team=shop", "is not a table of texts"),
    ],
)
def test_labels_that_alerts_could_not_carry_are_refused(labels: object, what: str) -> None:
    """Names are those of Prometheus, and Outrider's own labels cannot be replaced."""
    with pytest.raises(ConfigErrors, match=what):
        parse_overrides({"labels": labels}, PLACE)


@pytest.mark.parametrize("identity", ["journey:checkout", "checkout", "team:checkout"])
def test_an_explicit_id_may_have_the_kind_of_its_check_or_none(identity: str) -> None:
    """Any other word before a colon is a part of the name."""
    assert parse_overrides({"id": identity}, PLACE).id == identity


@pytest.mark.parametrize("identity", ["service:checkout", "probe:checkout", "location:local"])
def test_an_explicit_id_with_the_kind_of_another_subject_is_refused(identity: str) -> None:
    """A service, or another kind of check, would be judged and alerted on in its place."""
    with pytest.raises(ConfigErrors, match="begins with the kind") as caught:
        parse_overrides({"id": identity}, PLACE)

    assert [problem.slug for problem in caught.value.problems] == ["bad-check-id"]


def test_the_arguments_of_a_marker_are_overrides() -> None:
    """Python's own collections are accepted as lists."""
    overrides = parse_overrides(
        {"every": "1m", "tags": {"b", "a"}, "locations": ("x",), "retries": 0, "id": "buy", "session": ""}, PLACE
    )

    assert overrides == PolicyOverrides(
        every_s=60.0, tags=frozenset({"a", "b"}), locations=("x",), retries=0, id="buy", session=""
    )


def test_wrong_arguments_of_a_marker_are_reported_together_at_its_place() -> None:
    """As if they stood in a file of settings."""
    with pytest.raises(ConfigErrors) as caught:
        parse_overrides({"every": "5x", "retrys": 3, "session": "nobody"}, PLACE, sessions=["customer"])

    assert str(caught.value).splitlines() == [
        'journeys/test_shop.py:12: outrider.every = "5x" is not a duration',
        '  write a number and a unit, such as "30s" or "5m"   [bad-duration]',
        "journeys/test_shop.py:12: outrider.retrys is not a known key",
        '  did you mean "retries"?   [unknown-key]',
        'journeys/test_shop.py:12: outrider.session = "nobody" is not a session of this workspace',
        "  add [sessions.nobody] to outrider.toml; known: customer   [unknown-session]",
    ]


@pytest.mark.parametrize("places", ["[]", '["berlin", "berlin"]'])
def test_a_check_has_at_least_one_location_and_each_once(tmp_path: Path, places: str) -> None:
    """A check of no place never runs, and nobody would notice."""
    (tmp_path / "outrider.toml").write_text(f"[defaults]\nlocations = {places}\n")

    with pytest.raises(ConfigErrors) as caught:
        load(tmp_path)

    assert [(problem.slug, str(problem.where)) for problem in caught.value.problems] == [
        ("out-of-range", "outrider.toml:2")
    ]
