"""Reads `scheduler/alerts.toml`, once, with every problem reported together."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outrider.alerts.alert_settings import (
    ALERTS_FILE,
    AlertSettings,
    Budget,
    Forecast,
    Inhibition,
    LabelRule,
    Maintenance,
    ThresholdRule,
)
from outrider.alerts.confirmation import Thresholds
from outrider.alerts.finding import Severity
from outrider.alerts.incident import Stability
from outrider.alerts.matcher import Matcher, parse_matcher
from outrider.alerts.network_guard import Guard
from outrider.alerts.oncall import Escalation, Level, Override, Rotation
from outrider.alerts.receiver_tables import read_receivers
from outrider.alerts.references import check_references
from outrider.alerts.route import ROOT, Route
from outrider.alerts.rule_file import read_rules
from outrider.alerts.time_window import DAYS, Window
from outrider.model import ConfigError, ConfigErrors, UsageError
from outrider.workspace import (
    OWN_LABELS,
    Refused,
    Table,
    as_any_text,
    as_count,
    as_delay,
    as_duration,
    as_duration_within,
    as_flag,
    as_number,
    as_share,
    as_text,
    as_texts,
    check_url,
    in_reading_order,
    is_listed,
    read_document,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.workspace import Workspace

_OPEN = re.compile(r"([1-9][0-9]?) of ([1-9][0-9]?)")
_HOUR = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
_NO_TEXTS: tuple[str, ...] = ()
_AS_DAYS_LEFT = as_number(0.01, 3650, "no certificate is valid for longer")
_AS_PAGES = as_number(
    0.001, 1000, "no evidence counts as rarer than one false page in twenty years, and above a thousand all notify"
)
_AS_SHIFT = as_duration_within("1m", "366d", "somebody is on call for so long")
_AS_WAIT = as_duration_within("1ms", "30d", "nobody is notified meanwhile")
_AS_DELAY = as_duration_within("0s", "30d", "nobody is notified meanwhile")
_DAY_MINUTES = 24 * 60
_DAY_US = 86_400_000_000


def read_alerts(workspace: Workspace, variables: Mapping[str, str]) -> AlertSettings:
    """Return a workspace's alert settings; without the file incidents are tracked and nobody is notified.

    Args:
        workspace: Whose.
        variables: Environment and secrets by name.

    Raises:
        ConfigErrors: With every problem.
    """
    path = workspace.root / ALERTS_FILE
    if not is_listed(path):
        return AlertSettings(timezone=workspace.timezone, locale=workspace.locale)
    problems: list[ConfigError] = []
    try:
        document = read_document(path, ALERTS_FILE)
    except ConfigError as problem:
        raise ConfigErrors((problem,)) from None
    top = Table(document.data, "", document.place, problems)
    settings = _settings(top, workspace, variables)
    top.close()
    check_references(settings, workspace.root, document, problems)
    if problems:
        raise ConfigErrors(in_reading_order(problems))
    return settings


def _settings(top: Table, workspace: Workspace, variables: Mapping[str, str]) -> AlertSettings:
    incidents, delivery = top.section("incidents"), top.section("delivery")
    usual = AlertSettings()
    networks = delivery.read("networks", _as_networks, _NO_TEXTS)
    settings = AlertSettings(
        thresholds=_thresholds(incidents),
        stability=_stability(incidents),
        within_us=_us(incidents, "within", usual.within_us),
        forget_us=_us(incidents, "forget", usual.forget_us),
        certificate_days=incidents.read("certificate_days", _AS_DAYS_LEFT, usual.certificate_days),
        false_pages_per_week=incidents.read("false_pages_per_week", _AS_PAGES, usual.false_pages_per_week),
        folds=incidents.read("fold", as_flag, usual.folds),
        networks=networks,
        timezone=workspace.timezone,
        locale=workspace.locale,
        links=delivery.read("links", _as_url, ""),
        receivers=read_receivers(top.section("receiver"), variables, Guard(networks)),
        route=_route(top.section("route"), usual.route, ROOT),
        threshold_rules=tuple(_threshold_rule(section) for section in top.sections("threshold")),
        labels=tuple(_label_rule(section) for section in top.sections("label")),
        inhibitions=tuple(_inhibition(section) for section in top.sections("inhibit")),
        maintenance=tuple(_maintenance(section) for section in top.sections("maintenance")),
        windows={name: _window(window, workspace.timezone) for name, window in _named(top.section("window")).items()},
        people={name: _person(person) for name, person in _named(top.section("person")).items()},
        rotations={
            name: _rotation(section, workspace.timezone) for name, section in _named(top.section("rotation")).items()
        },
        escalations={name: _escalation(escalation) for name, escalation in _named(top.section("escalation")).items()},
        budgets=tuple(_budget(section) for section in top.sections("budget")),
        forecasts=tuple(_forecast(section) for section in top.sections("forecast")),
        rules=read_rules(top.sections("rule"), workspace),
    )
    incidents.close()
    delivery.close()
    return settings


def _named(table: Table) -> dict[str, Table]:
    return {name: table.section(name) for name in table.data}


def _us(table: Table, key: str, default: int) -> int:
    accept = as_duration if default else as_delay
    return int(table.read(key, accept, default / 1_000_000) * 1_000_000)


def _wait_us(table: Table, key: str, default: int) -> int:
    return int(table.read(key, _AS_WAIT if default else _AS_DELAY, default / 1_000_000) * 1_000_000)


def _thresholds(table: Table) -> Thresholds:
    usual = Thresholds()
    bad, of = table.read("open", parse_open, (usual.bad, usual.of))
    return Thresholds(bad, of, table.read("close", as_count(1, 100), usual.good))


def _threshold_rule(table: Table) -> ThresholdRule:
    rule = ThresholdRule(_matchers(table), _thresholds(table))
    table.close()
    return rule


def _stability(table: Table) -> Stability:
    usual = Stability()
    return Stability(
        relapses=table.read("relapses", as_count(2, 100), usual.relapses),
        window_us=_us(table, "flap_window", usual.window_us),
        calm_us=_us(table, "flap_calm", usual.calm_us),
        reopen_us=_us(table, "reopen", usual.reopen_us),
    )


def _matchers(table: Table, key: str = "match", *, needed: bool = True) -> tuple[Matcher, ...]:
    nothing: tuple[Matcher, ...] = ()
    if not needed:
        return table.read(key, _as_matchers, nothing)
    return table.require(key, _as_matchers, nothing, '["kind=journey"]')


def _label_rule(table: Table) -> LabelRule:
    added = table.section("set")
    labels = {name: added.read(name, as_any_text, "") for name in added.data}
    if labels.get("severity", Severity.INFO) not in list(Severity):
        fix = f"write one of: {', '.join(Severity)}"
        added.report("severity", f'= "{labels["severity"]}" is no severity', fix, "out-of-range")
    for name in sorted(OWN_LABELS & labels.keys()):
        added.report(name, "is a label that Outrider sets itself", "choose another name", "bad-label")
    rule = LabelRule(_matchers(table), labels)
    table.close()
    return rule


def _inhibition(table: Table) -> Inhibition:
    inhibition = Inhibition(
        _matchers(table, "source"), _matchers(table, "target"), table.read("equal", as_texts, _NO_TEXTS)
    )
    table.close()
    return inhibition


def _maintenance(table: Table) -> Maintenance:
    windows = table.require("windows", as_texts, _NO_TEXTS, '["night"]')
    maintenance = Maintenance(_matchers(table, needed=False), windows, table.read("comment", as_text, "maintenance"))
    table.close()
    return maintenance


def _budget(table: Table) -> Budget:
    budget = Budget(_matchers(table), table.require("target", _as_target, 0.999, "0.999"))
    table.close()
    return budget


def _forecast(table: Table) -> Forecast:
    limit_s = table.require("limit", as_duration, 1.0, '"2s"')
    forecast = Forecast(_matchers(table), limit_s * 1_000, _us(table, "within", 14 * _DAY_US) / _DAY_US)
    table.close()
    return forecast


def _window(table: Table, timezone: str) -> Window:
    timezone = table.read("timezone", _as_timezone, timezone)
    as_moment = partial(_as_moment, timezone=timezone)
    single = {key: table.read(key, as_moment, None) for key in ("from", "until")}
    window = Window(
        days=table.read("days", _as_days, _NO_TEXTS),
        begin=table.read("begin", _as_minutes, 0),
        end=table.read("end", _as_minutes, _DAY_MINUTES),
        timezone=timezone,
        from_us=single["from"],
        until_us=single["until"],
    )
    if window.begin == window.end:
        table.report("end", "is when it begins", "leave out both for whole days", "out-of-range")
    if window.from_us is not None and window.until_us is not None and window.until_us <= window.from_us:
        table.report("until", "is not later than from", "exchange them", "out-of-range")
    table.close()
    return window


def _person(table: Table) -> tuple[str, ...]:
    receivers = table.require("receivers", as_texts, _NO_TEXTS, '["mail"]')
    table.close()
    return receivers


def _rotation(table: Table, timezone: str) -> Rotation:
    timezone = table.read("timezone", _as_timezone, timezone)
    as_moment = partial(_as_moment, timezone=timezone)
    rotation = Rotation(
        people=table.require("people", as_texts, _NO_TEXTS, '["ada", "ben"]'),
        start_us=table.require("start", as_moment, 0, "2026-01-05T09:00:00"),
        shift_us=int(table.read("shift", _AS_SHIFT, 7 * 86_400.0) * 1_000_000),
        overrides=tuple(_override(section, as_moment) for section in table.sections("override")),
        timezone=timezone,
    )
    if "people" in table.data and not rotation.people:
        table.report("people", "is empty: nobody would ever be on call", "name somebody", "nobody-on-call")
    table.close()
    return rotation


def _override(table: Table, as_moment: Callable[[object], int]) -> Override:
    person = table.require("person", as_text, "", '"ada"')
    override = Override(
        person,
        table.require("from", as_moment, 0, "2026-01-05T09:00:00"),
        table.require("until", as_moment, 0, "2026-01-06T09:00:00"),
    )
    if override.until_us <= override.from_us and "until" in table.data:
        table.report("until", "is not later than from", "exchange them", "out-of-range")
    table.close()
    return override


def _escalation(table: Table) -> Escalation:
    levels = tuple(_level(section) for section in table.sections("level"))
    escalation = Escalation(levels, table.read("rounds", as_count(1, 100), 1), table.read("then", as_text, ""))
    if not levels:
        table.report("level", "is missing: nobody would be notified", "add [[escalation.NAME.level]]", "missing-key")
    table.close()
    return escalation


def _level(table: Table) -> Level:
    level = Level(
        after_us=_wait_us(table, "after", 0),
        receivers=table.read("receivers", as_texts, _NO_TEXTS),
        rotations=table.read("rotations", as_texts, _NO_TEXTS),
    )
    if not level.receivers and not level.rotations:
        table.report("receivers", "is missing: nobody would be notified", "name receivers or rotations", "missing-key")
    table.close()
    return level


def _route(table: Table, above: Route, name: str) -> Route:
    route = Route(
        name=table.read("name", as_text, name),
        matchers=_matchers(table, needed=False),
        receivers=table.read("receivers", as_texts, above.receivers),
        escalation=table.read("escalation", as_any_text, above.escalation),
        group_by=table.read("group_by", as_texts, above.group_by),
        wait_us=_wait_us(table, "wait", above.wait_us),
        interval_us=_wait_us(table, "interval", above.interval_us),
        repeat_us=_us(table, "repeat", above.repeat_us),
        active=table.read("active", as_texts, above.active),
        muted=table.read("muted", as_texts, above.muted),
        goes_on=table.read("continue", as_flag, False),
    )
    below = tuple(
        _route(below, route, f"{route.name}/{index}") for index, below in enumerate(table.sections("routes"), 1)
    )
    table.close()
    return replace(route, routes=below)


def parse_open(value: object) -> tuple[int, int]:
    """Return X and Y of "X of Y".

    Raises:
        Refused: If it is no such thing.
    """
    form = _OPEN.fullmatch(value) if isinstance(value, str) else None
    if form is None or int(form[1]) > int(form[2]):
        raise Refused("is not a threshold", 'write "2 of 3": bad runs among the latest', "out-of-range")
    return int(form[1]), int(form[2])


def _as_matchers(value: object) -> tuple[Matcher, ...]:
    try:
        return tuple(parse_matcher(text) for text in as_texts(value))
    except UsageError as error:
        raise Refused(f"holds no matcher: {error.what}", error.fix, "bad-matcher") from None


def _as_days(value: object) -> tuple[str, ...]:
    days = as_texts(value)
    if not set(days) <= set(DAYS):
        raise Refused("is not a list of days", f"write some of: {', '.join(DAYS)}", "out-of-range")
    return days


def _as_minutes(value: object) -> int:
    form = _HOUR.fullmatch(value) if isinstance(value, str) else None
    minutes = int(form[1]) * 60 + int(form[2]) if form else _DAY_MINUTES + 1
    if minutes > _DAY_MINUTES:
        raise Refused("is not a time of day", 'write "09:00"', "out-of-range")
    return minutes


def _as_timezone(value: object) -> str:
    name = as_text(value)
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise Refused("is not a time zone", 'write an IANA name, such as "Europe/Berlin"', "unknown-timezone") from None
    return name


def _as_moment(value: object, timezone: str) -> int:
    """Return the microseconds UTC of a time; without an offset it is that of a time zone."""
    if not isinstance(value, datetime):
        raise Refused("is not a moment", "write it without quotes: 2026-01-05T09:00:00", "wrong-type")
    return int(value.replace(tzinfo=value.tzinfo or ZoneInfo(timezone)).timestamp() * 1_000_000)


def _as_target(value: object) -> float:
    target = as_share(value)
    if not 0 < target < 1:
        raise Refused("is not a share below one", "write a share such as 0.999", "out-of-range")
    return target


def _as_url(value: object) -> str:
    url = as_text(value)
    check_url(url)
    return url if url.endswith("/") else f"{url}/"


def _as_networks(value: object) -> tuple[str, ...]:
    import ipaddress  # noqa: PLC0415 - few workspaces have any

    networks = as_texts(value)
    for network in networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise Refused("holds no network", 'write "127.0.0.1" or "10.0.0.0/8"', "bad-address") from None
    return networks
