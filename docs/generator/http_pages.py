"""The HTTP API and the metrics, as the server describes them."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

from outrider.model import ServiceView
from outrider.server.api_routes import api_document
from outrider.server.metrics import exposition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROOT = "/api/v1/"
_METRIC = re.compile(r"# HELP (\w+) (.+)\n# TYPE \w+ (\w+)")


def metrics_page() -> str:
    """Return the page of the metrics at `/metrics`."""
    nothing = ServiceView(
        leads=False, loaded=False, checks=(), problems={}, ticked_s=0.0, waiting=0, running=0, unjudged=0
    )
    rows = [f"| `{name}` | {kind} | {meaning} |" for name, meaning, kind in _METRIC.findall(exposition(nothing))]
    return "\n".join([_METRICS, *rows]) + "\n"


_METRICS = """# Metrics

What `/metrics` says, in Prometheus' text format. [Scheduling](../scheduling.md#metrics)
lists the labels, and rules that alert on them.

| metric | type | meaning |
|---|---|---|"""


def http_page() -> str:
    """Return the page of the operations below `/api/v1/`, and of what they answer."""
    return "\n".join(_http_lines()) + "\n"


def _http_lines() -> Iterator[str]:
    document = api_document()
    yield _HTTP
    for first, paths in groupby(sorted(document["paths"].items()), key=lambda item: _first_part(item[0])):
        yield f"\n## {first}\n"
        for path, operations in paths:
            for method, operation in operations.items():
                yield from _operation(f"{method.upper()} {path}", operation)
    yield "\n## Answers\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f"\n### {name}\n\n{schema.get('description', '')}\n\n| field | type | may be absent |\n|---|---|---|"
        for field, kind in schema.get("properties", {}).items():
            yield f"| `{field}` | {_type(kind)} | {'' if field in schema.get('required', ()) else 'yes'} |"


_HTTP = """# HTTP API

What `/api/v1/openapi.json` of a running service describes (OpenAPI 3.1), to be read. [Dashboard](../dashboard.md#api)
tells how it is asked: tokens, pages of long lists, errors."""


def _first_part(path: str) -> str:
    return path.removeprefix(_ROOT).partition("/")[0]


def _operation(name: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n### {name}\n\n{operation['summary']}\n"
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    rows = [
        (parameter["name"], parameter["in"], parameter["schema"], parameter.get("description", ""))
        for parameter in operation.get("parameters", ())
    ]
    rows += [(field, "body", kind, kind.get("description", "")) for field, kind in body.get("properties", {}).items()]
    if rows:
        yield "| parameter | in | type | meaning |\n|---|---|---|---|"
    for parameter, where, kind, meaning in rows:
        yield f"| `{parameter}` | {where} | {_type(kind)} | {_cell(meaning)} |"
    success = next(answer for code, answer in operation["responses"].items() if code.startswith("2"))
    answers = ", ".join(
        f"{_type(content.get('schema', {}))} as {media}" for media, content in success["content"].items()
    )
    yield f"\nAnswers {answers}."


def _type(kind: Mapping[str, Any]) -> str:
    """Return a JSON Schema in few words."""
    if name := str(kind.get("$ref", "")).rpartition("/")[2]:
        return f"[{name}](#{name.lower()})"
    if "enum" in kind:
        return ", ".join(f"`{choice}`" for choice in kind["enum"])
    if "anyOf" in kind:
        return " or ".join(_type(choice) for choice in kind["anyOf"])
    if kind.get("type") == "array":
        return f"list of {_type(kind.get('items', {}))}"
    if kind.get("type") == "object" and isinstance(kind.get("additionalProperties"), dict):
        return f"object of {_type(kind['additionalProperties'])}"
    limits = [f"{word} {kind[key]}" for key, word in _LIMITS.items() if key in kind]
    return " ".join([str(kind.get("type", "any")), *limits])


_LIMITS = {"minimum": "from", "maximum": "to", "maxLength": "of at most", "default": "by default"}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
