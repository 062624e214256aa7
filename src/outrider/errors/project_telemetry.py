"""OTLP as JSON that comes with the key of a project -> the same, told of that project's service. Pure.

A key that is public must not speak for other services; the name that a sender gives itself is passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from outrider.errors.page_address import ADDRESS_NAMES, QUERY_NAMES, without_query
from outrider.model import known_query

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_RESOURCES: Final = {"traces": "resourceSpans", "logs": "resourceLogs"}
OTLP_SIGNALS: Final = frozenset(_RESOURCES)
_SERVICE: Final = "service.name"
_NUMBERS: Final = frozenset({"intValue", "doubleValue", "boolValue"})
_NAMES: Final = ADDRESS_NAMES | QUERY_NAMES
_DEEPEST: Final = 20
_ENVIRONMENTS: Final = frozenset({"deployment.environment.name", "deployment.environment"})


def project_request(signal: str, document: Mapping[str, Any], service: str, environment: str) -> dict[str, Any]:
    """Return a request of `traces` or `logs`; nothing if there are no records in it."""
    name = _RESOURCES[signal]
    entries = document.get(name)
    if not isinstance(entries, list) or not entries:
        return {}
    return {name: [_owned(entry, service, environment) for entry in entries if isinstance(entry, dict)]}


def without_queries(value: Any, names: Collection[str] = (), depth: int = 0) -> Any:
    """Return a request of OTLP whose addresses have no fragment, and of their query the parameters of these names."""
    if isinstance(value, list) and depth < _DEEPEST:
        return [without_queries(entry, names, depth + 1) for entry in value]
    if not isinstance(value, dict) or depth >= _DEEPEST:
        return value
    if isinstance(key := value.get("key"), str) and key.lower() in _NAMES:
        return _bare(value, key.lower(), names)
    return {key: without_queries(entry, names, depth + 1) for key, entry in value.items()}


def _bare(attribute: dict[str, Any], key: str, names: Collection[str]) -> dict[str, Any]:
    content = attribute.get("value")
    text = content.get("stringValue") if isinstance(content, dict) else None
    if not isinstance(text, str):
        if isinstance(content, dict) and key in ADDRESS_NAMES and content.keys() <= _NUMBERS:
            return attribute
        kept = ""
    elif key in QUERY_NAMES:
        kept = known_query(text.removeprefix("?"), names) if names else ""
    else:
        kept = without_query(text, names)
    return {**attribute, "value": {"stringValue": kept}}


def _owned(entry: Mapping[str, Any], service: str, environment: str) -> dict[str, Any]:
    resource = entry.get("resource")
    stated = resource.get("attributes") if isinstance(resource, dict) else None
    attributes = [own for own in stated if isinstance(own, dict)] if isinstance(stated, list) else []
    own = {_SERVICE: service}
    if not any(attribute.get("key") in _ENVIRONMENTS for attribute in attributes):
        own["deployment.environment.name"] = environment
    kept = [attribute for attribute in attributes if attribute.get("key") != _SERVICE]
    named = [{"key": key, "value": {"stringValue": value}} for key, value in own.items()]
    return {**entry, "resource": {"attributes": [*named, *kept]}}
