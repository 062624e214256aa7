"""Conditions of Gatus as expectations of a probe."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Any

from outrider.probes.converters.conversion import go_seconds

_ANY = re.compile(r"any\((.*)\)")
_PATTERN = re.compile(r"pat\((.*)\)")
_PATH = re.compile(r"\[BODY\]((?:\.[\w-]+|\[\d+\])+)$")


class Conditions:
    """Adds conditions to the expectations of a probe; each method returns whether that was possible."""

    def __init__(self, expect: dict[str, Any], kind: str) -> None:
        self._expect = expect
        self._kind = kind

    def add(self, left: str, operator: str, right: str) -> bool:
        """Add one condition."""
        if left == "[CONNECTED]":
            return (operator, right.lower()) == ("==", "true")
        if "[BODY]" in left:
            return self._of_body(left, operator, right)
        adders = {
            "[RESPONSE_TIME]": (self._response_time, {"http", "tcp", "tls", "dns", "icmp", "websocket", "grpc", "udp"}),
            "[STATUS]": (self._status, {"http"}),
            "[CERTIFICATE_EXPIRATION]": (self._certificate, {"http", "tls"}),
            "[DNS_RCODE]": (self._code, {"dns"}),
        }
        adder, kinds = adders.get(left, (None, set[str]()))
        return adder is not None and self._kind in kinds and adder(operator, right)

    def _code(self, operator: str, right: str) -> bool:
        if operator != "==":
            return False
        self._expect["code"] = right
        return True

    def _status(self, operator: str, right: str) -> bool:
        values = _any_of(right)
        if operator in {"==", "!="} and all(value.isdigit() and 100 <= int(value) <= 599 for value in values):
            numbers = {int(value) for value in values}
            accepted = numbers if operator == "==" else set(range(100, 600)) - numbers
        elif right.isdigit():
            accepted = {status for status in range(100, 600) if _holds(status, operator, int(right))}
        else:
            return False
        before = self._expect.get("status")
        if isinstance(before, list) and before and isinstance(before[0], int):
            accepted &= set(before)
        if not accepted:
            return False
        self._expect["status"] = _statuses(accepted)
        return True

    def _response_time(self, operator: str, right: str) -> bool:
        if operator not in {"<", "<="} or not right.isdigit() or int(right) == 0:
            return False
        self._expect["within"] = {"total": f"{int(right)}ms"}
        return True

    def _certificate(self, operator: str, right: str) -> bool:
        seconds = go_seconds(right)
        if operator not in {">", ">="} or seconds is None:
            return False
        self._expect["certificate_days"] = max(0, round(seconds / 86_400))
        return True

    def _of_body(self, left: str, operator: str, right: str) -> bool:
        if self._kind == "dns":
            return self._answers(left, operator, right)
        if self._kind not in {"http", "websocket", "tcp"}:
            return False
        if left == "[BODY]":
            return self._whole_body(operator, right)
        has = re.fullmatch(r"has\((\[BODY\].*)\)", left)
        if has is None:
            return self._value(left, operator, right)
        path = _PATH.match(has[1])
        if path is None or (operator, right) != ("==", "true"):
            return False
        self._append("exists", f"${path[1]}")
        return True

    def _value(self, left: str, operator: str, right: str) -> bool:
        path, wanted = _PATH.match(left), _json_value(right)
        is_plain = not right.startswith(("any(", "pat(", "["))
        is_comparable = operator in {"==", "!="} or isinstance(wanted, int | float)
        if path is None or self._kind != "http" or not (is_plain and is_comparable):
            return False
        queries = self._expect.setdefault("json", {})
        if f"${path[1]}" in queries:
            return False
        queries[f"${path[1]}"] = wanted if operator == "==" else {operator: wanted}
        return True

    def _whole_body(self, operator: str, right: str) -> bool:
        pattern = _PATTERN.fullmatch(right)
        if operator not in {"==", "!="} or right.startswith(("any(", "[")):
            return False
        text = _glob(pattern[1]) if pattern else re.escape(right)
        self._append("matches", rf"(?s)\A{text}\Z" if operator == "==" else rf"(?s)\A(?!{text}\Z)")
        return True

    def _answers(self, left: str, operator: str, right: str) -> bool:
        if left != "[BODY]" or operator != "==":
            return False
        pattern = _PATTERN.fullmatch(right)
        if pattern:
            self._append("matches", f"^{_glob(pattern[1])}$")
        elif _is_address(right):
            self._append("answers", right)
        else:  # of MX and the like, records hold more than the name that Gatus compares
            self._append("matches", rf"(?:^|\s){re.escape(right.rstrip('.'))}\.?$")
        return True

    def _append(self, key: str, value: str) -> None:
        values = self._expect.setdefault(key, [])
        values.append(value)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _any_of(text: str) -> list[str]:
    match = _ANY.fullmatch(text)
    return [part.strip() for part in match[1].split(",")] if match else [text]


def _holds(status: int, operator: str, limit: int) -> bool:
    comparisons = {"<": status < limit, "<=": status <= limit, ">": status > limit, ">=": status >= limit}
    return comparisons.get(operator, False)


def _statuses(accepted: set[int]) -> list[int | str]:
    """Return statuses, whole classes by their names where only such are accepted."""
    classes = [hundred for hundred in range(1, 6) if set(range(hundred * 100, hundred * 100 + 100)) <= accepted]
    if len(accepted) == 100 * len(classes):
        return [f"{hundred}xx" for hundred in classes]
    return sorted(accepted)


def _glob(pattern: str) -> str:
    return ".*".join(re.escape(part) for part in pattern.split("*"))


def _json_value(text: str) -> object:
    try:
        value = json.loads(text)
    except ValueError:
        return text.strip("\"'")
    return value if isinstance(value, str | int | float | bool) else text
