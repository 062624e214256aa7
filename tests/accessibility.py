"""What axe-core says of a page in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parents[1] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page, rules: str = "") -> list[tuple[str, str, str, str]]:
    """Return each violation of a rule of axe: address, rule, place and how to mend it; the page must bypass its CSP.

    Args:
        page: As its reader sees it.
        rules: The tag of axe's that the rules have to bear; empty tries them all.
    """
    page.add_script_tag(path=AXE)
    options: dict[str, object] = {"resultTypes": ["violations"]}  # every rule runs; details of passes are left out
    if rules:
        options |= {"runOnly": [rules], "rules": {"color-contrast-enhanced": {"enabled": False}}}  # as without a tag
    report = page.evaluate("options => axe.run(options)", options)
    return [
        (page.url, rule["id"], str(node["target"]), node["failureSummary"])
        for rule in report["violations"]
        for node in rule["nodes"]
    ]
