"""Playwright's internal selectors as the locators that tests write: `internal:text="Pay"i` is `get_by_text("Pay")`.

The grammar is that of Playwright's `selectorParser`; what is not known of it stays as it is.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SEPARATOR = " >> "
_QUOTES = "\"'`"
_PLAIN_TEXT = re.compile(r"\s*text\s*=.")  # an apostrophe is part of it
_TEXT = re.compile(r'^"(?P<text>(?:[^"\\]|\\.)*)"(?P<flag>[is]?)$')
_PATTERN = re.compile(r"^/(?P<pattern>.*)/(?P<flags>[a-z]*)$")
_ATTRIBUTE = re.compile(r'\[(?P<name>[\w-]+)=(?P<value>"(?:[^"\\]|\\.)*"[is]?|/(?:[^/\\]|\\.)*/[a-z]*|[\w.-]+)\]')
_BY_TEXT = {
    "internal:text": "get_by_text({})",
    "internal:label": "get_by_label({})",
    "internal:has-text": "filter(has_text={})",
    "internal:has-not-text": "filter(has_not_text={})",
}
_BY_LOCATOR = {
    "internal:has": "filter(has={})",
    "internal:has-not": "filter(has_not={})",
    "internal:and": "and_({})",
    "internal:or": "or_({})",
    "internal:chain": "locator({})",
}
_BY_ATTRIBUTE = {"placeholder": "get_by_placeholder", "alt": "get_by_alt_text", "title": "get_by_title"}


def locator_title(selector: str) -> str:
    """Return a selector as a locator of the Python API; one that a test could have written itself stays as it is."""
    if "internal:" not in selector and _SEPARATOR not in selector:
        return selector
    return ".".join(filter(None, map(_part, _split(selector))))


def _split(selector: str) -> list[str]:
    """Return the parts of a chain; a separator within quotes is text."""
    parts, current, quote, position = [], "", "", 0
    while position < len(selector):
        character = selector[position]
        if not quote and selector.startswith(_SEPARATOR, position):
            parts.append(current)
            current, position = "", position + len(_SEPARATOR)
            continue
        if character == "\\" and quote:
            current += selector[position : position + 2]
            position += 2
            continue
        if character == quote:
            quote = ""
        elif not quote and character in _QUOTES and not _PLAIN_TEXT.match(current):
            quote = character
        current += character
        position += 1
    return [*parts, current]


def _part(part: str) -> str:
    engine, separator, body = part.partition("=")
    if not separator:
        return f"locator({quoted(part)})"
    if engine in _BY_TEXT:
        return _BY_TEXT[engine].format(_text(body, exact="has" not in engine))
    if engine in _BY_LOCATOR:
        return _BY_LOCATOR[engine].format(_inner(body))
    write = _ENGINES.get(engine)
    return write(body) if write else f"locator({quoted(part)})"


def _role(body: str) -> str:
    role, _, _ = body.partition("[")
    arguments = [quoted(role)]
    for attribute in _ATTRIBUTE.finditer(body):
        name, value = attribute["name"].replace("-", "_"), attribute["value"]
        literal = {"true": "True", "false": "False"}.get(value) or (value if value.isdecimal() else _text(value))
        arguments.append(f"{name}={literal}")
    return f"get_by_role({', '.join(arguments)})"


def _by_attribute(body: str) -> str:
    attribute = _ATTRIBUTE.match(body)
    method = _BY_ATTRIBUTE.get(attribute["name"]) if attribute else None
    return f"{method}({_text(attribute['value'])})" if attribute and method else f"locator({quoted(body)})"


def _by_test_id(body: str) -> str:
    attribute = _ATTRIBUTE.match(body)
    return f"get_by_test_id({_text(attribute['value'], exact=False)})" if attribute else f"locator({quoted(body)})"


def _nth(body: str) -> str:
    return {"0": "first", "-1": "last"}.get(body, f"nth({body})")


def _text(value: str, *, exact: bool = True) -> str:
    """Return a text or a pattern as an argument; `exact` says whether an exact match is worth a word."""
    if text := _TEXT.match(value):
        plain = json.loads(f'"{text["text"]}"') if _is_json(f'"{text["text"]}"') else text["text"]
        return quoted(plain) + (", exact=True" if exact and text["flag"] == "s" else "")
    if pattern := _PATTERN.match(value):
        flags = ", re.IGNORECASE" if "i" in pattern["flags"] else ""
        return f're.compile(r"{pattern["pattern"]}"{flags})'
    return value


def _inner(body: str) -> str:
    """Return the locator within a locator, which is written as JSON."""
    selector = json.loads(body) if _is_json(body) else body
    title = locator_title(str(selector))
    return title if title != selector else f"locator({quoted(title)})"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def quoted(text: str) -> str:
    """Return a text as a literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_ENGINES: dict[str, Callable[[str], str]] = {
    "internal:role": _role,
    "internal:attr": _by_attribute,
    "internal:testid": _by_test_id,
    "internal:control": lambda _body: "content_frame",
    "internal:describe": lambda _body: "",
    "nth": _nth,
    "visible": lambda body: f"filter(visible={body.title()})",
    "css": lambda body: f"locator({quoted(body)})",
    "xpath": lambda body: f"locator({quoted(body)})",
}
