"""What `outrider validate` finds is what `outrider up` refuses, and nothing else is left to refuse."""

from __future__ import annotations

import copy
import json
import math
from contextlib import suppress
from datetime import UTC, date, datetime
from datetime import time as clock
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders import new_store

from outrider.alerts import read_alerts
from outrider.app import validate_workspace
from outrider.app.access.workspace_access import judge_settings, retention
from outrider.app.execution.discovery import discover
from outrider.app.service.examination import examine
from outrider.load import read_profiles
from outrider.model import OutriderError, StoreError
from outrider.probes import read_probes
from outrider.scheduler.maintenance_windows import Windows
from outrider.scheduler.plan import Plan
from outrider.store import Store, check_addresses
from outrider.workspace import Workspace, load

if TYPE_CHECKING:
    from outrider.app.service.examination import Examination

Files = dict[str, dict[str, Any]]

NOW_US = 1_800_000_000_000_000
DAY_US = 86_400_000_000

VALID: Files = {
    "outrider.toml": {
        "workspace": {"name": "shop", "timezone": "Europe/Berlin", "include": [], "exclude": ["films"]},
        "defaults": {"every": "5m", "timeout": "60s", "retries": 1, "jitter": "10s", "locations": ["local"],
            "cron": ""},
        "probes": {"per_host": 8, "late": "50ms", "references": ["127.0.0.1:53"]},
        "load": {"allowed_hosts": ["127.0.0.1"], "busy_above": 0.9, "late": "200ms"},
        "store": {"url": ".outrider/outrider.db", "artifacts": ".outrider/artifacts"},
        "retention": {
            "runs": "395d", "samples": "35d", "other_samples": "14d", "hours": "395d", "days": "1830d",
            "passed_artifacts": "1d", "evidence": "30d",
        },
        "baselines": {"months_per_false_alert": 5, "direction": "up"},
        "env": {"SHOP": "http://127.0.0.1:9"},
        "aliases": {"probe:old": "probe:new"},
    },
    "scheduler/schedule.toml": {
        "check": [{"match": ["*"], "every": "1m", "every_failing": "30s", "priority": 3,
            "cron": "*/5 8-18 * * mon-fri"}],
        "maintenance": [
            {"match": "*", "start": "2027-03-01T22:00", "duration": "2h", "reason": "move"},
            {"match": ["*"], "cron": "0 2 * * sun", "duration": "1h"},
        ],
        "service": {"probes_at_once": 10, "drain": "5s", "alive_url": "http://127.0.0.1:9/", "coverage_over": "1d"},
    },
    "scheduler/alerts.toml": {
        "incidents": {"open": "2 of 3", "close": 3, "within": "5m", "certificate_days": 14, "relapses": 3},
        "delivery": {"networks": ["127.0.0.0/8"], "links": "http://127.0.0.1:9/"},
        "receiver": {
            "mail": {
                "kind": "mail", "server": "smtp://localhost:25", "from": "outrider@localhost",
                "to": ["ops@shop.example"],
                "fallback": "hook", "subject": "{{ message.subject }}",
            },
            "hook": {"kind": "webhook", "url": "http://127.0.0.1:9/", "per_hour": 10},
            "sentry": {"kind": "sentry", "dsn": "https://key@sentry.example/1"},
        },
        "route": {
            "receivers": ["mail"], "wait": "3s", "active": ["day"],
            "routes": [{"match": ["severity=critical"], "escalation": "shop", "continue": True}],
        },
        "window": {
            "day": {"days": ["mon"], "begin": "09:00", "end": "17:00", "timezone": "Europe/Berlin"},
            "once": {"from": datetime(2027, 1, 1, tzinfo=UTC), "until": datetime(2027, 1, 2, tzinfo=UTC)},
        },
        "maintenance": [{"windows": ["once"], "match": ["check=~.*"]}],
        "escalation": {"shop": {"rounds": 2, "level": [{"after": "15m", "rotations": ["shop"]}]}},
        "rotation": {"shop": {"people": ["ada"], "start": datetime(2026, 1, 5, tzinfo=UTC), "shift": "1w"}},
        "person": {"ada": {"receivers": ["mail"]}},
        "budget": [{"match": ["check=~.*"], "target": 0.999}],
        "forecast": [{"match": ["step=~.*"], "limit": "2s", "within": "14d"}],
        "threshold": [{"match": ["check=~.*"], "open": "1 of 1", "close": 2}],
        "label": [{"match": ["check=~.*"], "set": {"team": "shop"}}],
        "inhibit": [{"source": ["problem=failure"], "target": ["problem=degradation"], "equal": ["location"]}],
    },
    "reports/weekly.toml": {"title": "Shop", "objective": 0.99, "mail": ["mail"], "cron": "0 7 * * mon",
        "detailed": 3},
    "probes/shop.toml": {
        "home": {"kind": "http", "url": "${SHOP}/", "every": "1m"},
        "port": {"kind": "tcp", "address": "127.0.0.1:9", "cron": "0 * * * *", "jitter": "5s"},
    },
}  # fmt: skip


def as_toml(value: object) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {as_toml(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(as_toml, value)) + "]"
        case datetime() | date() | clock():
            return value.isoformat()
        case float() if not math.isfinite(value):
            return str(value)
        case _:
            return json.dumps(value)


def write(root: Path, files: Files) -> None:
    for name, tables in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{json.dumps(key)} = {as_toml(value)}\n" for key, value in tables.items()), "utf-8")


def changed(path: str, value: object) -> Files:
    """Return the valid files with one value changed, or removed if it is None; `path` is "file: key/key/key"."""
    files = copy.deepcopy(VALID)
    file, keys = path.split(": ")
    *around, last = [int(key) if key.isdigit() else key for key in keys.split("/")]
    inside: Any = files[file]
    for key in around:
        inside = inside[key]
    if value is None:
        del inside[last]
    else:
        inside[last] = value
    return files


def examined(root: Path) -> tuple[Workspace, Examination]:
    """Look at a workspace as `validate` and `up` do, with no journey to collect."""
    workspace = load(root)
    values = dict(workspace.env)
    probes = read_probes(workspace, values, others={"load"})
    return workspace, examine(workspace, discover(workspace, probes, read_profiles(workspace, values)))


def test_a_valid_workspace_has_no_problem(tmp_path: Path) -> None:
    """What the others change is right to begin with."""
    write(tmp_path, VALID)

    _, examination = examined(tmp_path)

    assert (examination.problems, examination.refusals) == ((), ())
    assert len(examination.checks) == 2


@pytest.mark.parametrize(
    ("path", "value", "slug"),
    [
        ("outrider.toml: workspace/timezone", "Mars/Base", "unknown-timezone"),
        ("outrider.toml: defaults/jitter", "-1s", "bad-duration"),
        ("outrider.toml: retention/samples", "400d", "retention-order"),
        ("outrider.toml: retention/other_samples", "36d", "retention-order"),
        ("outrider.toml: retention/hours", "1831d", "retention-order"),
        ("outrider.toml: retention/evidence", "396d", "retention-order"),
        ("outrider.toml: retention/passed_artifacts", "31d", "retention-order"),
        ("outrider.toml: store/url", "oracle://host/outrider", "store-url"),
        ("outrider.toml: store/url", "nonsense://host/outrider", "store-url"),
        ("outrider.toml: store/url", "postgresql://host:port/outrider", "store-url"),
        ("outrider.toml: store/artifacts", "nonsense://bucket", "store-url"),
        ("scheduler/schedule.toml: check/0/cron", "61 * * * *", "bad-cron"),
        ("scheduler/schedule.toml: check/0/cron", "0 0 30 2 *", "cron-never"),
        ("scheduler/schedule.toml: maintenance/1/cron", "* * *", "bad-cron"),
        ("scheduler/schedule.toml: maintenance/1/cron", "0 0 30 2 *", "cron-never"),
        ("scheduler/schedule.toml: maintenance/1/duration", "0s", "out-of-range"),
        ("scheduler/schedule.toml: maintenance/1/duration", "90000d", "out-of-range"),
        ("scheduler/schedule.toml: service/alive_every", "1us", "out-of-range"),
        ("scheduler/schedule.toml: service/coverage_over", "1us", "out-of-range"),
        ("scheduler/schedule.toml: service/drain", "90d", "out-of-range"),
        ("scheduler/schedule.toml: maintenance/0/start", "9999-12-31T23:59", "bad-time"),
        ("scheduler/alerts.toml: window/day/timezone", "Mars/Base", "unknown-timezone"),
        ("scheduler/alerts.toml: receiver/mail/server", "smtp://x:y:z", "bad-url"),
        ("scheduler/alerts.toml: receiver/mail/server", "smtp://host:0", "bad-url"),
        ("scheduler/alerts.toml: receiver/mail/server", "smtp://[nowhere]", "bad-url"),
        ("scheduler/alerts.toml: receiver/mail/to", ["not an address"], "bad-address"),
        ("scheduler/alerts.toml: receiver/mail/to", ["ops@"], "bad-address"),
        ("scheduler/alerts.toml: receiver/mail/to", ["\\@["], "bad-address"),
        ("scheduler/alerts.toml: receiver/mail/to", [" .<"], "bad-address"),
        ("scheduler/alerts.toml: receiver/mail/to", ["ops@shop.example, dev@shop.example"], "bad-address"),
        ("scheduler/alerts.toml: receiver/mail/to", [], "out-of-range"),
        ("scheduler/alerts.toml: receiver/mail/from", "outrider", "bad-address"),
        ("scheduler/alerts.toml: receiver/hook/url", "https://host:port/", "bad-url"),
        ("scheduler/alerts.toml: receiver/sentry/dsn", "https://key@host:port/1", "bad-url"),
        ("probes/shop.toml: home/id", "service:x", "bad-check-id"),
        ("outrider.toml: aliases/probe:old", "issue:7", "bad-check-id"),
        ("outrider.toml: load/allowed_hosts", ["10.0.0.0/99"], "bad-address"),
        ("outrider.toml: load/allowed_hosts", ["["], "bad-address"),
        ("outrider.toml: load/allowed_hosts", ["http://shop.example"], "bad-address"),
        ("outrider.toml: load/allowed_hosts", ["shop.example:80"], "bad-address"),
        ("outrider.toml: store/url", ":memory:", "store-url"),
        ("scheduler/alerts.toml: window/once/until", datetime(2026, 1, 2, tzinfo=UTC), "out-of-range"),
        ("scheduler/alerts.toml: label/0/set", {"check": "x"}, "bad-label"),
        ("reports/weekly.toml: mail", ["nobody"], "bad-report"),
        ("reports/weekly.toml: cron", "0 7 * *", "bad-cron"),
        ("reports/weekly.toml: cron", "0 0 30 2 *", "cron-never"),
        ("reports/weekly.toml: objective", 2.0, "bad-report"),
    ],
)
def test_validate_reports_what_up_would_refuse(tmp_path: Path, path: str, value: object, slug: str) -> None:
    """The problem has its slug and advice, and stands alone."""
    write(tmp_path, changed(path, value))

    problems = validate_workspace(tmp_path).problems

    assert {problem.slug for problem in problems} == {slug}
    assert all(problem.fix for problem in problems)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("scheduler/alerts.toml: receiver/mail/to", "Operations <ops@shop.example>"),
        ("scheduler/alerts.toml: receiver/mail/to", ["root@localhost", "user+tag@xn--shp-0na.example"]),
        ("scheduler/alerts.toml: receiver/mail/server", "smtps://user:p%40ss@[::1]:465"),
        ("outrider.toml: retention/hours", None),
        ("outrider.toml: defaults/jitter", "0s"),
        (
            "outrider.toml: load/allowed_hosts",
            ["*.shop.example", "web[0-9]", "10.0.0.0/8", "::1", "fd00::*", "fd00::/8"],
        ),
    ],
)
def test_validate_accepts_what_works(tmp_path: Path, path: str, value: object) -> None:
    """Strictness must not refuse a name before an address, an IPv6 host or a default."""
    write(tmp_path, changed(path, value))

    assert [str(problem) for problem in validate_workspace(tmp_path).problems] == []


def test_a_default_of_retention_follows_what_is_written(tmp_path: Path) -> None:
    """Samples kept for longer than the usual age of hours are no contradiction if nobody wrote that age."""
    files = changed("outrider.toml: retention", {"samples": "500d", "runs": "500d"})
    write(tmp_path, files)

    assert validate_workspace(tmp_path).problems == ()


@pytest.mark.parametrize(("cron", "slug"), [("61 * * * *", "bad-cron"), ("0 0 30 2 *", "cron-never")])
def test_a_cron_of_the_schedule_is_reported_in_the_schedule(tmp_path: Path, cron: str, slug: str) -> None:
    """The line to correct is that of the rule, not that of a check which it matches."""
    write(tmp_path, changed("scheduler/schedule.toml: check/0/cron", cron))
    lines = (tmp_path / "scheduler/schedule.toml").read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if cron in text)

    (problem,) = validate_workspace(tmp_path).problems

    assert (problem.slug, str(problem.where)) == (slug, f"scheduler/schedule.toml:{line}")


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("url", "/proc/x.db"),
        ("url", "random.db"),
        ("url", "random.db/x.db"),
        ("artifacts", "/proc/x"),
        ("artifacts", "random.db"),
    ],
)
def test_validate_reports_the_store_that_up_cannot_open(tmp_path: Path, key: str, place: str) -> None:
    """The problem is the one that opening the store gives, and the other half of the store is not created."""
    write(tmp_path, changed(f"outrider.toml: store/{key}", place))
    (tmp_path / "random.db").write_bytes(bytes(range(1, 256)) * 16)
    workspace = load(tmp_path)

    (problem,) = validate_workspace(tmp_path).problems

    assert not (tmp_path / ".outrider/artifacts").exists()
    assert not (tmp_path / ".outrider/outrider.db").exists()
    with pytest.raises(StoreError) as refused:
        Store.open(workspace.store_url, artifacts=workspace.artifacts_url)
    assert (problem.slug, problem.fix) == (refused.value.slug, refused.value.fix)


def test_an_artifact_folder_that_cannot_be_used_is_named_with_what_to_do(tmp_path: Path) -> None:
    """Advice about a database server does not help with a folder."""
    write(tmp_path, changed("outrider.toml: store/artifacts", "/proc/x"))

    (problem,) = validate_workspace(tmp_path).problems

    assert problem.what.startswith("/proc/x: ")
    assert "database" not in problem.what
    assert "another folder as artifacts of [store]" in problem.fix


def test_validate_leaves_nothing_beside_a_store_that_it_only_looks_at(tmp_path: Path) -> None:
    """No write-ahead log and no index of one; a log that a service writes at the moment is read and left alone."""
    write(tmp_path, VALID)
    workspace = load(tmp_path)
    with Store.open(workspace.store_url, artifacts=workspace.artifacts_url):
        assert validate_workspace(tmp_path).problems == ()
        assert (tmp_path / ".outrider/outrider.db-wal").exists()
    before = sorted(path.name for path in (tmp_path / ".outrider").iterdir())

    assert validate_workspace(tmp_path).problems == ()
    assert sorted(path.name for path in (tmp_path / ".outrider").glob("outrider.db*")) == ["outrider.db"]
    assert set(before) <= {path.name for path in (tmp_path / ".outrider").iterdir()}


@pytest.mark.parametrize(
    ("path", "value", "note"),
    [
        (
            "scheduler/schedule.toml: maintenance/0/match", "hom",
            'scheduler/schedule.toml:2: [[maintenance]] "hom" matches no check; known: probe:',
        ),
        ("scheduler/alerts.toml: maintenance/0/match", ["check=hom"], "[[maintenance]] 'check=hom' matches no check"),
        ("scheduler/alerts.toml: threshold/0/match", ["tag=x"], "[[threshold]] 'tag=x' matches no check"),
        ("scheduler/alerts.toml: budget/0/match", ["location=x"], "[[budget]] 'location=x' matches no check"),
        ("scheduler/alerts.toml: inhibit/0/source", ["team=x"], "[[inhibit]] source 'team=x' matches no check"),
        (
            "scheduler/alerts.toml: route/routes/0/match", ["kind=journey", "severity=critical"],
            "'kind=journey' and 'severity=critical' matches no check",
        ),
        ("scheduler/alerts.toml: maintenance/0/match", ["kind=service", "service=x"], ""),
        ("scheduler/alerts.toml: maintenance/0/match", ["severity=critical", "step=never"], ""),
        ("scheduler/alerts.toml: inhibit/0/source", ["team=shop", "problem=failure"], ""),
    ],
)  # fmt: skip
def test_a_rule_that_matches_no_check_is_noted(tmp_path: Path, path: str, value: object, note: str) -> None:
    """It is valid, and silently without effect; what only incidents or other subjects have is left open."""
    write(tmp_path, changed(path, value))

    _, examination = examined(tmp_path)

    assert (examination.problems, examination.refusals) == ((), ())
    assert [note in said for said in examination.notes] == ([True] if note else [])


def test_nothing_is_noted_of_rules_where_checks_cannot_be_read(tmp_path: Path) -> None:
    """What a rule means may be among them."""
    files = changed("scheduler/alerts.toml: maintenance/0/match", ["check=home"])
    files["probes/shop.toml"]["home"]["kind"] = "odd"
    write(tmp_path, files)

    _, examination = examined(tmp_path)

    assert examination.problems
    assert examination.notes == ()


@pytest.mark.parametrize(
    ("driver", "told"), [("postgresql+psycopg", ""), ("postgresql+psycopg2", "[postgres]"), ("mysql", "experimental")]
)
def test_a_database_that_nobody_tried_and_a_missing_driver_are_said(tmp_path: Path, driver: str, told: str) -> None:
    """No server is asked: that is for the service."""
    write(tmp_path, changed("outrider.toml: store/url", f"{driver}://host/outrider"))

    result = validate_workspace(tmp_path)

    assert [told in words for words in (*result.notes, *map(str, result.problems))] == [True] * bool(told)


VALUES = st.one_of(
    st.sampled_from(
        [
            "", " ", "0s", "1us", "0.0001us", "99999d", "1h", "-1s", "5x", "UTC", "Mars/Base", "America/Havana",
            "local",
            "* * * * *", "0 0 30 2 *", "0 0 29 2 *", "*/0 * * * *", "1-0 * * * *", "0 0 1 1 sun-mon/2", "a b c d e",
            "60 * * * *", "0 24 * * *", "59 23 31 12 7", "* * * * mon-", "9-1,3 * * * sat-mon", "smtp://x:y:z",
            "smtp://", "smtps://[::1", "not an address", "a@b", "a@", "@", "<>", "a@b, c@d", "http://", "http://[x]/",
                "http://h:0",
            "0001-01-01T00:00", "9999-12-31T23:59", "2027-03-28T02:30", "2027-13-01", "24:00", "09:00", "3 of 2",
            "1 of 1",
            "{{ x", "{{ message.subject }}", "${SHOP}", "${", "${NOPE}", "check=~(", "check=~.*", "=", "mail", "shop",
            "day", "gopher://x", "postgresql://x", "sqlite://", "sqlite:///x.db", "sqlite:///:memory:", "::1",
            "[::1]:80",
            "1.2.3.4/33", "x" * 300, "\x00", "\u2028", "é", "up", "both", "skip", "..", "/etc", "%", "%s", "a:b",
            "a:99999",
        ]
    ),
    st.sampled_from(
        [
            0, 1, -1, 2**31, 2**63, 10**30, 0.0, 0.5, 1.0, -0.5, 1e308, 5e-324, math.inf, -math.inf, math.nan,
            True, False,
            [], [""], ["*"], [[]], [1], ["mail", "mail"], {}, {"a": 1}, {"kind": "mail"}, [{}], [{"match": "*"}],
        ]
    ),
    st.datetimes(timezones=st.sampled_from([None, UTC])),
    st.dates(), st.times(), st.text(max_size=12), st.integers(),
)  # fmt: skip


def places(inside: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every value of the files, whole tables and lists included."""
    items: list[tuple[Any, object]] = []
    if isinstance(inside, dict):
        items = list(inside.items())
    elif isinstance(inside, list):
        items = list(enumerate(inside))
    return [deeper for key, value in items for deeper in [(*path, key), *places(value, (*path, key))]]


PLACES = [path for path in places(VALID) if len(path) > 1]
MUTATIONS = st.lists(st.tuples(st.sampled_from(PLACES), st.one_of(st.none(), VALUES)), min_size=1, max_size=3)


def mutated(mutations: list[tuple[tuple[str | int, ...], object]]) -> Files:
    """Return the valid files with values exchanged, or removed where None is given."""
    files = copy.deepcopy(VALID)
    for (*around, last), value in mutations:
        inside: Any = files
        try:
            for key in around:
                inside = inside[key]
            if value is None:
                del inside[last]
            else:
                inside[last] = copy.deepcopy(value)
        except (KeyError, IndexError, TypeError):  # an earlier mutation took what is around it
            continue
    return files


@pytest.mark.slow
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(MUTATIONS)
def test_whatever_is_accepted_can_be_scheduled_alerted_and_kept(mutations: list[Any]) -> None:
    """A mutated configuration gives problems of ours or a workspace that runs; never another exception."""
    files = mutated(mutations)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        try:
            write(root, files)
        except UnicodeEncodeError:
            return
        try:
            workspace, examination = examined(root)
        except OutriderError:
            return
        if examination.refusals:
            return
        use(workspace, examination)


def use(workspace: Workspace, examination: Examination) -> None:
    """Do what the service does with a state of the workspace that it did not refuse."""
    plan = Plan(examination.checks, workspace.timezone, NOW_US)
    windows = Windows(workspace.maintenance, workspace.timezone)
    for due in plan.until(NOW_US + DAY_US, most=20):
        windows.why_closed(due.check, due.due_us)
        plan.note_result((due.check.id, due.location), due.due_us, good=False)
    judge_settings(workspace)
    alerts = read_alerts(workspace, dict(workspace.env))
    for route in alerts.route.walk():
        route.find({"severity": "critical"})
    for window in alerts.windows.values():
        window.holds(NOW_US)
    for rotation in alerts.rotations.values():
        rotation.on_call(NOW_US)
    alerts.thresholds_for({})
    alerts.labelled({})
    with new_store(workspace.root / "kept.db", artifacts=workspace.root / "kept") as store:
        store.prune(NOW_US, retention(workspace))
    with suppress(OutriderError):  # a driver that is missing, or an address that leads nowhere
        check_addresses(workspace.store_url, artifacts=workspace.artifacts_url)


LONG = "a" * 5_000
NAMED = [
    ("outrider.toml", '[journeys]\npaths = ["{0}"]'),
    ("outrider.toml", '[store]\nurl = "{0}.db"'),
    ("outrider.toml", '[store]\nartifacts = "{0}"'),
    ("outrider.toml", '[browser]\nexecutable = "{0}"'),
    ("outrider.toml", '[secrets]\nA = {{file = "{0}"}}'),
    ("probes/a.toml", '[a]\nkind = "http"\nurl = "http://x/"\ncertificate = "{0}"\nkey = "{0}"'),
    ("probes/a.toml", '[a]\nkind = "http"\nurl = "http://x/"\nfiles = {{a = {{file = "{0}"}}}}'),
    ("probes/a.toml", '[a]\nkind = "command"\ncommand = ["true"]\nfolder = "{0}"'),
    ("probes/a.toml", '[a]\nkind = "load"\nfile = "{0}"'),
    ("probes/a.toml", '[a]\nkind = "load"\nlocustfile = "x.py"\nfolder = "{0}"'),
    ("scheduler/alerts.toml", '[[label]]\nmatch = ["kind=probe"]\nset.runbook = "{0}"'),
]


@pytest.mark.parametrize("name", [LONG, f"{'x' * 200}/" * 40, "~nobody-of-this-name/x", "\\u0000", "loop/x"])
@pytest.mark.parametrize(("file", "text"), NAMED)
def test_a_path_that_no_file_system_takes_is_a_problem_of_its_setting(
    tmp_path: Path, file: str, text: str, name: str
) -> None:
    """Too long, of an unknown user, with a NUL, or through a link that leads to itself: nothing raises."""
    (tmp_path / "outrider.toml").touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text.format(name))

    validation = validate_workspace(tmp_path)

    assert all(problem.slug for problem in validation.problems)
