"""Prometheus' blackbox exporter (https://github.com/prometheus/blackbox_exporter): modules, and the targets of jobs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from outrider.probes.converters.conversion import Conversion, ConvertedProbe, Source, duration, literal
from outrider.probes.converters.http_parts import placeholder, put_headers, put_url, put_user
from outrider.probes.converters.yaml_document import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UNLIKE: Final = "Outrider has nothing of this kind"
_NOT_SO: Final = "Outrider refuses no answer for this"
_SCRAPE: Final = ("scrape_interval", "scrape_timeout")


@dataclass(frozen=True, slots=True)
class Target:
    """What a module is used for.

    Attributes:
        job: That names it; empty if it was given by hand.
        every_s: How often; None if it does not say.
    """

    module: str
    address: str
    job: str = ""
    every_s: float | None = None


def convert_blackbox(
    document: object, file: str, *, jobs: object = None, targets: Sequence[tuple[str, str]] = ()
) -> Conversion:
    """Return what becomes of a configuration.

    Args:
        document: Of the exporter.
        file: For messages.
        jobs: Prometheus' configuration, whose jobs name the targets of modules.
        targets: Others, each with its module.

    Raises:
        ConfigError: bad-import if it is none of the exporter.
    """
    conversion = Conversion()
    if not isinstance(document, dict) or not isinstance(document.get("modules"), dict):
        raise refusal(file, "is no configuration of the blackbox exporter: it has no modules")
    top = Source(document, "blackbox", conversion)
    modules = top.below("modules")
    top.leave_rest(_UNLIKE)
    named = [Target(module, address) for module, address in targets]
    named += _targets(jobs, conversion) if jobs is not None else []
    used = {target.module for target in named}
    for name in modules.data:
        if name not in used:
            modules.leave(str(name), "has no target: name some with --target, or the jobs of Prometheus with --jobs")
    for target in named:
        if target.module not in modules.data:
            where = f"job {target.job}" if target.job else "--target"
            Source({}, where, conversion).leave("", f"names the module {target.module!r}, which there is not")
            continue
        _probe(Source(modules.data[target.module], f"modules.{target.module}", conversion), target, conversion)
    _once(conversion)
    return conversion


def _once(conversion: Conversion) -> None:
    """A module that several targets use leaves over the same for each."""
    conversion.leftovers[:] = dict.fromkeys(conversion.leftovers)


def _targets(jobs: object, conversion: Conversion) -> list[Target]:
    """Return the targets of the jobs that scrape an exporter: those that say which module."""
    top = Source(jobs, "prometheus", conversion)
    usual_s = top.below("global").seconds("scrape_interval")
    targets = []
    for job in top.rows("scrape_configs"):
        name = job.text("job_name")
        modules = job.below("params").texts("module")
        if not modules:
            continue
        every_s = job.seconds("scrape_interval") or usual_s
        addresses = [address for group in job.rows("static_configs") for address in group.texts("targets")]
        targets += [Target(module, address, name, every_s) for module in modules for address in addresses]
        for key in job.data:
            if str(key).endswith("_sd_configs"):
                job.leave(str(key), "finds its targets by itself: name them, or generate the file of probes")
        if not addresses:
            job.leave("static_configs", "names no target")
    return targets


def _probe(source: Source, target: Target, conversion: Conversion) -> None:
    prober = source.text("prober")
    makers = {"http": _http, "tcp": _tcp, "dns": _dns, "icmp": _icmp, "websocket": _websocket, "grpc": _grpc}
    if prober not in makers:
        source.leave("prober", f"Outrider has no probe of kind {prober!r}")
        return
    name = conversion.name_for(target.job, target.module, target.address)
    table: dict[str, object] = {"kind": prober}
    expect: dict[str, Any] = {}
    settings = source.below(prober)
    makers[prober](settings, table, expect, target=target, name=name)
    if not table["kind"]:
        return
    table["timeout"] = duration(source.seconds("timeout") or 10.0)
    table["every"] = duration(target.every_s or 60.0)
    if target.job:
        table["labels"] = {"job": target.job}
    if expect:
        table["expect"] = expect
    settings.leave_rest(_UNLIKE, _REASONS)
    source.leave_rest(_UNLIKE)
    conversion.probes.append(ConvertedProbe(name, table, f"{source.where} of {target.address}", source.line_of()))


_REASONS: Final = {
    "fail_if_header_matches": _NOT_SO,
    "fail_if_ssl": _NOT_SO,
    "valid_http_versions": "Outrider asks for one version with http",
    "compression": "libcurl unpacks what it can",
    "fail_if_body_json_matches_cel": "write a JSONPath in expect.json",
    "fail_if_body_json_not_matches_cel": "write a JSONPath in expect.json",
    "source_ip_address": "Outrider asks from the address that its host chooses",
}


def _http(source: Source, table: dict[str, object], expect: dict[str, Any], *, target: Target, name: str) -> None:
    address = target.address if "://" in target.address else f"http://{target.address}"
    put_url(table, source, literal(address), name)
    method = source.text("method").upper()
    if method and method != "GET":
        table["method"] = method
    if body := source.text("body"):
        table["body"] = literal(body)
    _headers(source, table, name)
    if not source.flag("follow_redirects", default=True):
        table["redirects"] = 0
    codes = source.take("valid_status_codes")
    expect["status"] = [code for code in codes if isinstance(code, int)] if codes and isinstance(codes, list) else "2xx"
    _bodies(source, expect)
    _header_matches(source, expect)
    if source.flag("fail_if_not_ssl") and not address.startswith("https://"):
        source.leave("fail_if_not_ssl", "the target is of http")
    _tls_settings(source.below("tls_config"), table)
    _credentials(source, table, name)
    _family(source, table)
    if proxy := source.text("proxy_url"):
        table["proxy"] = literal(proxy)
    source.take("enable_http2")


def _headers(source: Source, table: dict[str, object], name: str) -> None:
    plain, listed = source.below("headers"), source.below("http_headers")
    headers = {str(key): literal(plain.text(key)) for key in plain.data}
    for key in listed.data:
        entry = listed.below(key)
        values = entry.texts("values")
        if values:
            headers[str(key)] = literal(values[-1])
        entry.leave_rest("is a secret and is not copied")
    put_headers(table, source, headers, name=name, key="headers")


def _bodies(source: Source, expect: dict[str, Any]) -> None:
    patterns = source.texts("fail_if_body_not_matches_regexp")
    forbidden = source.texts("fail_if_body_matches_regexp")
    if patterns or forbidden:
        expect["matches"] = [*patterns, *(rf"(?s)\A(?!.*(?:{pattern}))" for pattern in forbidden)]


def _header_matches(source: Source, expect: dict[str, Any]) -> None:
    headers = {}
    for row in source.rows("fail_if_header_not_matches"):
        header, pattern = row.text("header"), row.text("regexp")
        if row.flag("allow_missing"):
            row.leave("allow_missing", "Outrider expects the header to be there")
        elif header and pattern:
            headers[header] = pattern
    if headers:
        expect["headers"] = headers


def _tls_settings(tls: Source, table: dict[str, object]) -> None:
    if tls.flag("insecure_skip_verify"):
        table["verify"] = False
    for key, ours in (("ca_file", "authority"), ("cert_file", "certificate"), ("key_file", "key")):
        if tls.text(key):
            tls.leave(key, f"is a file: put it into the workspace, and name it by {ours}")
    if server_name := tls.text("server_name"):
        table["server_name"] = server_name
    tls.leave_rest(_UNLIKE)


def _credentials(source: Source, table: dict[str, object], name: str) -> None:
    basic, authorization = source.below("basic_auth"), source.below("authorization")
    if basic.data:
        basic.take("password")
        put_user(table, source, basic.text("username"), name=name, key="basic_auth.password")
        basic.leave_rest("is a file of a secret: name it below [secrets]")
    if authorization.data:
        authorization.take("credentials")
        if authorization.text("type").lower() in {"", "bearer"}:
            table["auth"] = {"token": placeholder(source, name, "authorization.credentials", "token")}
        authorization.leave_rest("is a file of a secret: name it below [secrets]")
    for key in ("bearer_token", "bearer_token_file"):
        if source.take(key):
            table["auth"] = {"token": placeholder(source, name, key, "token")}
    oauth2 = source.below("oauth2")
    if oauth2.data:
        oauth2.take("client_secret")
        auth: dict[str, object] = {
            "token_url": oauth2.text("token_url"),
            "client": oauth2.text("client_id"),
            "secret": placeholder(source, name, "oauth2.client_secret", "client_secret", "unset"),
        }
        if scopes := oauth2.texts("scopes"):
            auth["scope"] = " ".join(scopes)
        table["auth"] = auth
        oauth2.leave_rest(_UNLIKE)


def _family(source: Source, table: dict[str, object]) -> None:
    family = source.text("preferred_ip_protocol")
    if not source.flag("ip_protocol_fallback", default=True):
        table["ip"] = "4" if family == "ip4" else "6"


def _tcp(source: Source, table: dict[str, object], expect: dict[str, Any], *, target: Target, name: str) -> None:
    del name
    has_tls, has_dialogue = source.flag("tls"), bool(source.data.get("query_response"))
    if has_tls and has_dialogue:
        table["tls"] = True
    elif has_tls:
        table["kind"] = "tls"
        expect["certificate_days"] = 0
    table["address"] = target.address.removeprefix("tcp://")
    _family(source, table)
    _tls_settings(source.below("tls_config"), table)
    if table["kind"] == "tcp":
        _dialogue(source, table)


def _dialogue(source: Source, table: dict[str, object], ending: str = "\n") -> None:
    """Add the turns, all or none: those of Outrider send first and expect then, those of the exporter may do either."""
    turns: list[dict[str, object]] = []
    for row in source.rows("query_response"):
        expected, sent, starttls = _expected(row, is_of_lines=bool(ending)), _sent(row, ending), row.flag("starttls")
        row.leave_rest(_UNLIKE, ignored=("labels",))
        if expected is None or sent is None:
            row.leave("", "is no turn of Outrider's: write the dialogue by hand")
            table["kind"] = ""
            return
        _add_turn(turns, expected, sent)
        if starttls:
            turns[-1:] = [{**(turns[-1] if turns else {}), "starttls": True}]
    if turns:
        table["dialogue"] = turns
    elif table["kind"] == "tcp":
        for key in ("verify", "server_name", "authority"):
            table.pop(key, None)


def _add_turn(turns: list[dict[str, object]], expected: str, sent: Mapping[str, object]) -> None:
    """Add what is expected to the turn before, and what is sent as a new one."""
    if expected and (not turns or "starttls" in turns[-1]):
        turns.append({"expect": expected})
    elif expected:
        before = turns[-1].get("expect", [])
        turns[-1]["expect"] = [*(before if isinstance(before, list) else [before]), expected] if before else expected
    if sent:
        turns.append(dict(sent))


def _expected(row: Source, *, is_of_lines: bool) -> str | None:
    """Return the pattern of an answer, or nothing; None if it has no counterpart.

    The exporter matches line by line, without their ends.
    """
    wanted = row.take("expect_bytes")
    if wanted is not None:
        data = wanted if isinstance(wanted, bytes) else str(wanted).encode()
        return "^" + re.escape(data.decode()) if data.isascii() and not row.take("expect") else None
    pattern = row.text("expect")
    if not is_of_lines or not set(pattern) & set("^$"):
        return pattern
    has_end = pattern.endswith("$") and not pattern.endswith("\\$")
    return "(?m)" + (pattern.removesuffix("$") + r"\r?$" if has_end else pattern)


def _sent(row: Source, ending: str) -> dict[str, object] | None:
    """Return what is sent, or nothing; None if it holds what was matched before."""
    sent = row.take("send")
    if isinstance(sent, bytes):
        return {"send_hex": sent.hex()}
    if not isinstance(sent, str | None) or "${" in (sent or ""):
        return None
    return {"send": f"{sent}{ending}"} if sent else {}


def _websocket(source: Source, table: dict[str, object], expect: dict[str, Any], *, target: Target, name: str) -> None:
    del expect
    table["url"] = target.address
    headers = source.below("headers")
    texts = {str(key): literal(headers.text(key)) for key in headers.data}
    put_headers(table, source, texts, name=name, key="headers")
    settings = source.below("http_config")
    _tls_settings(settings.below("tls_config"), table)
    for key in ("basic_auth", "authorization"):
        if settings.take(key):
            variable = placeholder(settings, name, key, "authorization")
            table["headers"] = {**dict(table.get("headers", {})), "Authorization": variable}  # type: ignore[call-overload]
    settings.leave_rest(_UNLIKE)
    _dialogue(source, table, ending="")


def _grpc(source: Source, table: dict[str, object], expect: dict[str, Any], *, target: Target, name: str) -> None:
    del expect, name
    table["address"] = target.address
    if service := source.text("service"):
        table["service"] = service
    if source.flag("tls"):
        table["tls"] = True
    _tls_settings(source.below("tls_config"), table)
    _family(source, table)


def _icmp(source: Source, table: dict[str, object], expect: dict[str, Any], *, target: Target, name: str) -> None:
    del expect, name
    table["host"], table["count"] = target.address, 1
    _family(source, table)


def _dns(source: Source, table: dict[str, object], expect: dict[str, Any], *, target: Target, name: str) -> None:
    del name
    table["name"] = source.text("query_name").rstrip(".")
    kind = source.text("query_type") or "ANY"
    table["record"] = kind if kind != "ANY" else "A"
    if kind == "ANY":
        source.leave("query_type", "is ANY, which servers need not answer (RFC 8482): A is asked for")
    table["resolver"] = target.address
    codes = source.texts("valid_rcodes")
    if codes:
        expect["code"] = codes[0]
    for code in codes[1:]:
        source.leave("valid_rcodes", f"names {code} as well; Outrider expects one")
    _family(source, table)
    table.pop("ip", None)
    answers = source.below("validate_answer_rrs")
    if answers.data:
        source.leave("validate_answer_rrs", "judges whole records: write expect.answers or expect.matches")
