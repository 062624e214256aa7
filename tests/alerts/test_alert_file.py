"""What `scheduler/alerts.toml` may say, and what is said of what it may not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from outrider.alerts import AlertSettings, read_alerts
from outrider.model import ConfigErrors
from outrider.workspace import load

ROOT = Path(__file__).resolve().parents[2]

MAIL = """
[receiver.mail]
kind = "mail"
server = "smtp://localhost"
to = "ops@shop.example"
"""


def read(folder: Path, text: str, **variables: str) -> AlertSettings:
    (folder / "scheduler" / "runbooks").mkdir(parents=True, exist_ok=True)
    (folder / "scheduler" / "runbooks" / "shop.md").write_text("# Shop\n")
    (folder / "outrider.toml").touch()
    (folder / "scheduler" / "alerts.toml").write_text(text, encoding="utf-8")
    return read_alerts(load(folder), variables)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        read(folder, text)
    return [str(problem) for problem in caught.value.problems]


def test_without_the_file_nobody_is_told(tmp_path: Path) -> None:
    """Incidents are kept all the same."""
    (tmp_path / "outrider.toml").touch()

    assert read_alerts(load(tmp_path), {}) == AlertSettings()


@pytest.mark.parametrize("target", ["nowhere.toml", "alerts.toml"])
def test_a_link_that_leads_nowhere_is_not_a_missing_file(tmp_path: Path, target: str) -> None:
    """Nobody would be notified, and nobody would know."""
    (tmp_path / "outrider.toml").write_text("")
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "scheduler" / "alerts.toml").symlink_to(target)

    with pytest.raises(ConfigErrors) as caught:
        read_alerts(load(tmp_path), {})

    assert [problem.slug for problem in caught.value.problems] == ["unreadable-file"]


def test_how_many_false_pages_a_week_are_borne_is_a_number_above_zero(tmp_path: Path) -> None:
    """One by default; none at all is no promise that statistics can keep."""
    assert AlertSettings().false_pages_per_week == 1.0
    assert read(tmp_path, "[incidents]\nfalse_pages_per_week = 0.25\n").false_pages_per_week == 0.25
    [problem] = problems(tmp_path, "[incidents]\nfalse_pages_per_week = 0\n")
    assert "incidents.false_pages_per_week" in problem


def test_the_repository_s_own_file_is_right() -> None:
    """It is the one that a reader copies."""
    settings = read_alerts(load(ROOT), {})

    assert settings.route.receivers
    assert settings.labels


def test_every_example_of_the_document_is_right(tmp_path: Path) -> None:
    """All of them together are one file."""
    document = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    examples = re.findall(r"```toml\n(.*?)```", document, re.DOTALL)

    sources = '[telemetry]\n[sources.metrics]\nkind = "prometheus"\nurl = "http://127.0.0.1:9090"\n'
    (tmp_path / "outrider.toml").write_text(sources, encoding="utf-8")  # rules of queries want them
    settings = read(tmp_path, "\n".join(examples), PAGERDUTY_KEY="key", HOOK_SECRET="secret")

    assert len(settings.receivers) >= 6
    assert settings.escalations
    assert settings.rotations


def test_a_moment_without_offset_is_that_of_the_zone(tmp_path: Path) -> None:
    """A rotation's own zone if it has one, else the workspace's; UTC where nothing is said."""
    text = '[rotation.{0}]\npeople = ["ada"]\nstart = 2026-01-05T09:00:00\n{1}\n'
    people = '[person.ada]\nreceivers = ["hook"]\n[receiver.hook]\nkind = "webhook"\nurl = "https://example.com"\n'
    settings = read(tmp_path, people + text.format("plain", "") + text.format("tokyo", 'timezone = "Asia/Tokyo"'))

    plain, tokyo = settings.rotations["plain"], settings.rotations["tokyo"]
    assert (plain.start_us - tokyo.start_us) // 3_600_000_000 == 9


def test_every_key_is_described() -> None:
    """A key that nobody can read about is no key."""
    document = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    source = "".join(
        (ROOT / "src/outrider/alerts" / name).read_text()
        for name in (
            "alert_file.py",
            "receiver_tables.py",
            *(f"receivers/{module.name}" for module in (ROOT / "src/outrider/alerts/receivers").glob("*.py")),
        )
    )
    keys = set(re.findall(r'(?:read|require|_us|text|needed|texts|flag)\((?:\w+, )?"([a-z_]+)"', source))

    assert len(keys) > 40
    assert [
        key for key in sorted(keys) if not re.search(rf"`{key}`|^{key} = |\b{key} = ", document, re.MULTILINE)
    ] == []


@pytest.mark.parametrize(
    ("text", "slug", "message"),
    [
        ('[route]\nreceivers = ["pager"]', "unknown-name", 'names the receiver "pager", which does not exist'),
        (MAIL + 'fallback = "mail"', "alert-loop", "leads back to itself: mail -> mail"),
        (
            '[escalation.a]\nthen = "b"\n[[escalation.a.level]]\nreceivers = ["mail"]\n'
            '[escalation.b]\nthen = "a"\n[[escalation.b.level]]\nreceivers = ["mail"]\n' + MAIL,
            "alert-loop",
            "escalation.a.then leads back to itself: a -> b -> a",
        ),
        (
            '[[inhibit]]\nsource = ["tier=a"]\ntarget = ["tier=b"]\n'
            '[[inhibit]]\nsource = ["tier=b"]\ntarget = ["tier=a"]',
            "alert-loop",
            "rule 1 mutes, perhaps by others, what it mutes with",
        ),
        ('[[inhibit]]\nsource = ["tier=a"]\ntarget = ["tier=~.*"]', "alert-loop", "rule 1 mutes"),
        ("[rotation.p]\npeople = []\nstart = 2026-01-05T09:00:00Z", "nobody-on-call", "nobody would ever be on call"),
        ('[rotation.p]\npeople = ["ada"]\nstart = 2026-01-05T09:00:00Z', "unknown-name", 'names the person "ada"'),
        ('[rotation.p]\npeople = ["ada"]\nstart = "today"', "wrong-type", "is not a moment"),
        (MAIL + 'body = "{% if %}"', "bad-template", "is no template"),
        ('[[label]]\nmatch = ["a=b"]\nset.runbook = "none.md"', "missing-file", "there is no runbook"),
        ('[[label]]\nmatch = ["a"]\nset.team = "x"', "bad-matcher", "holds no matcher"),
        (f'[[label]]\nmatch = ["a=~{"(" * 500}"]\nset.team = "x"', "bad-matcher", "holds no matcher"),
        ('[[label]]\nmatch = ["a=b"]\nset.severity = "awful"', "out-of-range", "is no severity"),
        ('[incidents]\nopen = "4 of 3"', "out-of-range", "is not a threshold"),
        ("[incidents]\nfalse_pages_per_week = 0", "out-of-range", "from 0.001 to 1000: no evidence counts as rarer"),
        ("[incidents]\nfalse_pages_per_week = 1e9", "out-of-range", "is out of range"),
        ("[incidents]\nfalse_pages_per_week = nan", "out-of-range", "is not finite"),
        ("[incidents]\ncertificate_days = 1e12", "out-of-range", "from 0.01 to 3650"),
        ('[rotation.a]\npeople = ["ada"]\nstart = 2026-01-05T09:00:00\nshift = "1us"', "out-of-range", "from \"1m\""),
        ('[route]\nwait = "90d"', "out-of-range", 'to "30d": nobody is notified meanwhile'),
        ('[route]\ninterval = "0s"', "out-of-range", 'to "30d"'),
        ('[[escalation.a.level]]\nafter = "31d"\nreceivers = ["x"]', "out-of-range", 'from "0s" to "30d"'),
        ('[receiver.x]\nkind = "smoke"', "out-of-range", "is not a choice"),
        ('[receiver.x]\nkind = "apprise"\nurl = "nonsense"', "bad-url", "is not an address that Apprise knows"),
        ('[receiver.x]\nkind = "apprise"\nurl = "json://localhost"', "out-of-range", "is a webhook"),
        ('[receiver.x]\nkind = "webhook"\nurl = "${HOOK}"', "unknown-variable", "names HOOK, which is not set"),
        ('[receiver.x]\nkind = "sentry"\ndsn = "https://sentry.example/1"', "bad-url", "is not a DSN"),
        ('[route]\nactive = ["office"]', "unknown-name", 'names the window "office"'),
        ('[window.w]\ndays = ["someday"]', "out-of-range", "is not a list of days"),
        ('[window.w]\nbegin = "25:00"', "out-of-range", "is not a time of day"),
        ('[delivery]\nnetworks = ["home"]', "bad-address", "holds no network"),
        ('[[budget]]\nmatch = ["a=b"]\ntarget = 1', "out-of-range", "is not a share below one"),
        ('[routes]\n', "unknown-key", "is not a known key"),
        ("[escalation.a]", "missing-key", "nobody would be notified"),
        ("[[escalation.a.level]]", "missing-key", "nobody would be notified"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, slug: str, message: str) -> None:
    """What, where, and what to do."""
    reported = problems(tmp_path, text)

    assert any(message in problem and f"[{slug}]" in problem for problem in reported), reported
    assert all(problem.startswith("scheduler/alerts.toml") for problem in reported)


def test_all_problems_are_told_together(tmp_path: Path) -> None:
    """In the order of the file."""
    reported = problems(tmp_path, '[incidents]\nclose = 0\n[route]\nreceivers = ["a"]\nrepeat = "x"\n')

    assert [problem.split(":")[1] for problem in reported] == ["2", "3", "5"]


@pytest.mark.parametrize(
    ("line", "receiver"),
    [
        (2, '[receiver.m]\nkind = "pigeon"'),
        (2, "[receiver]\nm = 5"),
        (1, "receiver = 5"),
        (1, '[receiver.m]\nurl = "http://x"'),
    ],
)
def test_a_receiver_that_is_wrong_itself_is_not_called_missing(tmp_path: Path, line: int, receiver: str) -> None:
    """One fault is one problem: those who name it are right."""
    (problem,) = problems(tmp_path, f'{receiver}\n[route]\nreceivers = ["m"]\n[person.a]\nreceivers = ["m"]\n')

    assert problem.startswith(f"scheduler/alerts.toml:{line}: ")


def test_routes_inherit_and_may_be_named(tmp_path: Path) -> None:
    """What a route leaves out it has from the one above."""
    settings = read(
        tmp_path,
        MAIL
        + """
[route]
receivers = "mail"
repeat = "1h"
[[route.routes]]
match = ["team=shop"]
[[route.routes]]
name = "night"
wait = "1m"
continue = true
""",
    )

    first, second = settings.route.routes
    assert [problem.name for problem in settings.route.walk()] == ["root", "root/1", "night"]
    assert (first.receivers, first.repeat_us) == (("mail",), 3_600_000_000)
    assert (second.wait_us, second.goes_on) == (60_000_000, True)
