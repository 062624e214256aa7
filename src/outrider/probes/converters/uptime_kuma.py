"""Uptime Kuma (https://github.com/louislam/uptime-kuma): a backup in JSON, a list of monitors, or its database."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any, Final, cast

from outrider.probes.converters.conversion import Conversion, ConvertedProbe, Source, duration, literal, secret_name
from outrider.probes.converters.http_parts import placeholder, put_headers, put_url, put_user, split_host
from outrider.probes.converters.kuma_services import put_database, put_ntp, put_redis, put_smtp
from outrider.probes.converters.yaml_document import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_UNLIKE: Final = "Outrider has nothing of this kind"
_ENCODINGS: Final = {
    "json": "application/json", "form": "application/x-www-form-urlencoded", "xml": "text/xml; charset=utf-8",
}  # fmt: skip
_SQLITE: Final = b"SQLite format 3\0"
_IGNORED: Final = frozenset(
    {
        "id", "user_id", "weight", "description", "path", "pathName", "childrenIDs", "parent", "created_date",
        "tags", "active", "forceInactive", "includeSensitiveData", "screenshot", "cacheBust", "maintenance",
        "notificationIDList", "dns_last_result", "packetSize", "httpBodyEncoding", "expiryNotification",
        "domainExpiryNotification", "game", "gamedigGivenPortOnly", "kafkaProducerSaslOptions", "kafkaProducerSsl",
        "kafkaProducerAllowAutoTopicCreation", "kafkaProducerBrokers", "rabbitmqNodes", "saveResponse",
        "saveErrorResponse", "responseMaxLength", "resendInterval", "ping_numeric", "ping_per_request_timeout",
        "snmpVersion", "jsonPathOperator", "mqttCheckType", "location", "protocol", "retryInterval",
        "timeout", "method", "maxredirects", "accepted_statuscodes", "port", "dns_resolve_type",
        "dns_resolve_server", "jsonPath", "expectedValue", "url", "ping_count", "smtpSecurity", "remote_browser",
        "screenshot_delay", "oauth_auth_method", "grpcEnableTls", "retryOnlyOnStatusCodeFailure", "authMethod",
        "invertKeyword", "proxyId", "docker_host", "docker_container", "keyword", "hostname", "ipFamily",
        "ntpStratumThreshold", "ntpTimeOffsetThreshold", "ntpRootDispersionThreshold", "wsSubprotocol", "subtype",
        "wsIgnoreSecWebsocketAcceptHeader", "mqttTopic", "mqttSuccessMessage", "pushToken", "sendUrl", "customUrl",
    }
)  # fmt: skip
"""What is of other types of monitor than the one at hand, or changes nothing of what is watched: forms fill it in."""


def read_kuma(path: Path, file: str) -> object:
    """Return what a file holds: a backup, or the monitors of a database.

    Raises:
        ConfigError: bad-import if it is neither.
    """
    with path.open("rb") as reader:
        beginning = reader.read(len(_SQLITE))
    if beginning == _SQLITE:
        return _database(path, file)
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise refusal(file, f"is not JSON: {error}") from None


def _database(path: Path, file: str) -> object:
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        connection.row_factory = sqlite3.Row
        try:
            monitors = [_camel(dict(row)) for row in connection.execute("SELECT * FROM monitor ORDER BY id")]
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise refusal(file, f"is no database of Uptime Kuma: {error}") from None
    return {"monitorList": monitors}


_COLUMNS: Final = {
    "basic_auth_user": "basic_auth_user", "dns_resolve_type": "dns_resolve_type", "push_token": "pushToken",
    "dns_resolve_server": "dns_resolve_server", "accepted_statuscodes_json": "accepted_statuscodes",
    "ignore_tls": "ignoreTls", "upside_down": "upsideDown", "invert_keyword": "invertKeyword", "json_path": "jsonPath",
    "expected_value": "expectedValue", "retry_interval": "retryInterval", "auth_method": "authMethod",
    "grpc_url": "grpcUrl", "grpc_service_name": "grpcServiceName", "grpc_enable_tls": "grpcEnableTls",
    "json_path_operator": "jsonPathOperator", "database_connection_string": "databaseConnectionString",
    "database_query": "databaseQuery", "smtp_security": "smtpSecurity", "ws_subprotocol": "wsSubprotocol",
    "http_body_encoding": "httpBodyEncoding", "ip_family": "ipFamily", "radius_password": "radiusPassword",
}  # fmt: skip


def _camel(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the database with the keys of a backup, without columns that no backup has."""
    monitor = {_COLUMNS.get(key, key): value for key, value in row.items()}
    codes = monitor.get("accepted_statuscodes")
    if isinstance(codes, str):
        monitor["accepted_statuscodes"] = _json_or(codes, ["200-299"])
    known = {*_COLUMNS.values(), *_IGNORED, *_USED}
    return {key: value for key, value in monitor.items() if key in known}


_USED: Final = (
    "name", "type", "url", "hostname", "port", "interval", "maxretries", "keyword", "headers", "body",
    "basic_auth_user", "method", "maxredirects", "timeout", "active", "ping_count", "conditions",
    "oauth_token_url", "oauth_client_id", "oauth_client_secret", "oauth_scopes", "oauth_audience",
)  # fmt: skip


def convert_uptime_kuma(document: object, file: str) -> Conversion:
    """Return what becomes of a backup, or of a list of monitors.

    Raises:
        ConfigError: bad-import if it is neither.
    """
    conversion = Conversion()
    monitors, rest = _monitors(document, file)
    top = Source(rest, "uptime-kuma", conversion)
    for at, monitor in enumerate(monitors):
        _monitor(Source(monitor, f"monitor {at + 1}", conversion), conversion)
    for notification in top.rows("notificationList"):
        _notification(notification, conversion)
    proxies = "name the proxy in the probes that need one"
    top.leave_rest(_UNLIKE, {"proxyList": proxies}, ("version",))
    return conversion


def _monitors(document: object, file: str) -> tuple[list[object], dict[str, object]]:
    if isinstance(document, dict):
        if isinstance(document.get("monitorList"), list):
            rest = {key: value for key, value in document.items() if key != "monitorList"}
            return document["monitorList"], rest
        if document and all(isinstance(value, dict) and "type" in value for value in document.values()):
            return list(document.values()), {}  # as the server sends its list: by id
    if isinstance(document, list) and document and all(isinstance(value, dict) for value in document):
        return document, {}
    raise refusal(file, "is no backup of Uptime Kuma: it has no monitorList")


def _monitor(source: Source, conversion: Conversion) -> None:
    title, kind = source.text("name"), source.text("type")
    source.where = f"{source.where} {title}".rstrip()
    makers: dict[str, Callable[..., str]] = {
        "http": _http, "keyword": _http, "json-query": _http, "port": _port, "ping": _ping, "dns": _dns, "push": _push,
        "tcp": _port, "websocket-upgrade": _websocket, "grpc-keyword": _grpc, "mysql": put_database,
        "mariadb": put_database, "postgres": put_database, "sqlserver": put_database, "oracledb": put_database,
        "redis": put_redis, "smtp": put_smtp, "ntp": put_ntp,
    }  # fmt: skip
    if kind == "group":
        source.leave("", "is a group: Outrider groups by labels and tags")
        return
    if kind not in makers:
        source.leave("type", f"Outrider has no probe for {kind!r}")
        return
    name = conversion.name_for(title)
    table: dict[str, object] = {"kind": ""}
    expect: dict[str, Any] = {}
    table["kind"] = makers[kind](source, table, expect, name=name)
    _policy(source, table, title)
    if _json_or(conditions, conditions) if isinstance(conditions := source.take("conditions"), str) else conditions:
        source.leave("conditions", "write what they judge in expect of the probe")
    if expect:
        table["expect"] = expect
    if source.flag("upsideDown"):
        source.leave("upsideDown", "Outrider has no probe that is well when its target is not")
        return
    source.leave_rest(_UNLIKE, ignored=_IGNORED)
    conversion.probes.append(ConvertedProbe(name, table, source.where))


def _policy(source: Source, table: dict[str, object], title: str) -> None:
    interval_s = source.number("interval") or 60.0
    table.setdefault("every", duration(interval_s))
    table["retries"] = min(10, max(0, round(source.number("maxretries") or 0)))
    if timeout_s := source.number("timeout"):
        table["timeout"] = duration(timeout_s)
    if title:
        table["title"] = title
    if not source.flag("active", default=True):
        table["enabled"] = False
    tags = sorted({tag.text("name") for tag in source.rows("tags")} - {""})
    if tags:
        table["tags"] = tags


def _http(source: Source, table: dict[str, object], expect: dict[str, Any], *, name: str) -> str:
    put_url(table, source, literal(source.text("url")), name)
    method = source.text("method").upper()
    if method and method != "GET":
        table["method"] = method
    if body := source.text("body"):
        table["body"] = literal(body)
    encoding = source.text("httpBodyEncoding") or "json"
    if source.flag("ignoreTls"):
        table["verify"] = False
    redirects = source.number("maxredirects")
    if redirects is not None:
        table["redirects"] = max(0, min(50, round(redirects)))
    expect["status"] = _statuses(source)
    if (keyword := source.text("keyword")) and source.text("type") == "keyword":
        expect["absent" if source.flag("invertKeyword") else "contains"] = keyword
    if source.text("type") == "json-query":
        _json_query(source, expect)
    _credentials(source, table, name)
    headers = dict(cast("Mapping[str, str]", table.get("headers", {})))
    if body and encoding in _ENCODINGS and not any(header.lower() == "content-type" for header in headers):
        table["headers"] = {"Content-Type": _ENCODINGS[encoding], **headers}
    return "http"


def _json_query(source: Source, expect: dict[str, Any]) -> None:
    """JSONata and JSONPath agree on plain paths only."""
    path, wanted = source.text("jsonPath"), source.text("expectedValue")
    operator = source.text("jsonPathOperator") or "=="
    if not path or not all(part.isidentifier() for part in path.removeprefix("$.").split(".")):
        source.leave("jsonPath", "is JSONata: write a JSONPath in expect.json")
        return
    if operator not in {"==", "!=", "<", "<=", ">", ">="}:
        source.leave("jsonPathOperator", f"{operator!r} has no counterpart")
        return
    value = _json_or(wanted, wanted)
    query = path if path.startswith("$") else f"$.{path}"
    expect["json"] = {query: value if operator == "==" else {operator: value}}


def _credentials(source: Source, table: dict[str, object], name: str) -> None:
    headers = source.take("headers")
    parsed = _json_or(headers, None) if isinstance(headers, str) else headers
    if headers and not isinstance(parsed, dict):
        source.leave("headers", "are not JSON")
    if isinstance(parsed, dict):
        put_headers(
            table, source, {str(key): literal(str(value)) for key, value in parsed.items()}, name=name, key="headers"
        )
    user = source.text("basic_auth_user")
    for key in ("basic_auth_pass", "bearer_token", "oauth_client_secret"):
        source.take(key)
    if source.text("authMethod") == "oauth2-cc":
        table["auth"] = _oauth2(source, name)
    elif user and source.text("authMethod") in {"", "basic"}:
        put_user(table, source, user, name=name, key="basic_auth_pass")
    elif source.text("authMethod") == "mtls":
        source.leave("tlsCert", "is a certificate with its key: write them to files that certificate and key name")
    elif source.text("authMethod") not in {"", "basic"}:
        source.leave("authMethod", f"{source.text('authMethod')!r} is not carried over: write auth of the probe")


def _oauth2(source: Source, name: str) -> dict[str, object]:
    auth: dict[str, object] = {
        "token_url": literal(source.text("oauth_token_url")),
        "client": literal(source.text("oauth_client_id")),
        "secret": placeholder(source, name, "oauth_client_secret", "client_secret", "unset"),
    }
    for key, ours in (("oauth_scopes", "scope"), ("oauth_audience", "audience")):
        if value := source.text(key):
            auth[ours] = literal(value)
    if source.text("oauth_auth_method") == "client_secret_post":
        auth["in_body"] = True
    return auth


def _statuses(source: Source) -> list[int | str]:
    accepted = source.take("accepted_statuscodes")
    statuses: set[int] = set()
    for code in accepted if isinstance(accepted, list) else ["200-299"]:
        first, _, last = str(code).partition("-")
        if first.isdigit() and (last or first).isdigit():
            statuses |= set(range(max(100, int(first)), min(599, int(last or first)) + 1))
    classes = [hundred for hundred in range(1, 6) if set(range(hundred * 100, hundred * 100 + 100)) <= statuses]
    if not statuses:
        return ["2xx"]
    return [f"{hundred}xx" for hundred in classes] if len(statuses) == 100 * len(classes) else sorted(statuses)


def _port(source: Source, table: dict[str, object], expect: dict[str, Any], *, name: str) -> str:
    del expect, name
    port = source.number("port")
    table["address"] = split_host(source.text("hostname"), round(port) if port else None)
    return "tcp"


def _ping(source: Source, table: dict[str, object], expect: dict[str, Any], *, name: str) -> str:
    del expect, name
    table["host"], table["count"] = source.text("hostname"), min(100, max(1, round(source.number("ping_count") or 1)))
    return "icmp"


def _dns(source: Source, table: dict[str, object], expect: dict[str, Any], *, name: str) -> str:
    del expect, name
    table["name"], table["record"] = source.text("hostname"), source.text("dns_resolve_type") or "A"
    port = source.number("port")
    server = source.text("dns_resolve_server").split(",")[0].strip()
    if server:
        table["resolver"] = split_host(server, round(port) if port and port != 53 else None)
    return "dns"


def _push(source: Source, table: dict[str, object], expect: dict[str, Any], *, name: str) -> str:
    """A job that pushes calls in its interval."""
    del expect
    variable = secret_name(name, "token")
    source.leave_secret(
        "pushToken", f"is a secret and is not copied: set {variable}; jobs call /heartbeat/TOKEN instead"
    )
    table["period"] = duration(source.number("interval") or 60.0)
    table["token"] = f"${{{variable}:-{name}-{len(name)}-unset}}"
    table["every"] = "1m"
    return "heartbeat"


def _websocket(source: Source, table: dict[str, object], expect: dict[str, Any], *, name: str) -> str:
    del expect, name
    table["url"] = source.text("url")
    if subprotocol := source.text("wsSubprotocol"):
        table["subprotocol"] = [part.strip() for part in subprotocol.split(",")]
    if source.flag("ignoreTls"):
        table["verify"] = False
    return "websocket"


def _grpc(source: Source, table: dict[str, object], expect: dict[str, Any], *, name: str) -> str:
    del expect, name
    table["address"], table["service"] = source.text("grpcUrl"), source.text("grpcServiceName")
    if source.flag("grpcEnableTls"):
        table["tls"] = True
    if source.text("keyword"):
        source.leave("keyword", "is of another call: Outrider asks for the server's health")
    return "grpc"


def _notification(source: Source, conversion: Conversion) -> None:
    """Make a receiver of a notification that has a counterpart; its secrets become variables."""
    title = source.text("name")
    source.where = f"notification {title}"
    config = source.take("config")
    settings = _json_or(config, {}) if isinstance(config, str) else config
    kind = settings.get("type", "") if isinstance(settings, dict) else ""
    name = conversion.name_for("notify", title)
    if kind == "smtp" and isinstance(settings, dict):
        sign_in = "${SMTP_USER}:${SMTP_PASSWORD}@" if settings.get("smtpUsername") else ""
        server = f"smtp://{sign_in}{settings.get('smtpHost', '')}:{settings.get('smtpPort', 25)}"
        to = [address.strip() for address in str(settings.get("smtpTo", "")).split(",") if address.strip()]
        receiver = {"kind": "mail", "server": server, "from": str(settings.get("smtpFrom", "")), "to": to}
        conversion.alerts.append((f"[receiver.{name}]", receiver))
    elif kind == "PagerDuty":
        conversion.alerts.append((f"[receiver.{name}]", {"kind": "pagerduty", "routing_key": "${PAGERDUTY_KEY}"}))
    elif kind in {"slack", "discord", "teams", "mattermost", "telegram", "ntfy", "gotify", "pushover"}:
        variable = secret_name(name, "url")
        conversion.alerts.append((f"[receiver.{name}]", {"kind": "apprise", "url": f"${{{variable}}}"}))
    else:
        source.leave("", f"is of type {kind!r}: write a receiver of kind apprise or webhook in scheduler/alerts.toml")


def _json_or(text: str, otherwise: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return otherwise
