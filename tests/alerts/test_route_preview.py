"""What labels would lead to, before anything happens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outrider.alerts.alert_settings import AlertSettings, LabelRule, Maintenance
from outrider.alerts.matcher import parse_matcher
from outrider.alerts.oncall import Escalation, Level, Rotation
from outrider.alerts.route import Route
from outrider.alerts.route_preview import parse_labels, preview_routing
from outrider.alerts.time_window import Window
from outrider.model import Silence, UsageError

from .conftest import MINUTE_US, NOW_US, SECOND_US

DAY_US = 86_400 * SECOND_US
SHOP = Route(
    "shop", (parse_matcher("team=shop"),), ("mail",), "shop", group_by=("team",), active=("office",), goes_on=True
)
ALL = Route("all", (parse_matcher("severity=critical"),), ("pager",))
SETTINGS = AlertSettings(
    route=Route(receivers=("mail",), routes=(SHOP, ALL)),
    labels=(LabelRule((parse_matcher("check=pay"),), {"team": "shop"}),),
    windows={"office": Window(from_us=NOW_US - 1, until_us=NOW_US + MINUTE_US)},
    maintenance=(Maintenance((parse_matcher("location=rome"),), ("office",), "new roof"),),
    people={"ada": ("pager", "mail")},
    rotations={"first": Rotation(("ada", "ben"), NOW_US, DAY_US), "none": Rotation((), NOW_US, DAY_US)},
    escalations={
        "shop": Escalation((Level(5 * MINUTE_US, rotations=("first", "none")), Level(MINUTE_US, ("boss",))), 2)
    },
)


def test_every_route_that_takes_the_labels_is_named_with_its_escalation() -> None:
    """With labels that rules add, who is on call now, and the time from the first notification on."""
    preview = preview_routing({"check": "pay", "severity": "critical"}, SETTINGS, (), (), NOW_US)

    shop, everything = preview.routes
    assert preview.labels["team"] == "shop"
    assert (shop.matchers, shop.receivers, shop.group, shop.closed) == (
        ("team=shop",),
        ("mail",),
        (("team", "shop"),),
        "",
    )
    assert [(level.after_us // MINUTE_US, level.receivers) for level in shop.levels] == [
        (5, ("pager", "mail")), (6, ("boss",)),
    ]  # fmt: skip
    assert shop.levels[0].on_call == (("first", "ada"), ("none", ""))
    assert (everything.name, everything.levels, preview.muted, preview.bad) == ("all", (), (), (2, 3))


def test_everything_that_mutes_is_named() -> None:
    """Silences that hold now, and maintenance; a route outside of its hours says so."""
    silence = Silence("s", NOW_US - 5, NOW_US + 5, ("check=pay",), "ada", "deploy")
    later = replace(silence, id="t", starts_us=NOW_US + 1)

    preview = preview_routing({"check": "pay", "location": "rome"}, SETTINGS, (silence, later), (), NOW_US)
    night = preview_routing({"team": "shop"}, SETTINGS, (), (), NOW_US + DAY_US)

    assert preview.muted == ("silenced by ada: deploy", "maintenance: new roof")
    assert "outside of the window office" in night.routes[0].closed


def test_labels_are_read_a_line_each_and_others_are_refused() -> None:
    """A value may hold the sign and spaces, and stand in quotes."""
    assert parse_labels(["a = b=c ", "", '  name="two words"']) == {"a": "b=c", "name": "two words"}
    for wrong in (["a"], ["=b"], [f"a{number}=1" for number in range(101)]):
        with pytest.raises(UsageError):
            parse_labels(wrong)
