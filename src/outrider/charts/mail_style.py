"""The look of mails: the pages' design tokens as plain colours, since many mail programs know no variables."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_BLOCK = re.compile(r":root\{([^}]*)\}")
_TOKEN = re.compile(r"--([\w-]+):(#[0-9a-fA-F]+)")
_USE = re.compile(r"var\(--([\w-]+)\)")


@cache
def mail_style() -> str:
    """Return the style sheet of mails: light, and dark for readers whose mail program is dark."""
    folder = files("outrider.charts")
    rules = (folder / "mail.css").read_text(encoding="utf-8")
    light, dark = (dict(_TOKEN.findall(block)) for block in _BLOCK.findall((folder / "tokens.css").read_text("utf-8")))
    in_dark = f"@media (prefers-color-scheme:dark){{\n{_coloured(rules, dark)}}}\n"
    return f":root{{color-scheme:light dark}}\n{_coloured(rules, light)}{in_dark}"


def _coloured(rules: str, tokens: dict[str, str]) -> str:
    return _USE.sub(lambda use: tokens[use[1]], rules)
