"""From the files of a workspace to frozen settings."""

import os
from pathlib import Path

import pytest

from outrider.model import ConfigError, ConfigErrors, Policy
from outrider.workspace import JourneySettings, ServerSettings, Workspace, find_root, load, store_address

COMPLETE = """
[workspace]
name = "shop"
timezone = "UTC"
include = [".env"]
exclude = ["films", "*.mp4"]

[defaults]
every = "10m"
timeout = "90s"
retries = 2
evidence = false
locations = ["berlin", "oslo"]
environment = "staging"
tags = ["web"]
enabled = false

[journeys]
paths = ["e2e"]
runs_per_worker = 3
concurrency = 2
starved_above = 0.5
main_thread = false

[browser]
name = "firefox"
executable = "/opt/browser"
channel = "msedge"

[store]
url = "results.db"
artifacts = "s3://bucket/artifacts"

[secrets]
PASSWORD = {env = "SHOP_PASSWORD"}
TOKEN = {file = "token.txt"}

[sessions.customer]
fixture = "signed_in"
lifetime = "30m"

[env]
SHOP_URL = "http://127.0.0.1:8000"
EMPTY = ""

[aliases]
"journey:a::one" = "journey:b::one"
"journey:b::one" = "journey:c::one"

[retention]
runs = "90d"
samples = "14d"
passed_artifacts = "2d"
evidence = "7d"

[capabilities]
journeys = true
probes = false
load = false
injection = false
"""

SCHEDULE = """
[[check]]
match = "journeys/checkout*"
every = "1m"
session = "customer"

[[check]]
match = ["tag:slow",
         "test_search"]
timeout = "2m"
"""


def workspace(root: Path, settings: str = "", schedule: str | None = None) -> Path:
    """Write a workspace and return its root."""
    (root / "outrider.toml").write_text(settings)
    (root / "e2e").mkdir(exist_ok=True)
    if schedule is not None:
        (root / "scheduler").mkdir()
        (root / "scheduler" / "schedule.toml").write_text(schedule)
    return root


def problems_of(root: Path) -> list[str]:
    """Return all problems as "file:line slug"."""
    with pytest.raises(ConfigErrors) as caught:
        load(root)
    assert all(problem.fix for problem in caught.value.problems)
    return [f"{problem.where} {problem.slug}" for problem in caught.value.problems]


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    """Every key has a default; the name is that of the folder."""
    loaded = load(workspace(tmp_path))

    assert loaded == Workspace(root=tmp_path.resolve(), name=tmp_path.name)
    assert loaded.journeys == JourneySettings(("journeys",), 5, 1, 0.8)


def test_every_key_arrives(tmp_path: Path) -> None:
    """What is written is what is loaded."""
    loaded = load(workspace(tmp_path, COMPLETE, SCHEDULE))

    assert (loaded.name, loaded.include, loaded.exclude) == ("shop", (".env",), ("films", "*.mp4"))
    assert loaded.defaults == Policy(
        600.0, 90.0, 2, False, ("berlin", "oslo"), "staging", frozenset({"web"}), enabled=False
    )
    assert loaded.journeys == JourneySettings(("e2e",), 3, 2, 0.5, main_thread=False)
    assert (loaded.browser.name, loaded.browser.executable, loaded.browser.channel) == (
        "firefox",
        "/opt/browser",
        "msedge",
    )
    assert (loaded.secrets["PASSWORD"].env, loaded.secrets["TOKEN"].file) == ("SHOP_PASSWORD", "token.txt")
    assert (loaded.sessions["customer"].fixture, loaded.sessions["customer"].lifetime_s) == ("signed_in", 1800.0)
    assert loaded.env == {"SHOP_URL": "http://127.0.0.1:8000", "EMPTY": ""}
    assert (loaded.retention.runs_s, loaded.retention.samples_s) == (90 * 86_400, 14 * 86_400)
    assert (loaded.capabilities.journeys, loaded.capabilities.load) == (True, False)


def test_rules_keep_their_order_and_place(tmp_path: Path) -> None:
    """Each pattern of a list knows its own line."""
    loaded = load(workspace(tmp_path, COMPLETE, SCHEDULE))

    assert [(pattern.text, str(pattern.place)) for rule in loaded.schedule for pattern in rule.patterns] == [
        ("journeys/checkout*", "scheduler/schedule.toml:3"),
        ("tag:slow", "scheduler/schedule.toml:8"),
        ("test_search", "scheduler/schedule.toml:9"),
    ]
    assert [rule.overrides.every_s for rule in loaded.schedule] == [60.0, None]


@pytest.mark.parametrize(
    ("settings", "problem", "message"),
    [
        ('[defaults]\nevery = "5x"', ":2 bad-duration", 'defaults.every = "5x" is not a duration'),
        ("[defaults]\nevery = 5", ":2 bad-duration", "defaults.every = 5 is not a duration"),
        ('[defaults]\nevery = "0s"', ":2 out-of-range", 'defaults.every = "0s" is out of range'),
        ('[defaults]\nevery = "99999999d"', ":2 out-of-range", "is out of range"),
        ("[defaults]\nretries = true", ":2 wrong-type", "defaults.retries = true is not a whole number"),
        ("[defaults]\nretries = -1", ":2 out-of-range", "defaults.retries = -1 is out of range"),
        ('[defaults]\nenabled = "no"', ":2 wrong-type", 'defaults.enabled = "no" is neither true nor false'),
        ("[defaults]\ntags = [1]", ":2 wrong-type", "defaults.tags = [1] is not a list of texts"),
        ('[defaults]\ntags = [""]', ":2 out-of-range", "holds an empty text"),
        ('[defaults]\nsession = "x"', ":2 unknown-key", "defaults.session is not a known key"),
        ('[defaults]\nevry = "1m"', ":2 unknown-key", 'did you mean "every"?'),
        ("[defalts]", ":1 unknown-key", 'did you mean "defaults"?'),
        ('[probes]\nreferences = ["one.example"]', ":2 bad-address", "write host:port"),
        ("[probes]\nper_host = 0", ":2 out-of-range", "from 1 to 1000"),
        ("[weather]", ":1 unknown-key", "known: workspace, secrets"),
        ("defaults = 1", ":1 wrong-type", "defaults = 1 is not a table"),
        ("[baselines]\nfloor_ms = -1", ":2 out-of-range", "write a number from 0 to 3600000: above an hour nothing"),
        ("[baselines]\nfloor_ms = nan", ":2 out-of-range", "is not finite"),
        ("[baselines]\nfloor_ms = 1e300", ":2 out-of-range", "is out of range"),
        (f"[baselines]\nfloor_ms = {'9' * 400}", ":2 out-of-range", "is not finite"),
        ("[baselines]\nmonths_per_false_alert = 0", ":2 out-of-range", "from 0.1 to 1200: the judge's limits were"),
        ("[baselines]\nmonths_per_false_alert = 0.001", ":2 out-of-range", "0.001 is out of range"),
        ("[baselines]\nmonths_per_false_alert = 1e12", ":2 out-of-range", "no past tells more than a century"),
        ("[baselines]\nmonths_per_false_alert = true", ":2 wrong-type", "is not a number"),
        ('[defaults]\nevery = "1us"', ":2 out-of-range", 'from "100ms" to "366d": more often is a load'),
        ('[defaults]\nevery_failing = "1us"', ":2 out-of-range", "from "),
        ('[defaults]\ntimeout = "1us"', ":2 out-of-range", 'from "1ms" to "31d"'),
        ("[baselines]\nmonths_per_false_alert = inf", ":2 out-of-range", "is not finite"),
        ('[workspace]\nname = ""', ":2 out-of-range", 'workspace.name = "" is empty'),
        ('[workspace]\nname = "a\\nb"\ntimezone = 1', ":3 wrong-type", "workspace.timezone = 1 is not text"),
        ('[workspace]\ntimezone = "Mars/Base"', ":2 unknown-timezone", '"Mars/Base" is not a time zone'),
        ('[workspace]\n\nlocale = "dee"', ":3 out-of-range", 'workspace.locale = "dee" is not a choice'),
        ('[workspace]\ntimezone = "../etc"', ":2 unknown-timezone", "is not a time zone"),
        ('[journeys]\npaths = ["e2e", "nowhere"]', ":2 missing-folder", 'journeys.paths names "nowhere"'),
        ('[journeys]\npaths = ["e2e", "*/nowhere"]', ":2 missing-folder", 'journeys.paths names "*/nowhere"'),
        ('[journeys]\npaths = ["**e2e"]', ":2 missing-folder", 'journeys.paths names "**e2e"'),
        ('[journeys]\npaths = "../x"', ":2 out-of-range", "leads out of the workspace"),
        ('[workspace]\ninclude = ["/etc"]', ":2 out-of-range", "leads out of the workspace"),
        ("[journeys]\nstarved_above = 80", ":2 out-of-range", "journeys.starved_above = 80 is not a share"),
        ('[journeys]\nstarved_above = "x"', ":2 wrong-type", "is not a number"),
        ('[browser]\nname = "chrome"', ":2 out-of-range", "chromium"),
        ('[secrets]\nA = "hunter2"', ":2 secret-source", "does not say where its value comes from"),
        ("[secrets]\nA = {}", ":2 secret-source", "does not say where its value comes from"),
        ('[secrets]\nA = {env = "X", file = "y"}', ":2 secret-source", "does not say where"),
        ('[secrets]\n"a b" = {env = "X"}', ":2 bad-name", 'secrets."a b" is not a name of a secret'),
        ("[sessions.x]\n", ":1 missing-key", "sessions.x.fixture is missing"),
        ("[env]\nPORT = 80", ":2 wrong-type", "env.PORT = 80 is not text"),
        ('[env]\n"A-B" = "x"', ":2 bad-name", "is not a name of a variable"),
        ('[secrets]\nA = {env = "X"}\n[env]\nA = "x"', ":4 duplicate-name", "env.A is a secret too"),
        ('[aliases]\na = "b"\nb = "c"\nc = "b"', ":3 alias-loop", "aliases.b leads back to itself"),
        ('[aliases]\na = "a"', ":2 alias-loop", "aliases.a leads back to itself"),
        ('[aliases]\na = "page:b"', ":2 bad-check-id", 'aliases.a = "page:b" begins with the kind "page"'),
        ("a = [", ":1 broken-toml", "is not TOML"),
    ],
)
def test_a_problem_says_what_where_and_what_to_do(tmp_path: Path, settings: str, problem: str, message: str) -> None:
    """One mistake gives one problem with its line, its slug and advice."""
    root = workspace(tmp_path, settings)

    problems = problems_of(root)

    assert problems == [f"outrider.toml{problem}"]
    with pytest.raises(ConfigErrors) as caught:
        load(root)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ('[[check]]\nevery = "1m"', ":1 missing-key"),
        ('[check]\nmatch = "a"', ":1 wrong-type"),
        ('[[check]]\nmatch = ""', ":2 out-of-range"),
        ('[[check]]\nmatch = "a"\nid = "b"', ":3 unknown-key"),
        ('[[check]]\nmatch = "a"\nsession = "nobody"', ":3 unknown-session"),
        ('[[checks]]\nmatch = "a"', ":1 unknown-key"),
        ('[[check]\nmatch = "a"', ":1 broken-toml"),
    ],
)
def test_problems_of_the_schedule_are_told_alike(tmp_path: Path, schedule: str, problem: str) -> None:
    """The schedule's problems carry the schedule's own file and line."""
    assert problems_of(workspace(tmp_path, "", schedule)) == [f"scheduler/schedule.toml{problem}"]


def test_the_value_of_a_secret_in_the_wrong_place_is_not_shown(tmp_path: Path) -> None:
    """Who writes the secret itself into the file is not betrayed by the message."""
    workspace(tmp_path, '[secrets]\nA = "hunter2"\nB = {value = "hunter3"}')

    with pytest.raises(ConfigErrors) as caught:
        load(tmp_path)

    assert "hunter" not in str(caught.value)


def test_all_problems_of_both_files_come_together_in_reading_order(tmp_path: Path) -> None:
    """Nobody has to correct one mistake to see the next."""
    root = workspace(
        tmp_path, '[secrets]\nA = 1\n[defaults]\nevery = "x"\nretries = "y"\n[nope]', "[[check]]\nmatch = 3\nevery = 1"
    )

    assert problems_of(root) == [
        "outrider.toml:2 secret-source",
        "outrider.toml:4 bad-duration",
        "outrider.toml:5 wrong-type",
        "outrider.toml:6 unknown-key",
        "scheduler/schedule.toml:2 wrong-type",
        "scheduler/schedule.toml:3 bad-duration",
    ]


def test_a_broken_file_raises_no_false_alarm_about_the_other(tmp_path: Path) -> None:
    """Sessions that could not be read are not called unknown."""
    root = workspace(tmp_path, "[sessions.a", '[[check]]\nmatch = "x"\nsession = "a"\nretries = "y"')

    assert problems_of(root) == ["outrider.toml:1 broken-toml", "scheduler/schedule.toml:4 wrong-type"]


def test_a_folder_without_settings_is_no_workspace(tmp_path: Path) -> None:
    """The message says how to make one."""
    with pytest.raises(ConfigError, match=r"no outrider\.toml") as caught:
        load(tmp_path)

    assert "outrider init" in caught.value.fix


def test_the_root_is_found_from_any_folder_below(tmp_path: Path) -> None:
    """Commands work wherever in the workspace one stands; the nearest root wins."""
    workspace(tmp_path)
    deep = tmp_path / "journeys" / "shop"
    deep.mkdir(parents=True)

    assert find_root(deep) == tmp_path.resolve()


def test_no_root_above_is_a_clear_error(tmp_path: Path) -> None:
    """The message names the folder and what to type."""
    with pytest.raises(ConfigError) as caught:
        find_root(tmp_path)

    assert (caught.value.slug, caught.value.exit_code) == ("no-workspace", 2)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("written", "url"),
    [
        (".outrider/outrider.db", "sqlite:///{root}/.outrider/outrider.db"),
        ("/var/x.db", "sqlite:////var/x.db"),
        ("sqlite:///x.db", "sqlite:///{root}/x.db"),
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite://", "sqlite://"),
        ("postgresql://host/db", "postgresql://host/db"),
    ],
)
def test_a_database_path_is_meant_from_the_root(tmp_path: Path, written: str, url: str) -> None:
    """The same database whatever folder the command was typed in."""
    loaded = load(workspace(tmp_path, f'[store]\nurl = "{written}"'))

    assert loaded.store_url == url.format(root=tmp_path.resolve())


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("pg://me:${PASSWORD}@db/x", "pg://me:p%40%2F%3A%25@db/x"),
        ("pg://me:${TOKEN}@${HOST}/x?host=${HOST}", "pg://me:s%20cret@db:5432/x?host=db:5432"),
        ("pg://${NONE:-me}@db/x", "pg://me@db/x"),
        ("${URL}", "pg://db/x"),
        ("${FOLDER}/x.db", "sqlite:////var/@/x.db"),
        ("x.db", "sqlite:///{root}/x.db"),
        ("$${x}.db", "sqlite:///{root}/${{x}}.db"),
    ],
)
def test_variables_of_the_database_are_filled(tmp_path: Path, written: str, url: str) -> None:
    """A password with any character; what a file says of the host is left as it is."""
    text = f'[store]\nurl = "{written}"\n[secrets]\nTOKEN = {{env = "T"}}\n'
    shell = {"PASSWORD": "p@/:%", "T": "s cret", "HOST": "db:5432", "URL": "pg://db/x", "FOLDER": "/var/@"}

    assert store_address(load(workspace(tmp_path, text)), shell) == url.format(root=tmp_path.resolve())


def test_aliases_are_followed_to_the_end(tmp_path: Path) -> None:
    """A check that was renamed twice is still the same check."""
    loaded = load(workspace(tmp_path, COMPLETE))

    assert loaded.current("journey:a::one") == "journey:c::one"
    assert loaded.current("journey:x::one") == "journey:x::one"


def test_artifacts_are_a_folder_below_the_root_or_a_url(tmp_path: Path) -> None:
    """Only a URL is left as it was written."""
    usual = load(workspace(tmp_path))
    elsewhere = load(workspace(tmp_path, COMPLETE))

    assert usual.artifacts_url == str(tmp_path.resolve() / ".outrider" / "artifacts")
    assert elsewhere.artifacts_url == "s3://bucket/artifacts"


def test_a_pattern_of_journeys_stands_for_what_it_matches(tmp_path: Path) -> None:
    """Folders and test files; what tools make is left out, and a folder of that very name is no pattern."""
    for place in ("a/e2e", "b/e2e", "node_modules/e2e", "c[1]"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "b" / "test_x.py").touch()
    (tmp_path / "outrider.toml").write_text('[journeys]\npaths = ["*/e2e", "b/test_*", "c[1]"]\n')

    workspace = load(tmp_path)

    assert workspace.journeys.paths == ("a/e2e", "b/e2e", "b/test_x.py", "c[1]")


@pytest.mark.parametrize("target", ["nowhere.toml", "schedule.toml"])
def test_a_link_that_leads_nowhere_is_a_problem(tmp_path: Path, target: str) -> None:
    """What the schedule says would silently not hold."""
    (tmp_path / "outrider.toml").write_text("")
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "scheduler" / "schedule.toml").symlink_to(target)

    with pytest.raises(ConfigErrors) as caught:
        load(tmp_path)

    assert [(problem.slug, str(problem.where)) for problem in caught.value.problems] == [
        ("unreadable-file", "scheduler/schedule.toml")
    ]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Opening it would last until somebody writes."""
    os.mkfifo(tmp_path / "outrider.toml")

    with pytest.raises(ConfigErrors, match="it is not a regular file"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["journeys", "probes", "reports", "scheduler"])
def test_a_file_in_place_of_a_folder_is_a_problem(tmp_path: Path, name: str) -> None:
    """All that the folder should hold would silently be missing."""
    (tmp_path / "outrider.toml").write_text("")
    (tmp_path / name).write_text("")

    with pytest.raises(ConfigErrors) as caught:
        load(tmp_path)

    assert [(problem.slug, str(problem.where)) for problem in caught.value.problems] == [("unreadable-file", name)]


def test_a_variable_holds_no_nul(tmp_path: Path) -> None:
    """No program could be started with it."""
    (tmp_path / "outrider.toml").write_text('[env]\nX = "a\\u0000b"\n')

    with pytest.raises(ConfigErrors) as caught:
        load(tmp_path)

    assert [(problem.slug, str(problem.where)) for problem in caught.value.problems] == [
        ("out-of-range", "outrider.toml:2")
    ]


def test_a_refused_value_is_quoted_as_the_file_writes_it(tmp_path: Path) -> None:
    """Not as Python does."""
    root = workspace(tmp_path, schedule='[[service]]\ndrain = "5s"\nalive = [true, 2027-03-01]\n')

    with pytest.raises(ConfigErrors) as caught:
        load(root)

    assert 'service = [{drain = "5s", alive = [true, 2027-03-01]}] is not a table' in str(caught.value)


def test_the_origin_of_artifacts_is_an_address_without_a_path(tmp_path: Path) -> None:
    """What a browser would not call an origin is refused; the defaults may be written."""
    server = '[server]\nartifacts_url = "{}"\nartifacts_port = {}'

    written = load(workspace(tmp_path, server.format("https://Files.example:8443/", 9000))).server
    usual = load(workspace(tmp_path, server.format("", 0))).server
    problems = problems_of(workspace(tmp_path, server.format("https://files.example/at", 70_000)))

    assert written == ServerSettings(artifacts_url="https://files.example:8443", artifacts_port=9000)
    assert usual == ServerSettings()
    assert problems == ["outrider.toml:2 bad-url", "outrider.toml:3 out-of-range"]
