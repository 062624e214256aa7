"""Valid and invalid tables of `probes/*.toml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.model import CheckId
from outrider.probes.probe_kinds import KINDS

if TYPE_CHECKING:
    from tests.probes.conftest import Bench

HTTP = '[a]\nkind = "http"\nurl = "http://shop.example/"\n'
API = '[a]\nkind = "api"\n[[a.request]]\nurl = "http://shop.example/"\n'

WEBSOCKET = '[a]\nkind = "websocket"\nurl = "wss://b.example/"\n'
UDP = '[a]\nkind = "udp"\naddress = "b:53"\nsend = "x"\n'
SQL = '[a]\nkind = "sql"\nurl = "sqlite:///c"\nquery = "select 1"\n'
COMMAND = '[a]\nkind = "command"\ncommand = ["true"]\n'

PROBLEMS = [
    ('[a]\nkind = "htp"\n', 2, "out-of-range", 'did you mean "http"'),
    ("[a]\n", 1, "missing-key", "a.kind is missing"),
    ("a = 1\n", 1, "wrong-type", "is not a table"),
    ('[a]\nkind = "http"\n', 1, "missing-key", "a.url is missing"),
    ('[a]\nkind = "http"\nurl = "shop.example"\n', 3, "bad-url", "is not a URL of http or https"),
    ('[a]\nkind = "http"\nurl = "ftp://shop.example/"\n', 3, "bad-url", "is not a URL"),
    ('[a]\nkind = "http"\nurl = "http://"\n', 3, "bad-url", "is not a URL"),
    ('[a]\nkind = "http"\nurl = "http://shop.example:99999/"\n', 3, "bad-url", "is not a URL"),
    ('[a]\nkind = "http"\nurl = "http://shop.example/a b"\n', 3, "bad-url", "is not a URL"),
    ('[a]\nkind = "http"\nurl = "http://[::1/"\n', 3, "bad-url", "is not a URL"),
    ('[a]\nkind = "http"\nurl = "${SHOP_ULR}/"\n', 3, "unknown-variable", 'did you mean "SHOP_URL"'),
    ('[a]\nkind = "http"\nurl = "${}/"\n', 3, "wrong-type", "names no variable"),
    (HTTP + 'methd = "GET"\n', 4, "unknown-key", 'did you mean "method"'),
    (HTTP + 'method = "BREW"\n', 4, "out-of-range", "is not a choice"),
    (HTTP + 'every = "5x"\n', 4, "bad-duration", "a.every"),
    (HTTP + 'session = "x"\n', 4, "unknown-key", "a.session"),
    (HTTP + 'proxy = "proxy.example"\n', 4, "bad-url", "is not a proxy"),
    (HTTP + 'authority = "no.pem"\n', 4, "missing-file", "is not a file"),
    (HTTP + 'certificate = "no.pem"\n', 4, "missing-file", "is not a file"),
    (HTTP + 'auth = {password = "x"}\n', 4, "missing-key", "a.auth.user"),
    (HTTP + 'auth = {user = "x", token = "y"}\n', 4, "missing-key", "a.auth.user"),
    (
        HTTP + 'auth = {user = "x", password = "y", token_url = "http://b/", client = "c", secret = "d"}\n',
        4,
        "missing-key",
        "stands beside another way",
    ),
    (HTTP + 'auth = {token_url = "http://b/", client = "c"}\n', 4, "missing-key", "a.auth.secret"),
    (HTTP + 'auth = {token_url = "b", client = "c", secret = "d"}\n', 4, "bad-url", "a.auth.token_url"),
    (HTTP + 'resolve = "a b"\n', 4, "bad-address", "a.resolve"),
    (HTTP + 'server_name = "http://b"\n', 4, "bad-address", "is no name of a server"),
    (HTTP + 'key = "probes/a.toml"\n', 4, "missing-key", "is there without certificate"),
    (HTTP + 'certificate = "probes/a.toml"\n', 4, "bad-certificate", "cannot be used"),
    (HTTP + 'body = "x"\nform = {a = "b"}\n', 5, "body-beside-form", "stands beside body"),
    (HTTP + 'form = {a = {type = "a/b"}}\n', 4, "missing-key", "a.form.a.file"),
    (HTTP + 'form = {a = {file = "no.png"}}\n', 4, "missing-file", "a.form.a.file"),
    (HTTP + 'form = {a = {file = "probes/a.toml", type = "png"}}\n', 4, "bad-header", "is no media type"),
    (HTTP + "form = {a = 1}\n", 4, "wrong-type", "a.form.a"),
    (HTTP + 'headers = {X = "a\\r\\nEvil: b"}\n', 4, "bad-header", "a.headers.X"),
    (HTTP + 'headers = "X: a"\n', 4, "wrong-type", "a.headers"),
    (HTTP + "max_body_bytes = 0\n", 4, "out-of-range", "a.max_body_bytes"),
    (HTTP + "expect.status = 20\n", 4, "out-of-range", "no status of HTTP"),
    (HTTP + 'expect.status = "6xx"\n', 4, "wrong-type", "no status of HTTP"),
    (HTTP + 'expect.matches = "("\n', 4, "bad-pattern", "a.expect.matches"),
    (HTTP + "expect.headers = {x = '['}\n", 4, "bad-pattern", "a.expect.headers.x"),
    (HTTP + 'expect.json = {"$.[" = 1}\n', 4, "bad-jsonpath", "is not a JSONPath"),
    (HTTP + 'expect.json = {"$.a" = {"<" = true}}\n', 4, "wrong-type", "compares by < with what has no order"),
    (HTTP + 'expect.json = {"$.a" = 2026-01-31}\n', 4, "wrong-type", "which JSON does not have"),
    (HTTP + 'expect.json = {"$.a" = [nan]}\n', 4, "wrong-type", "which JSON does not have"),
    (HTTP + 'method = "HEAD"\nexpect.contains = "x"\n', 5, "head-has-no-body", "is about a body"),
    (HTTP + 'expect.exists = "status"\n', 4, "bad-jsonpath", "is not a JSONPath"),
    (HTTP + 'expect.schema = {type = "objekt"}\n', 4, "bad-schema", "is not a JSON Schema"),
    (HTTP + 'expect.schema = "no.json"\n', 4, "missing-file", "is not a file"),
    (HTTP + 'expect.schema = "probes/a.toml"\n', 4, "bad-schema", "is not a file of JSON"),
    (HTTP + 'expect.within = {tcp = "1s"}\n', 4, "unknown-key", "a.expect.within.tcp"),
    (HTTP + "expect.certificate_days = -1\n", 4, "out-of-range", "a.expect.certificate_days"),
    ('[a]\nkind = "api"\n', 1, "missing-key", "a.request is missing"),
    (API + 'extract.t = {json = "$["}\n', 5, "bad-jsonpath", "a.request.extract.t.json"),
    (API + 'extract.t = {json = "$.a", header = "b"}\n', 5, "extraction-source", "where the value is"),
    (API + "extract.t = {}\n", 5, "extraction-source", "where the value is"),
    (API + '[[a.request]]\nurl = "http://shop.example/${t}"\n', 6, "unknown-variable", "names t"),
    (API + 'name = "x"\n[[a.request]]\nname = "x"\nurl = "http://b.example/"\n', 7, "duplicate-name", "there twice"),
    ('[a]\nkind = "tcp"\naddress = "shop.example"\n', 3, "bad-address", "is not an address"),
    ('[a]\nkind = "tcp"\naddress = "shop.example:0"\n', 3, "bad-address", "is not an address"),
    (
        '[a]\nkind = "tcp"\naddress = "b:1"\nsend = "x"\n[[a.dialogue]]\nexpect = "y"\n',
        4,
        "send-beside-dialogue",
        "a.send",
    ),
    ('[a]\nkind = "tcp"\naddress = "b:1"\n[[a.dialogue]]\nexpect = "("\n', 5, "bad-pattern", "a.dialogue.expect"),
    (
        '[a]\nkind = "tcp"\naddress = "b:1"\nauthority = "probes/a.toml"\n[[a.dialogue]]\nstarttls = true\n',
        4,
        "bad-authority",
        "holds no certificates",
    ),
    ('[a]\nkind = "tls"\naddress = "shop.example:443"\nip = "5"\n', 4, "out-of-range", "a.ip"),
    ('[a]\nkind = "dns"\nname = "a..b"\n', 3, "bad-address", "is not a name"),
    ('[a]\nkind = "dns"\nname = "b"\nrecord = "AAAAA"\n', 4, "out-of-range", 'did you mean "AAAA"'),
    ('[a]\nkind = "dns"\nname = "b"\nexpect.answers = "1.2.3"\n', 4, "bad-record", "is no record of type A"),
    ('[a]\nkind = "dns"\nname = "b"\nresolver = "dns.example:53"\n', 4, "bad-address", "address of a name server"),
    ('[a]\nkind = "icmp"\nhost = "http://b"\n', 3, "bad-address", "is not a host"),
    ('[a]\nkind = "websocket"\n', 1, "missing-key", "a.url is missing"),
    ('[a]\nkind = "websocket"\nurl = "http://b/"\n', 3, "bad-url", "is not a URL of ws or wss"),
    ('[a]\nkind = "websocket"\nurl = "ws://b:x/"\n', 3, "bad-url", "is not a URL"),
    ('[a]\nkind = "websocket"\nurl = "ws://ada:x@b/"\n', 3, "bad-url", "holds a user"),
    (WEBSOCKET + 'send_hex = "x"\n', 4, "wrong-type", "is not hexadecimal"),
    (WEBSOCKET + 'send = "a"\nsend_hex = "00"\n', 5, "send-beside-dialogue", "stands beside send"),
    (WEBSOCKET + 'headers = {X = "a\\nb"}\n', 4, "bad-header", "is no header"),
    (WEBSOCKET + "expect.status = 101\n", 4, "unknown-key", "a.expect.status"),
    (WEBSOCKET + 'send = "x"\n[[a.dialogue]]\nexpect = "y"\n', 4, "send-beside-dialogue", "a.send"),
    (WEBSOCKET + "[[a.dialogue]]\nstarttls = true\n", 5, "unknown-key", "a.dialogue.starttls"),
    (WEBSOCKET + 'certificate = "probes/a.toml"\n', 4, "bad-certificate", "cannot be used"),
    ('[a]\nkind = "udp"\naddress = "b:53"\n', 1, "missing-key", "a.send is missing"),
    ('[a]\nkind = "udp"\naddress = "b"\nsend = "x"\n', 3, "bad-address", "is not an address"),
    (UDP + 'send_hex = "1"\n', 5, "wrong-type", "is not hexadecimal"),
    ('[a]\nkind = "udp"\naddress = "b:53"\nsend = "x"\nexpect.hex = "("\n', 5, "bad-pattern", "a.expect.hex"),
    ('[a]\nkind = "grpc"\n', 1, "missing-key", "a.address is missing"),
    ('[a]\nkind = "grpc"\naddress = "b:1"\nexpect.status = "OK"\n', 4, "out-of-range", "no status of the health"),
    ('[a]\nkind = "grpc"\naddress = "b:1"\nservices = "c"\n', 4, "unknown-key", 'did you mean "service"'),
    ('[a]\nkind = "grpc"\naddress = "b:1"\nauthority = "no.pem"\n', 4, "missing-file", "a.authority"),
    ('[a]\nkind = "sql"\nquery = "select 1"\n', 1, "missing-key", "a.url is missing"),
    ('[a]\nkind = "sql"\nurl = "shop.db"\nquery = "select 1"\n', 3, "bad-url", "is not the URL of a database"),
    ('[a]\nkind = "sql"\nurl = "mysql://b:x/c"\nquery = "select 1"\n', 3, "bad-url", "is not the URL of a database"),
    ('[a]\nkind = "sql"\nurl = "sqlite:///c"\n', 1, "missing-key", "a.query is missing"),
    (SQL + 'expect.rows = "many"\n', 5, "wrong-type", "is no number of rows"),
    (SQL + "expect.rows = {'>' = 1.5}\n", 5, "wrong-type", "is no number of rows"),
    (SQL + "max_rows = 0\n", 5, "out-of-range", "a.max_rows"),
    ('[a]\nkind = "command"\n', 1, "missing-key", "a.command is missing"),
    ('[a]\nkind = "command"\ncommand = "npx playwright test"\n', 3, "wrong-type", "is one text with spaces"),
    (COMMAND + 'folder = "e2e"\n', 4, "missing-folder", "a.folder"),
    (COMMAND + 'folder = ".."\n', 4, "missing-folder", "is not a folder of the workspace"),
    (COMMAND + 'samples = "xml"\n', 4, "out-of-range", "a.samples"),
    (COMMAND + 'report = "playwright"\n', 4, "out-of-range", 'did you mean "playwright-json"'),
    (COMMAND + 'report_file = "x.xml"\n', 4, "missing-key", "is there without report"),
    (COMMAND + 'env = {"A=B" = "c"}\n', 4, "bad-name", "no variable of an environment"),
    (COMMAND + "expect.exit = 256\n", 4, "out-of-range", "is no exit code"),
    (COMMAND + "expect.status = 200\n", 4, "unknown-key", "a.expect.status"),
    ('[a]\nkind = "heartbeat"\ntoken = "abcd"\n', 1, "missing-key", "a.period is missing"),
    ('[a]\nkind = "heartbeat"\nperiod = "1d"\ntoken = "a/b"\n', 4, "bad-token", "is no token"),
    ('[a]\nkind = "http"\nurl = \n', 3, "broken-toml", "is not TOML"),
]


@pytest.mark.parametrize(("text", "line", "slug", "words"), PROBLEMS, ids=[f"{p[2]}: {p[3]}" for p in PROBLEMS])
def test_a_problem_is_told_with_its_line(bench: Bench, text: str, line: int, slug: str, words: str) -> None:
    """Each mistake is one problem, at its line, with a documented slug, and costs only its own probe."""
    bench.variables["SHOP_URL"] = "http://shop.example"

    catalogue = bench.read(text)

    (problem,) = catalogue.problems
    assert (str(problem.where), problem.slug) == (f"probes/a.toml:{line}", slug)
    assert words in f"{problem.what} {problem.fix}"
    assert catalogue.checks == ()


def test_all_problems_are_told_together(bench: Bench) -> None:
    """A file with a sound probe and two that are not gives the one, and every problem of the others."""
    catalogue = bench.read(HTTP + '[b]\nkind = "http"\nurl = "x"\nevery = "y"\n[c]\nkind = "z"\n')

    assert [check.name for check in catalogue.checks] == ["a"]
    assert [problem.slug for problem in catalogue.problems] == ["bad-url", "bad-duration", "out-of-range"]


def test_a_secret_is_not_shown(bench: Bench) -> None:
    """Neither a problem nor a `repr` shows what a variable holds."""
    bench.variables["TOKEN"] = "hunter2-secret"
    text = '[a]\nkind = "http"\nurl = "${TOKEN}"\n' + HTTP.replace("[a]", "[b]") + 'auth = {token = "${TOKEN}"}\n'

    catalogue = bench.read(text)

    assert len(catalogue.problems) == len(catalogue.checks) == 1
    assert "hunter2" not in "".join(map(str, catalogue.problems)) + repr(catalogue)


def test_a_probe_is_a_check_like_any_other(bench: Bench) -> None:
    """Id, place, kind as a mark, and the policy of its own table."""
    catalogue = bench.read("\n" + HTTP + 'every = "10s"\nretries = 0\ntags = ["money"]\n')

    (check,) = catalogue.checks
    assert (check.id, check.kind, check.path, check.name, check.line) == (
        "probe:probes/a.toml::a", "probe", "probes/a.toml", "a", 2,
    )  # fmt: skip
    assert (check.policy.every_s, check.policy.retries, check.policy.tags) == (10.0, 0, frozenset({"money"}))
    assert check.marks == {"http"}


def test_an_own_id_survives_renaming(bench: Bench) -> None:
    """Whoever gives one keeps the history."""
    assert bench.read(HTTP + 'id = "front door"\n').checks[0].id == "front door"


def test_an_own_id_does_not_name_another_kind_of_subject(bench: Bench) -> None:
    """A series of `service:shop` would be that of the service."""
    assert bench.read(HTTP + 'id = "probe:door"\n').checks[0].id == "probe:door"
    assert [problem.slug for problem in bench.read(HTTP + 'id = "service:shop"\n').problems] == ["bad-check-id"]


def test_a_file_that_cannot_be_read_does_not_hide_the_others(bench: Bench) -> None:
    """Its problem is told, and the probes of the other files are there."""
    bench.read(HTTP)
    (bench.root / "probes" / "b.toml").write_bytes(b"\xff")

    catalogue = bench.read(HTTP)

    assert [problem.slug for problem in catalogue.problems] == ["not-utf8"]
    assert len(catalogue.checks) == 1


def test_two_heartbeats_cannot_share_a_token(bench: Bench) -> None:
    """A call would not tell which job was meant."""
    beat = '[{}]\nkind = "heartbeat"\nperiod = "1d"\ntoken = "same-token"\n'

    catalogue = bench.read(beat.format("a") + beat.format("b"))

    assert [problem.slug for problem in catalogue.problems] == ["duplicate-name"]
    assert "same-token" not in str(catalogue.problems[0])


def test_the_tokens_lead_to_their_checks(bench: Bench) -> None:
    """That is all that the server needs to know."""
    catalogue = bench.read('[a]\nkind = "heartbeat"\nperiod = "1d"\ntoken = "nightly"\n')

    assert catalogue.heartbeats.by_key == {"nightly": CheckId("probe:probes/a.toml::a")}


def test_a_key_and_a_name_lead_to_their_check_too(bench: Bench) -> None:
    """The name is that of the table, or a slug; a broken table may be the heartbeat that a call is for."""
    beat = '[{}]\nkind = "heartbeat"\nschedule = "0 3 * * *"\nping_key = "ping-key"\n{}\n'

    sound = bench.read(beat.format("nightly", "") + beat.format('"Weekly Backup"', 'slug = "weekly"'))
    broken = bench.read(beat.format("nightly", "") + beat.format("weekly", 'grace = "soon"'))

    assert list(sound.heartbeats.by_key) == ["ping-key/nightly", "ping-key/weekly"]
    assert (sound.heartbeats.is_complete, broken.heartbeats.is_complete) == (True, False)


@pytest.mark.parametrize(
    ("keys", "slugs"),
    [
        ('token = "nightly"', ["missing-key"]),
        ('period = "1d"', ["missing-key"]),
        ('period = "1d"\nschedule = "0 3 * * *"\ntoken = "nightly"', ["period-beside-schedule"]),
        ('schedule = "0 3 * *"\ntoken = "nightly"', ["bad-cron"]),
        ('schedule = "0 3 30 2 *"\ntoken = "nightly"', ["cron-never"]),
        ('schedule = "0 3 * * *"\ntimezone = "Berlin"\ntoken = "nightly"', ["unknown-timezone"]),
        ('period = "1d"\ntoken = "a b c d"', ["bad-token"]),
        ('period = "1d"\nping_key = "ping-key"\nslug = "Nightly"', ["bad-token"]),
        ('period = "1d"\nping_key = "ping-key"\nslug = "start"', ["bad-token"]),
        ('period = "1d"\nping_key = "ping-key"\nslug = "7"', ["bad-token"]),
        ('period = "1d"\ntoken = "nightly"\ngrace = "-1h"', ["bad-duration"]),
    ],
)
def test_a_heartbeat_that_cannot_be_is_refused(bench: Bench, keys: str, slugs: list[str]) -> None:
    """With its place and what to do."""
    catalogue = bench.read(f'[a]\nkind = "heartbeat"\n{keys}\n')

    assert [problem.slug for problem in catalogue.problems] == slugs
    assert all(problem.where and problem.fix for problem in catalogue.problems)


DEEP = "(" * 500 + ")" * 500


@pytest.mark.parametrize(
    ("expected", "slug"),
    [
        (f'matches = "{DEEP}"', "bad-pattern"), (f'headers = {{a = "{DEEP}"}}', "bad-pattern"),
        ('matches = "a{1,99999999999}"', "bad-pattern"), (f'schema = {{pattern = "{DEEP}"}}', "bad-schema"),
        (f'exists = "$[?{DEEP}]"', "bad-jsonpath"), (f'exists = "$[?@.a == {"9" * 5_000}]"', "bad-jsonpath"),
        ('exists = "$[99999999999999999999999]"', "bad-jsonpath"),
    ],
)  # fmt: skip
def test_an_expectation_that_nests_or_counts_too_far_is_refused(bench: Bench, expected: str, slug: str) -> None:
    """It ends no reading: the problem is that of its probe."""
    catalogue = bench.read(f'[a]\nkind = "http"\nurl = "http://x/"\n[a.expect]\n{expected}\n')

    assert [problem.slug for problem in catalogue.problems] == [slug]


def test_the_repository_has_a_sound_probe_of_each_kind(bench: Bench, pytestconfig: pytest.Config) -> None:
    """The demo shop is probed in every way that there is."""
    from outrider.probes import read_probes
    from outrider.workspace import load

    catalogue = read_probes(load(pytestconfig.rootpath), {}, others={"load"})

    assert catalogue.problems == ()
    assert {mark for check in catalogue.checks for mark in check.marks} == set(KINDS)
