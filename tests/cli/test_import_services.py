"""`outrider import` of monitors that talk to databases, mail servers and other services."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.conftest import invoke
from tests.listeners import serving

from outrider.app import find_workspace
from outrider.app.execution.monitor_import import import_monitor

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from outrider.app.execution.monitor_import import MonitorImport

SQL_SERVER = "Server=tcp:db.example,1434;Database=my shop;User Id=watch;Password=hunter2;Encrypt=true"
MONITORS: dict[str, tuple[dict[str, object], dict[str, object], set[str]]] = {
    "mysql": (
        {"type": "mysql", "databaseConnectionString": "mysql://ada:hunter2@db.example:3307/shop", "databaseQuery": "q"},
        {"kind": "sql", "url": "mysql+pymysql://ada:${A_PASSWORD:-}@db.example:3307/shop", "query": "q"},
        {"databaseConnectionString"},
    ),
    "postgres": (
        {"type": "postgres", "databaseConnectionString": "postgres://a%40b:hunter2@db.example/shop?sslmode=require"},
        {"url": "postgresql+psycopg://a%40b:${A_PASSWORD:-}@db.example/shop?sslmode=require", "query": "SELECT 1"},
        {"databaseConnectionString"},
    ),
    "sqlserver": (
        {"type": "sqlserver", "databaseConnectionString": SQL_SERVER},
        {"url": "mssql+pymssql://watch:${A_PASSWORD:-}@db.example:1434/my%20shop"},
        {"databaseConnectionString"},
    ),
    "oracledb": (
        {"type": "oracledb", "databaseConnectionString": "db.example:1521/SHOP", "basic_auth_user": "ada",
         "basic_auth_pass": "hunter2"},
        {"url": "oracle+oracledb://ada:${A_PASSWORD:-}@db.example:1521/?service_name=SHOP",
         "query": "SELECT 1 FROM DUAL"},
        {"basic_auth_pass"},
    ),
    "redis": (
        {"type": "redis", "databaseConnectionString": "rediss://:hunter2@cache.example:6380", "ignoreTls": True},
        {"kind": "tcp", "address": "cache.example:6380", "tls": True, "verify": False, "dialogue": [
            {"send": "AUTH default ${A_PASSWORD:-unset}\r\n", "expect": "^\\+OK"},
            {"send": "PING\r\n", "expect": "^\\+PONG"}]},
        {"databaseConnectionString"},
    ),
    "smtp": (
        {"type": "smtp", "hostname": "mail.example", "port": 587, "smtpSecurity": "starttls"},
        {"kind": "tcp", "address": "mail.example:587"},
        set(),
    ),
    "ntp": ({"type": "ntp", "hostname": "time.example"}, {"kind": "udp", "address": "time.example:123"}, set()),
    "websocket": (
        {"type": "websocket-upgrade", "url": "wss://shop.example/live", "wsSubprotocol": "v1, v2"},
        {"kind": "websocket", "subprotocol": ["v1", "v2"]},
        set(),
    ),
    "conditions": (
        {"type": "dns", "hostname": "shop.example", "conditions": json.dumps([{"variable": "record"}])},
        {"kind": "dns", "name": "shop.example"},
        {"conditions"},
    ),
    "body": (
        {"type": "http", "url": "https://shop.example/", "method": "POST", "body": "{}", "conditions": "[]"},
        {"headers": {"Content-Type": "application/json"}},
        set(),
    ),
    "form": (
        {"type": "http", "url": "https://shop.example/", "method": "POST", "body": "a=b", "httpBodyEncoding": "form"},
        {"headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        set(),
    ),
    "token": (
        {"type": "http", "url": "https://shop.example/", "authMethod": "oauth2-cc", "oauth_scopes": "read",
         "oauth_token_url": "https://login.example/token", "oauth_client_id": "watch",
         "oauth_client_secret": "hunter2", "oauth_auth_method": "client_secret_post"},
        {"auth": {"token_url": "https://login.example/token", "client": "watch", "scope": "read", "in_body": True,
                  "secret": "${A_CLIENT_SECRET:-unset}"}},
        {"oauth_client_secret"},
    ),
}  # fmt: skip


def imported(root: Path, monitor: str, file: str, text: str, *targets: tuple[str, str]) -> MonitorImport:
    (root / "outrider.toml").touch()
    (root / file).write_text(text)
    return import_monitor(find_workspace(root), monitor, root / file, targets=targets)


@pytest.mark.parametrize(("monitor", "keys", "left"), MONITORS.values(), ids=MONITORS)
def test_a_service_of_uptime_kuma_becomes_a_probe(
    tmp_path: Path, monitor: dict[str, object], keys: dict[str, object], left: set[str]
) -> None:
    """With what it sends and expects; passwords become variables, and what is lost is named."""
    done = imported(tmp_path, "uptime-kuma", "kuma.json", json.dumps([{"name": "a", **monitor}]))

    probe: dict[str, Any] = tomllib.loads(done.document)["a"]
    assert {key: probe.get(key) for key in keys} == keys
    assert "hunter2" not in done.document
    assert {leftover.what.rpartition(".")[2] for leftover in done.leftovers} == left


def test_a_kind_of_uptime_kuma_that_outrider_has_not_is_named(tmp_path: Path) -> None:
    """Without a weaker probe in its place."""
    done = imported(tmp_path, "uptime-kuma", "kuma.json", json.dumps([{"name": "a", "type": "mongodb"}]))

    assert (done.probes, [leftover.why for leftover in done.leftovers]) == (0, ["Outrider has no probe for 'mongodb'"])


LINES = r"""
modules:
  mail:
    prober: tcp
    timeout: 2s
    tcp:
      query_response:
        - expect: "^220 (\\S+) ESMTP$"
        - send: "EHLO prober\r"
        - expect: "^250-STARTTLS"
        - expect: "^250-AUTH (.*) PLAIN$"
        - send: "QUIT\r"
  hidden:
    prober: tcp
    tcp: {tls: true, query_response: [{send: "HELO\r"}, {expect: AMQP}]}
  postgres:
    prober: tcp
    tcp: {query_response: [{send: !!binary AAAACATSFi8=}, {expect_bytes: S}, {starttls: true}]}
"""


def test_a_dialogue_of_the_blackbox_exporter_is_matched_line_by_line(tmp_path: Path) -> None:
    """As there: a pattern begins and ends with a line of the answer, wherever that stands in it."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(b"220 mail.example ESMTP\r\n")
        connection.recv(1000)
        connection.sendall(b"250-mail.example\r\n250-STARTTLS\r\n250-AUTH LOGIN PLAIN\r\n250 OK\r\n")
        connection.recv(1000)

    with serving(speak) as address:
        done = imported(tmp_path, "blackbox", "blackbox.yml", LINES, ("mail", address))
        (tmp_path / "probes").mkdir()
        (tmp_path / "probes" / "blackbox.toml").write_text(done.document)
        run = invoke(tmp_path, "run", "--json")

    assert (run.returncode, json.loads(run.stdout)["runs"][0]["outcome"]) == (0, "passed"), run.stdout


def test_dialogues_within_tls_and_of_bytes_are_carried_over(tmp_path: Path) -> None:
    """A connection that begins with TLS, and one that sends bytes and begins it later."""
    targets = (("hidden", "queue.example:5671"), ("postgres", "db.example:5432"))

    probes = tomllib.loads(imported(tmp_path, "blackbox", "blackbox.yml", LINES, *targets).document)

    hidden, postgres = probes["hidden-queue-example-5671"], probes["postgres-db-example-5432"]
    assert (hidden["kind"], hidden["tls"], hidden["dialogue"]) == (
        "tcp",
        True,
        [{"send": "HELO\r\n", "expect": "AMQP"}],
    )
    assert postgres["dialogue"] == [{"send_hex": "0000000804d2162f", "expect": "^S", "starttls": True}]


def test_a_query_of_graphql_says_what_it_is(tmp_path: Path) -> None:
    """Gatus sends it as JSON, with the type of that."""
    text = 'endpoints: [{name: a, url: "https://shop.example/", graphql: true, body: "{ user }", conditions: []}]'

    probe = tomllib.loads(imported(tmp_path, "gatus", "gatus.yaml", text).document)["a"]

    assert (probe["headers"], probe["method"]) == ({"Content-Type": "application/json"}, "POST")


def test_what_alerts_need_is_to_be_set(tmp_path: Path) -> None:
    """Each variable that stands for a secret of a receiver is named."""
    text = """
alerting: {slack: {webhook-url: "https://hooks.example/T1"}}
endpoints: [{name: a, url: "https://shop.example/", conditions: ["[STATUS] == 200"], alerts: [{type: slack}]}]
"""

    done = imported(tmp_path, "gatus", "gatus.yaml", text)

    assert [(left.is_secret, left.why) for left in done.leftovers] == [
        (True, "needs SLACK_WEBHOOK_URL: name it below [secrets], and set it")
    ]
