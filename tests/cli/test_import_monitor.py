"""`outrider import`: what other monitors watch becomes probes, and what does not is said."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.conftest import invoke

from outrider.app import find_workspace
from outrider.app.execution.monitor_import import import_monitor

if TYPE_CHECKING:
    from pathlib import Path

GATUS = """
defaults: &usual
  interval: 90s
  client: {timeout: 5s, insecure: true, tunnel: office}
alerting:
  pagerduty: {integration-key: "4711", default-alert: {failure-threshold: 2, success-threshold: 1}}
  signl4: {team-secret: x}
endpoints:
  - <<: *usual
    name: Front Page
    group: core
    url: "https://${DOMAIN}/health?price=$$5"
    headers: {Accept: text/html, Authorization: "Bearer hunter2"}
    alerts: [{type: pagerduty, description: call us}]
    conditions:
      - "[STATUS] == any(200, 204)"
      - "[RESPONSE_TIME] < 300"
      - "[BODY].items[0].name == shoe"
      - "[BODY].count >= 3"
      - "has([BODY].next) == true"
      - "[CERTIFICATE_EXPIRATION] > 48h"
      - "[DOMAIN_EXPIRATION] > 720h"
      - "len([BODY].items) < 5"
  - name: Front Page
    group: core
    url: "icmp://shop.example"
    enabled: false
    conditions: ["[CONNECTED] == true"]
  - name: names
    url: "192.0.2.53"
    dns: {query-name: shop.example., query-type: MX}
    conditions: ["[BODY] == mail.shop.example"]
  - {name: cable, url: "sctp://shop.example:1"}
external-endpoints:
  - {name: nightly, token: secret, heartbeat: {interval: 25h}}
  - {name: whenever, token: secret}
web: {port: 8080}
suites: [{name: chain}]
"""

MAIL = {"type": "smtp", "smtpHost": "mail.shop.example", "smtpTo": "a@b.example"}
HEADERS = {"X-Api-Key": "hunter2", "Accept": "*/*"}
KUMA = {
    "version": "1.23.0",
    "notificationList": [{"name": "Mail", "config": json.dumps(MAIL)}],
    "monitorList": [
        {
            "id": 1, "name": "Home", "type": "keyword", "url": "https://ada:hunter2@shop.example/",
            "keyword": "Welcome",
            "interval": 60, "maxretries": 2, "accepted_statuscodes": ["200-299"], "maxredirects": 3, "active": 1,
            "headers": json.dumps(HEADERS), "tags": [{"name": "shop"}], "hostname": None,
        },
        {"name": "Database", "type": "port", "hostname": "2001:db8::1", "port": 5432, "active": False},
        {"name": "Backup", "type": "push", "interval": 86400, "pushToken": "abc"},
        {"name": "Count", "type": "json-query", "url": "http://a.test", "jsonPath": "$.count", "expectedValue": "3"},
        {"name": "Sum", "type": "json-query", "url": "http://a.test", "jsonPath": "$sum(a)", "expectedValue": "3"},
        {"name": "Ship", "type": "docker", "docker_container": "ship"},
        {"name": "Closed", "type": "http", "url": "https://shop.example/admin", "upsideDown": True},
    ],
}  # fmt: skip

BLACKBOX = r"""
modules:
  http_2xx:
    prober: http
    timeout: 5s
    http:
      method: POST
      fail_if_body_matches_regexp: [error]
      fail_if_header_not_matches: [{header: Server, regexp: nginx}]
      basic_auth: {username: ada, password: hunter2}
      no_such_key: 1
  mail:
    prober: tcp
    tcp:
      query_response:
        - expect: "^220"
        - send: "STARTTLS\r"
        - expect: "^220"
        - starttls: true
        - send: "QUIT\r"
  chat:
    prober: tcp
    tcp: {query_response: [{expect: "PING (.*)", send: "PONG ${1}"}]}
  socket: {prober: unix}
  unused: {prober: icmp}
"""
JOBS = """
global: {scrape_interval: 30s}
scrape_configs:
  - job_name: web
    params: {module: [http_2xx]}
    static_configs: [{targets: ["https://shop.example/", "shop.example:8080"]}]
  - job_name: node
    static_configs: [{targets: ["10.0.0.1:9100"]}]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outrider.toml").touch()
    (tmp_path / "kuma.json").write_text(json.dumps(KUMA))
    (tmp_path / "gatus.yaml").write_text(GATUS)
    (tmp_path / "blackbox.yml").write_text(BLACKBOX)
    (tmp_path / "prometheus.yml").write_text(JOBS)
    return tmp_path


def imported(root: Path, *arguments: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the probes that were written, and the report."""
    done = invoke(root, "import", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    with open(report["file"], "rb") as file:  # noqa: PTH123 - its name comes from the report
        return tomllib.load(file), report


def reasons(report: dict[str, Any]) -> dict[str, str]:
    return {leftover["what"]: leftover["why"] for leftover in report["leftovers"]}


def test_gatus_becomes_probes(root: Path) -> None:
    """Anchors, merges and variables as Gatus reads them; conditions become expectations."""
    probes, _ = imported(root, "gatus", "gatus.yaml")

    home = probes["core-front-page"]
    assert home["url"] == "https://${DOMAIN:-DOMAIN-is-not-set}/health?price=$5"
    assert home["headers"] == {"Accept": "text/html", "Authorization": "${CORE_FRONT_PAGE_AUTHORIZATION:-}"}
    assert (home["every"], home["timeout"], home["verify"]) == ("1m30s", "5s", False)
    assert (home["title"], home["labels"], home["tags"]) == ("Front Page", {"group": "core"}, ["alert-pagerduty"])
    assert home["expect"] == {
        "status": [200, 204], "within": {"total": "300ms"}, "json": {"$.items[0].name": "shoe", "$.count": {">=": 3}},
        "exists": ["$.next"], "certificate_days": 2,
    }  # fmt: skip
    assert (probes["core-front-page-2"]["kind"], probes["core-front-page-2"]["enabled"]) == ("icmp", False)
    assert probes["names"]["expect"] == {"matches": [r"(?:^|\s)mail\.shop\.example\.?$"]}
    assert (probes["nightly"]["kind"], probes["nightly"]["period"]) == ("heartbeat", "1d1h")


def test_what_gatus_has_and_outrider_has_not_is_said_with_its_line(root: Path) -> None:
    """No condition, key or endpoint is lost in silence."""
    _, report = imported(root, "gatus", "gatus.yaml")

    left_over = reasons(report)
    endpoint = "gatus.endpoints[0] Front Page"
    assert "[DOMAIN_EXPIRATION]" in left_over[f"{endpoint}.conditions[6]"]
    assert "len(" in left_over[f"{endpoint}.conditions[7]"]
    assert "SSH" in left_over[f"{endpoint}.client.tunnel"]
    assert "CORE_FRONT_PAGE_AUTHORIZATION" in left_over[f"{endpoint}.headers.Authorization"]
    assert "sctp" in left_over["gatus.endpoints[3] cable"]
    assert "gatus.external-endpoints[1] whenever" in left_over
    assert {"gatus.suites", "gatus.alerting.signl4"} <= left_over.keys()
    assert next(left["line"] for left in report["leftovers"] if "suites" in left["what"]) == GATUS.count("\n")


def test_alerting_of_gatus_can_be_pasted(root: Path) -> None:
    """It is TOML whose secrets are variables; Outrider accepts it."""
    _, report = imported(root, "gatus", "gatus.yaml")
    (root / "scheduler").mkdir()
    (root / "scheduler" / "alerts.toml").write_text(report["alerts"])

    done = invoke(root, "validate", PAGERDUTY_KEY="0123456789abcdef0123456789abcdef")

    alerts = tomllib.loads(report["alerts"])
    assert alerts["threshold"] == [{"match": ["tag=alert-pagerduty"], "open": "2 of 2", "close": 1}]
    assert "4711" not in report["alerts"]
    assert done.returncode == 0, done.stderr


def test_uptime_kuma_becomes_probes(root: Path) -> None:
    """A backup: users of addresses and headers without their secrets."""
    probes, report = imported(root, "uptime-kuma", "kuma.json")

    home = probes["home"]
    assert (home["url"], home["auth"]) == ("https://shop.example/", {"user": "ada", "password": "${HOME_PASSWORD:-}"})
    assert (home["expect"], home["retries"], home["redirects"]) == ({"status": ["2xx"], "contains": "Welcome"}, 2, 3)
    assert (probes["database"]["address"], probes["database"]["enabled"]) == ("[2001:db8::1]:5432", False)
    assert (probes["backup"]["kind"], probes["backup"]["period"]) == ("heartbeat", "1d")
    assert probes["count"]["expect"]["json"] == {"$.count": 3}
    assert "hunter2" not in (root / "probes" / "uptime-kuma.toml").read_text()
    left_over = reasons(report)
    assert {"monitor 6 Ship.type", "monitor 7 Closed.upsideDown", "monitor 5 Sum.jsonPath"} <= left_over.keys()


def test_the_database_of_uptime_kuma_is_read_as_its_backup_is(root: Path) -> None:
    """Its second version has no backup any more; the file is not changed."""
    with sqlite3.connect(root / "kuma.db") as database:
        database.execute(
            "CREATE TABLE monitor (id INTEGER, name TEXT, type TEXT, url TEXT, interval INTEGER, maxretries INTEGER,"
            " active BOOLEAN, accepted_statuscodes_json TEXT, ignore_tls BOOLEAN, user_id INTEGER)"
        )
        codes = '["200-299", "404"]'
        database.execute(
            "INSERT INTO monitor VALUES (1, 'Home', 'http', 'https://shop.example/', 20, 1, 1, ?, 1, 1)", [codes]
        )
    before = (root / "kuma.db").read_bytes()

    probes, report = imported(root, "uptime-kuma", "kuma.db")

    assert (probes["home"]["every"], probes["home"]["verify"]) == ("20s", False)
    assert probes["home"]["expect"]["status"] == [*range(200, 300), 404]
    assert report["leftovers"] == []
    assert (root / "kuma.db").read_bytes() == before


def test_modules_of_the_blackbox_exporter_become_probes_of_their_targets(root: Path) -> None:
    """The jobs of Prometheus name them, or the command line."""
    probes, report = imported(
        root, "blackbox", "blackbox.yml", "--jobs", "prometheus.yml", "--target", "mail=mail.shop.example:25",
        "--target", "chat=chat.shop.example:6667", "--target", "socket=/run/x", "--target", "nothing=x:1",
    )  # fmt: skip

    assert list(probes) == [
        "mail-mail-shop-example-25",
        "web-http-2xx-https-shop-example",
        "web-http-2xx-shop-example-8080",
    ]
    web = probes["web-http-2xx-https-shop-example"]
    assert (web["method"], web["every"], web["labels"]) == ("POST", "30s", {"job": "web"})
    assert web["expect"]["headers"] == {"Server": "nginx"}
    assert probes["mail-mail-shop-example-25"]["dialogue"] == [
        {"expect": "(?m)^220"}, {"send": "STARTTLS\r\n", "expect": "(?m)^220", "starttls": True},
        {"send": "QUIT\r\n"},
    ]  # fmt: skip
    left_over = reasons(report)
    assert "no target" in left_over["blackbox.modules.unused"]
    assert "no_such_key" in " ".join(left_over)
    assert {"modules.socket.prober", "modules.chat.tcp.query_response[0]", "--target"} <= left_over.keys()


@pytest.mark.parametrize(
    ("monitor", "file"), [("gatus", "gatus.yaml"), ("uptime-kuma", "kuma.json"), ("blackbox", "blackbox.yml")]
)
def test_the_workspace_accepts_what_is_imported(root: Path, monitor: str, file: str) -> None:
    """Without a variable set, and a file that is there is not replaced."""
    done = invoke(root, "import", monitor, file, "--target", "http_2xx=shop.example")
    assert done.returncode == 0, done.stderr

    validated, again = (
        invoke(root, "validate"),
        invoke(root, "import", monitor, file, "--target", "http_2xx=shop.example"),
    )
    forced = invoke(root, "import", monitor, file, "--target", "http_2xx=shop.example", "--force")

    assert validated.returncode == 0, validated.stderr
    assert "file-exists" in again.stderr
    assert forced.returncode == 0


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 10)}]}}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "a bomb of aliases": f"{BOMB}endpoints: *i",
    "a bomb of merges": f"{MERGES}endpoints: [*i]",
    "an alias that holds itself": "endpoints: &a [*a]",
    "depth": f"endpoints: {'[' * 10_000}",
    "depth of blocks": "endpoints:\n" + "".join(" " * level + "- \n" for level in range(1, 200)),
    "code": "endpoints: !!python/object/apply:os.system ['touch /tmp/pwned']",
    "an unknown tag": "endpoints: !secret x",
    "a number of a million digits": f"endpoints: [{{name: a, interval: {'9' * 1_000_000}}}]",
    "a table as a key": "endpoints: {? {a: 1} : 2}",
    "several documents": "endpoints: []\n---\nendpoints: []",
    "no YAML": "endpoints: [}",
    "nothing": "",
    "a text": "hello",
    "a list": "[1, 2]",
    "NUL": "endpoints: \0",
    "half a character": "endpoints: \udc80",
    "an alias of nothing": "endpoints: *nobody",
    "two megabytes": "endpoints: []\n" + "#" * 2_000_000,
    "another monitor": BLACKBOX,
}


@pytest.mark.parametrize("content", HOSTILE)
def test_a_file_that_harms_or_is_another_is_refused(root: Path, content: str) -> None:
    """At once, with its name and what to do, and nothing is written."""
    (root / "hostile.yaml").write_bytes(HOSTILE[content].encode("utf-8", "surrogateescape"))

    done = invoke(root, "import", "gatus", "hostile.yaml")

    assert (done.returncode, "[bad-import]" in done.stderr) == (2, True), done.stderr
    assert not (root / "probes").exists()


ODD = [
    "endpoints: 5", "endpoints: [1, null, [], x]", "endpoints: [{}]", "endpoints: [{name: [], url: {}, conditions: 7}]",
    "endpoints: [{url: 'https://a b/', conditions: ['', '==', '[STATUS] ==', '[STATUS] == 99999999999999999999']}]",
    "endpoints: [{url: 'https://x/', headers: {a: {b: 1}, 1: 2, null: x}, client: [], interval: -5, alerts: {}}]",
    "endpoints: [{url: 'https://x/', interval: .nan, client: {timeout: .inf}}]",
    "endpoints: [{url: '//', dns: true}]", "endpoints: [{url: 'https://[::1', body: '${'}]",
    "endpoints: [{name: '\\e]0;x', url: 'https://x/', group: \"\\u202e\"}]",
    "endpoints: []\nalerting: {slack: 1, 7: {}}",
    "endpoints: [{url: 2001-01-01, interval: 2001-01-01}]", "endpoints: [{url: !!binary aGk=, method: !!set {a, b}}]",
]  # fmt: skip


@pytest.mark.parametrize("content", ODD)
def test_odd_values_are_left_over_and_break_nothing(root: Path, content: str) -> None:
    """What is written is accepted, whatever the file held."""
    (root / "odd.yaml").write_text(content)

    done = invoke(root, "import", "gatus", "odd.yaml")

    assert done.returncode == 0, done.stderr
    assert invoke(root, "validate").returncode == 0


@pytest.mark.parametrize(
    "content",
    [
        "{", "[]", "{}", "null", '{"monitorList": 1}', "[" * 100_000, '{"monitorList": {}}',
        "SQLite format 3\0garbage", "",
        '{"a": NaN}',
    ],
)  # fmt: skip
def test_a_backup_that_is_none_is_refused(root: Path, content: str) -> None:
    """Neither is what merely looks like a database."""
    (root / "kuma.json").write_text(content)

    done = invoke(root, "import", "uptime-kuma", "kuma.json")

    assert (done.returncode, "[bad-import]" in done.stderr) == (2, True), done.stderr


def test_a_file_that_is_not_there_is_said(root: Path) -> None:
    """As is a folder."""
    finished = [
        invoke(root, "import", monitor, file) for monitor in ("gatus", "uptime-kuma") for file in ("absent", ".")
    ]

    assert all(done.returncode == 2 and "[unreadable-file]" in done.stderr for done in finished), [
        done.stderr for done in finished
    ]


def test_a_literal_credential_becomes_a_variable(root: Path) -> None:
    """Wherever it stands: what looks like a password is not copied into a file that is committed."""
    body = '{"user": "ada", "password": "hunter2"}'
    (root / "gatus.yaml").write_text(
        f"endpoints: [{{name: a, url: 'https://x/?token=hunter3&x=1', method: POST, body: '{body}'}}]"
    )

    result = import_monitor(find_workspace(root), "gatus", root / "gatus.yaml")

    assert any("A_CREDENTIAL and A_CREDENTIAL_2" in leftover.why for leftover in result.leftovers)
    assert "hunter" not in result.document
    assert "?token=${A_CREDENTIAL" in result.document


def test_a_secret_to_be_set_is_not_counted_as_lost(root: Path) -> None:
    """It is carried over, as a variable, and named with the line of its header."""
    (root / "gatus.yaml").write_text(
        "endpoints:\n- name: a\n  url: https://x/\n  headers:\n    Authorization: Bearer hunter2\n  odd: 1\n"
    )

    done = invoke(root, "import", "gatus", "gatus.yaml")

    assert "to be set: line 5: gatus.endpoints[0] a.headers.Authorization: is a secret" in done.stderr
    assert "probes: 1, to be set: 1, not carried over: 1" in done.stderr


def test_an_endpoint_none_of_whose_conditions_can_be_expected_is_left_out(root: Path) -> None:
    """A probe of it would be well whatever its server answers."""
    (root / "gatus.yaml").write_text(
        "endpoints: [{name: a, url: 'https://x/', conditions: ['[DOMAIN_EXPIRATION] > 720h']}]"
    )

    result = import_monitor(find_workspace(root), "gatus", root / "gatus.yaml")

    assert result.probes == 0
    assert any("none of its conditions" in leftover.why for leftover in result.leftovers)
