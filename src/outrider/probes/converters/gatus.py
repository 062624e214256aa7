"""Gatus (https://github.com/TwiN/gatus): endpoints, external endpoints, and alerting that has a counterpart."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from outrider.probes.converters.conversion import (
    Conversion,
    ConvertedProbe,
    Source,
    duration,
    secret_name,
)
from outrider.probes.converters.gatus_conditions import Conditions
from outrider.probes.converters.http_parts import placeholder, put_headers, put_url
from outrider.probes.converters.yaml_document import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

_CONDITION = re.compile(r"^\s*(.+?)\s*(==|!=|<=|>=|<|>)\s*(.*?)\s*$")
_VARIABLE = re.compile(r"\$(?:\$|\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_UNLIKE: Final = "Outrider has nothing of this kind"
_DECORATION: Final = ("ui", "extra-labels")


def convert_gatus(document: object, file: str) -> Conversion:
    """Return what becomes of a configuration.

    Raises:
        ConfigError: bad-import if it is none of Gatus.
    """
    conversion = Conversion()
    if not isinstance(document, dict) or not {"endpoints", "external-endpoints", "suites"} & document.keys():
        raise refusal(file, "is no configuration of Gatus: it has no endpoints")
    top = Source(document, "gatus", conversion)
    for key, convert in (("endpoints", _endpoint), ("external-endpoints", _external)):
        for source in top.rows(key):
            convert(source, conversion)
    top.take("suites")
    if document.get("suites"):
        top.leave("suites", "chains of requests are written by hand, as a probe of kind api")
    _alerting(top.below("alerting"), conversion)
    reasons = {
        "maintenance": "write it as [[maintenance]] in scheduler/alerts.toml",
        "security": "pages of Outrider have no sign-in of this kind",
        "announcements": "is text of Gatus' page",
    }
    ignored = ("storage", "web", "ui", "metrics", "concurrency", "disable-monitoring-lock", "debug", "remote")
    top.leave_rest(_UNLIKE, reasons, ignored)
    return conversion


def _endpoint(source: Source, conversion: Conversion) -> None:
    group, title = source.text("group"), source.text("name")
    source.where = f"{source.where} {title}".rstrip()
    line = source.line_of()
    name = conversion.name_for(group, title)
    url = _variables(source.text("url"))
    make, kind = _kind_of(source, url)
    if make is None:
        source.leave("", f"Outrider has no probe for {kind}")
        return
    table: dict[str, object] = {"kind": kind}
    expect: dict[str, Any] = {}
    make(source, table, expect, url=url, name=name)
    _policy(source, table, group=group, title=title)
    conditions = source.texts("conditions")
    carried = [_condition(source, kind, condition, expect, at) for at, condition in enumerate(conditions)]
    if carried and not any(carried):
        source.leave("", "none of its conditions is carried over: a probe would be well whatever they say")
        return
    if expect:
        table["expect"] = expect
    reasons = {"alerts": "", "ssh": "Outrider signs in to no ssh server", "store": "is of suites only"}
    source.leave_rest(_UNLIKE, reasons, _DECORATION)
    conversion.probes.append(ConvertedProbe(name, table, source.where, line))


def _kind_of(source: Source, url: str) -> tuple[Callable[..., None] | None, str]:
    if source.data.get("dns"):
        return _dns, "dns"
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    kinds: dict[str, tuple[Callable[..., None] | None, str]] = {
        "http": (_http, "http"), "https": (_http, "http"), "tcp": (_tcp, "tcp"), "tls": (_tls, "tls"),
        "starttls": (None, "starttls without knowing its protocol: write a dialogue of kind tcp"),
        "icmp": (_icmp, "icmp"), "ws": (_websocket, "websocket"), "wss": (_websocket, "websocket"),
        "grpc": (_grpc, "grpc"), "grpcs": (_grpc, "grpc"), "udp": (_tcp, "udp"),
    }  # fmt: skip
    return kinds.get(scheme, (_http, "http") if "${" in url[:2] else (None, f"{scheme or 'an address without scheme'}"))


def _http(source: Source, table: dict[str, object], expect: dict[str, Any], *, url: str, name: str) -> None:
    put_url(table, source, url, name)
    method, body = source.text("method").upper(), source.text("body")
    if method and method != "GET":
        table["method"] = method
    is_graphql = source.flag("graphql")
    if is_graphql:
        body = json.dumps({"query": body})
        table["method"] = method or "POST"
    if body:
        table["body"] = _variables(body)
        if re.search(r"\[(?:ENDPOINT_\w+|LOCAL_ADDRESS|RANDOM_STRING_\d+)\]", body):
            source.leave("body", "is carried over with Gatus' placeholders, which Outrider does not fill")
    headers = source.below("headers")
    texts = {str(key): _variables(headers.text(key)) for key in headers.data}
    if is_graphql and not any(header.lower() == "content-type" for header in texts):
        texts["Content-Type"] = "application/json"
    put_headers(table, source, texts, name=name, key="headers")
    expect["status"] = ["1xx", "2xx", "3xx", "4xx", "5xx"]  # Gatus judges a status only where a condition says so
    _client(source, table, name)


def _headers(source: Source, table: dict[str, object], name: str) -> None:
    headers = source.below("headers")
    texts = {str(key): _variables(headers.text(key)) for key in headers.data}
    put_headers(table, source, texts, name=name, key="headers")


def _client(source: Source, table: dict[str, object], name: str) -> None:
    client = source.below("client")
    if client.flag("insecure"):
        table["verify"] = False
    if client.flag("ignore-redirect"):
        table["redirects"] = 0
    if proxy := client.text("proxy-url"):
        table["proxy"] = _variables(proxy)
    tls = client.below("tls")
    for key, ours in (("certificate-file", "certificate"), ("private-key-file", "key")):
        if tls.text(key):
            tls.leave(key, f"is a file: put it into the workspace, and name it by {ours}")
    tls.leave_rest(_UNLIKE, ignored=("renegotiation",))
    timeout_s = client.seconds("timeout")
    table["timeout"] = duration(timeout_s or 10.0)
    network = client.text("network")
    if network in {"ip4", "ip6"}:
        table["ip"] = network[-1]
    oauth2 = client.below("oauth2")
    if oauth2.data:
        _oauth2(client, oauth2, table, name)
    reasons = {"dns-resolver": "Outrider resolves names as its host does", "tunnel": "Outrider opens no SSH tunnels"}
    client.leave_rest(_UNLIKE, reasons, ("store-cookies",))


def _oauth2(client: Source, oauth2: Source, table: dict[str, object], name: str) -> None:
    auth: dict[str, object] = {
        "token_url": _variables(oauth2.text("token-url")),
        "client": _variables(oauth2.text("client-id")),
        "secret": placeholder(client, name, "oauth2.client-secret", "client_secret", "unset"),
    }
    table["auth"] = auth
    oauth2.take("client-secret")
    scopes = oauth2.texts("scopes")
    if scopes:
        auth["scope"] = " ".join(scopes)


def _tcp(source: Source, table: dict[str, object], expect: dict[str, Any], *, url: str, name: str) -> None:
    del expect
    table["address"] = url.partition("://")[2].rstrip("/")
    if body := source.text("body"):
        table["send"] = _variables(body)
    _client(source, table, name)
    table.pop("verify", None)
    table.pop("redirects", None)


def _tls(source: Source, table: dict[str, object], expect: dict[str, Any], *, url: str, name: str) -> None:
    expect["certificate_days"] = 0
    _tcp(source, table, expect, url=url, name=name)
    if source.data.get("client", {}) and source.data["client"].get("insecure"):
        table["verify"] = False


def _icmp(source: Source, table: dict[str, object], expect: dict[str, Any], *, url: str, name: str) -> None:
    del expect
    table["host"], table["count"] = url.partition("://")[2].rstrip("/"), 1
    _client(source, table, name)


def _websocket(source: Source, table: dict[str, object], expect: dict[str, Any], *, url: str, name: str) -> None:
    del expect
    table["url"] = url
    if body := source.text("body"):
        table["send"] = _variables(body)
    headers = source.below("headers")
    put_headers(
        table, source, {str(key): _variables(headers.text(key)) for key in headers.data}, name=name, key="headers"
    )
    _client(source, table, name)


def _grpc(source: Source, table: dict[str, object], expect: dict[str, Any], *, url: str, name: str) -> None:
    del expect
    scheme, _, address = url.partition("://")
    table["address"] = address.rstrip("/")
    if scheme == "grpcs":
        table["tls"] = True
    _client(source, table, name)


def _dns(source: Source, table: dict[str, object], expect: dict[str, Any], *, url: str, name: str) -> None:
    dns = source.below("dns")
    table["name"] = _variables(dns.text("query-name")).rstrip(".")
    table["record"] = dns.text("query-type") or "A"
    table["resolver"] = url.partition("://")[2] or url
    dns.leave_rest(_UNLIKE)
    del expect
    _client(source, table, name)
    table.pop("verify", None)


def _policy(source: Source, table: dict[str, object], *, group: str, title: str) -> None:
    table["every"] = duration(source.seconds("interval") or 60.0)
    if title:
        table["title"] = title
    if not source.flag("enabled", default=True):
        table["enabled"] = False
    labels = {"group": group} if group else {}
    kinds = []
    for alert in source.rows("alerts"):
        if alert.flag("enabled", default=True):
            kinds.append(alert.text("type"))
        own = "is of this endpoint alone: write a [[threshold]] or a route in scheduler/alerts.toml"
        alert.leave_rest(own, ignored=("type", "send-on-resolved"))
    if labels:
        table["labels"] = labels
    if kinds:
        table["tags"] = sorted({f"alert-{kind}" for kind in kinds if kind})
    if source.data.get("maintenance-windows"):
        source.leave("maintenance-windows", "write it as [[maintenance]] in scheduler/alerts.toml")


def _condition(source: Source, kind: str, condition: str, expect: dict[str, Any], at: int) -> bool:
    """Add a condition to what is expected, or leave it over; return whether it is carried over."""
    match = _CONDITION.match(_variables(condition))
    what = f"conditions[{at}]"
    if match is None or not Conditions(expect, kind).add(match[1], match[2], match[3]):
        source.leave(what, f"{condition!r} cannot be expected of a probe of kind {kind}")
        return False
    return True


def _external(source: Source, conversion: Conversion) -> None:
    """A job that pushes its state: a heartbeat."""
    group, title = source.text("group"), source.text("name")
    source.where = f"{source.where} {title}".rstrip()
    line = source.line_of()
    name = conversion.name_for(group, title)
    heartbeat = source.below("heartbeat")
    interval_s = heartbeat.seconds("interval")
    heartbeat.leave_rest(_UNLIKE)
    if not interval_s:
        source.leave("", "has no heartbeat.interval: its silence says nothing, and Outrider would wait for nothing")
        return
    variable = secret_name(name, "token")
    source.leave_secret("token", f"is a secret and is not copied: set {variable}; jobs call /heartbeat/TOKEN instead")
    table: dict[str, object] = {
        "kind": "heartbeat", "period": duration(interval_s), "token": f"${{{variable}:-{name}-{len(name)}-unset}}",
    }  # fmt: skip
    _policy(source, table, group=group, title=title)
    table["every"] = "1m"
    source.leave_rest(_UNLIKE, None, _DECORATION)
    conversion.probes.append(ConvertedProbe(name, table, source.where, line))


def _alerting(alerting: Source, conversion: Conversion) -> None:
    """Make receivers and routes of the providers that have a counterpart."""
    for kind in list(alerting.data):
        provider = alerting.below(kind)
        receiver = _receiver(str(kind), provider)
        if receiver is None:
            alerting.leave(str(kind), "write a receiver of kind apprise or webhook in scheduler/alerts.toml")
            continue
        conversion.alerts.append((f"[receiver.{kind}]", receiver))
        route = {"match": [f"tag=alert-{kind}"], "receivers": [str(kind)], "continue": True}
        conversion.alerts.append(("[[route.routes]]", route))
        conversion.alerts.append(("[[threshold]]", _threshold(str(kind), provider.below("default-alert"))))
        provider.leave_rest(_UNLIKE, {"overrides": "write a route in scheduler/alerts.toml"})


def _threshold(kind: str, default: Source) -> dict[str, object]:
    """Return after how many failures and successes an alert of a kind begins and ends."""
    failures, successes = default.number("failure-threshold") or 3, default.number("success-threshold") or 2
    default.leave_rest(_UNLIKE, ignored=("send-on-resolved", "enabled"))
    bad, good = max(1, round(failures)), max(1, round(successes))
    return {"match": [f"tag=alert-{kind}"], "open": f"{bad} of {bad}", "close": good}


def _receiver(kind: str, provider: Source) -> dict[str, object] | None:
    """Return a receiver whose secrets are variables."""
    if kind == "email":
        host, port = provider.text("host"), provider.number("port") or 25
        provider.take("password")
        user = provider.text("username")
        sign_in = f"{user.replace('@', '%40')}:${{SMTP_PASSWORD}}@" if user else ""
        to = [address.strip() for address in provider.text("to").split(",") if address.strip()]
        return {
            "kind": "mail",
            "server": f"smtp://{sign_in}{host}:{round(port)}",
            "from": provider.text("from"),
            "to": to,
        }
    if kind == "pagerduty":
        provider.take("integration-key")
        return {"kind": "pagerduty", "routing_key": "${PAGERDUTY_KEY}"}
    if kind in {"slack", "discord", "teams", "teams-workflows", "mattermost", "googlechat"}:
        provider.take("webhook-url")
        variable = f"{kind.upper().replace('-', '_')}_WEBHOOK_URL"
        return {"kind": "apprise", "url": f"${{{variable}}}"}
    if kind == "telegram":
        provider.take("token")
        return {"kind": "apprise", "url": f"tgram://${{TELEGRAM_TOKEN}}/{provider.text('id')}"}
    if kind == "ntfy":
        host = (provider.text("url") or "https://ntfy.sh").partition("://")[2].strip("/")
        return {"kind": "apprise", "url": f"ntfys://{host}/{provider.text('topic')}"}
    return None


def _variables(text: str) -> str:
    """Return a text with Gatus' variables as Outrider writes them; one that is not set says so where it is used."""

    def replaced(match: re.Match[str]) -> str:
        variable = match[1] or match[2]
        if variable:
            return f"${{{variable}:-{variable}-is-not-set}}"
        return "$$" if text[match.end() :].startswith("{") else "$"

    return _VARIABLE.sub(replaced, text)
