"""What is written as its own default is accepted, and means the same as nothing."""

from __future__ import annotations

import json
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.alerts import AlertSettings, read_alerts
from outrider.load import read_profiles
from outrider.model import Policy
from outrider.probes import read_probes
from outrider.reports import ReportSettings, read_settings
from outrider.workspace import (
    BaselineSettings,
    BrowserSettings,
    Capabilities,
    JourneySettings,
    LoadSettings,
    PolicyOverrides,
    ProbeSettings,
    RetentionSettings,
    ServiceSettings,
    StoreSettings,
    Workspace,
    format_duration,
    load,
)

KEYS = {"coverage": "coverage_over"}
"""Keys that are not called as their fields are."""


def as_toml(value: object) -> str:
    """Return a value as a file writes it."""
    match value:
        case frozenset() | tuple():
            return json.dumps(sorted(value))
        case {}:
            return "{" + ", ".join(f"{key} = {as_toml(item)}" for key, item in value.items()) + "}"
        case StrEnum():
            return json.dumps(value.value)
        case bool() | int() | float() | str():
            return json.dumps(value)
        case _:
            raise TypeError(value)


def written(settings: object) -> dict[str, str]:
    """Return the default of every key of a table; None cannot be written."""
    lines = {}
    for field in fields(settings):  # type: ignore[arg-type]
        value = getattr(settings, field.name)
        key = field.name.removesuffix("_s")
        if value is None or field.name in {"id", "session"}:
            continue
        text = json.dumps(format_duration(value)) if field.name.endswith("_s") else as_toml(value)
        lines[KEYS.get(key, key)] = text
    return lines


SECTIONS: dict[str, dict[str, str]] = {
    "workspace": {"name": '"shop"', "timezone": '"UTC"', "include": "[]", "exclude": "[]"},
    "defaults": written(Policy()),
    "journeys": written(JourneySettings()),
    "probes": written(ProbeSettings()),
    "load": written(LoadSettings()),
    "browser": written(BrowserSettings()),
    "store": written(StoreSettings()),
    "retention": written(RetentionSettings()),
    "baselines": written(BaselineSettings()),
    "capabilities": written(Capabilities()),
}
LINES = sorted((section, key) for section, keys in SECTIONS.items() for key in keys)


@settings(deadline=None)
@given(st.sets(st.sampled_from(LINES)))
def test_any_defaults_of_outrider_toml_may_be_written(chosen: set[tuple[str, str]]) -> None:
    """Whichever of them a file writes, it says what an empty one says."""
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        tables = [
            f"[{section}]\n"
            + "".join(f"{key} = {SECTIONS[section][key]}\n" for top, key in sorted(chosen) if top == section)
            for section in SECTIONS
        ]
        (root / "outrider.toml").write_text("\n".join(tables))

        loaded = load(root)

    name = "shop" if ("workspace", "name") in chosen else root.name
    assert loaded == Workspace(root, name)


@pytest.mark.parametrize("key", written(ServiceSettings()))
def test_the_defaults_of_the_service_may_be_written(tmp_path: Path, key: str) -> None:
    """An empty address calls nobody."""
    (tmp_path / "outrider.toml").touch()
    (tmp_path / "scheduler").mkdir()
    line = f"{key} = {written(ServiceSettings())[key]}"
    (tmp_path / "scheduler" / "schedule.toml").write_text(f"[service]\n{line}\n")

    assert load(tmp_path).service == ServiceSettings()


def test_every_default_of_a_rule_and_a_window_may_be_written(tmp_path: Path) -> None:
    """A rule that writes the defaults gives them back to checks that a farther file gave others."""
    (tmp_path / "outrider.toml").write_text('[defaults]\njitter = "3s"\n')
    (tmp_path / "scheduler").mkdir()
    rule = {**written(Policy()), "session": '""', "cron": '""'}
    lines = "\n".join(f"{key} = {value}" for key, value in rule.items())
    window = 'match = "*"\nduration = "1h"\nstart = ""\ncron = "0 2 * * *"\nreason = "maintenance"\n'
    (tmp_path / "scheduler" / "schedule.toml").write_text(f'[[check]]\nmatch = "*"\n{lines}\n[[maintenance]]\n{window}')

    loaded = load(tmp_path)

    assert loaded.schedule[0].overrides.over(loaded.defaults) == Policy()
    assert set(rule) == {field.name.removesuffix("_s") for field in fields(PolicyOverrides)} - {
        "id", "every_failing", "down_in",
    }  # fmt: skip
    assert loaded.maintenance[0].cron == "0 2 * * *"


LOADS = """
file = "probes/shop_load.py"
folder = "."
processes = 1
workers = 0
classes = []
only = []
except = []
arguments = []
allowed_hosts = []
journey = ""
enabled = false
retries = 0
evidence = false
jitter = "0s"
shape = {kind = "arrivals", rate = 1, ramp = "0s"}
users = 1
"""


def test_every_default_of_a_load_profile_may_be_written(tmp_path: Path) -> None:
    """`workers = 0` starts the generators here, as its absence does."""
    (tmp_path / "outrider.toml").touch()
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "shop_load.py").touch()
    (tmp_path / "probes" / "loads.toml").write_text(f'[shop]\nkind = "load"\n{LOADS}')

    assert [str(problem) for problem in read_profiles(load(tmp_path), {}).problems] == []


ALERTS = """
[incidents]
open = "2 of 3"
close = 3
within = "5m"
forget = "1d"
certificate_days = 14
relapses = 3
flap_window = "1h"
flap_calm = "30m"
reopen = "10m"

[delivery]
networks = []
links = ""

[receiver.mail]
kind = "mail"
server = "smtp://localhost"
from = "outrider@localhost"
to = ["ops@shop.example"]
starttls = false
per_hour = 60
fallback = ""
fallback_after = "2m"
subject = ""
body = ""

[route]
name = "root"
match = []
receivers = ["mail"]
escalation = ""
group_by = ["incident"]
wait = "3s"
interval = "5m"
repeat = "4h"
active = []
muted = []
continue = false
routes = []

[[maintenance]]
match = []
windows = ["night"]
comment = "maintenance"

[window.night]
days = []
begin = "00:00"
end = "24:00"
timezone = "UTC"

[escalation.shop]
rounds = 1
then = ""

[[escalation.shop.level]]
after = "0s"
receivers = ["mail"]
rotations = []
"""


def test_every_default_of_the_alerts_may_be_written(tmp_path: Path) -> None:
    """An empty name of a fallback, template or escalation is none."""
    (tmp_path / "outrider.toml").touch()
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "scheduler" / "alerts.toml").write_text(ALERTS)

    settings = read_alerts(load(tmp_path), {})

    usual = ("thresholds", "stability", "within_us", "forget_us", "certificate_days", "networks", "links")
    assert [getattr(settings, name) for name in usual] == [getattr(AlertSettings(), name) for name in usual]
    assert settings.receivers["mail"].fallback == ""
    assert settings.escalations["shop"].levels[0].after_us == 0


PROBES = """
[home]
kind = "http"
url = "http://127.0.0.1:9/"
method = "GET"
tags = []
jitter = "0s"
"""


def test_every_default_of_a_probe_may_be_written(tmp_path: Path) -> None:
    """A jitter of nothing is no jitter."""
    (tmp_path / "outrider.toml").touch()
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "shop.toml").write_text(PROBES)

    assert [str(problem) for problem in read_probes(load(tmp_path), {}, others={"load"}).problems] == []


def test_every_default_of_a_report_may_be_written(tmp_path: Path) -> None:
    """An empty cron is the usual time."""
    (tmp_path / "reports").mkdir()
    lines = (f"{key} = {value}\n" for key, value in written_report().items())
    (tmp_path / "reports" / "weekly.toml").write_text("".join(lines))

    assert read_settings(tmp_path, "weekly") == ReportSettings()


def written_report() -> dict[str, str]:
    """Return every default of a report; its lists keep their order."""
    values = {field.name: getattr(ReportSettings(), field.name) for field in fields(ReportSettings)}
    return {key: json.dumps(list(value) if isinstance(value, tuple) else value) for key, value in values.items()}
