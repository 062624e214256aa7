"""One journey under Playwright's inspector, which is no run: nothing of it is stored."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from outrider.app.access.listeners import SILENT
from outrider.app.execution.run_execution import is_runnable, open_selected
from outrider.app.execution.runtime import browser_sessions
from outrider.journeys import Browser, browser_environment, debug, require_display
from outrider.model import Kind, UsageError
from outrider.workspace import Variables, available_secrets, find_option_conflicts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrider.app.access.listeners import ProgressListener
    from outrider.model import Check
    from outrider.workspace import Workspace

_DISPLAY = "look at the trace of a run instead: outrider show RUN --open trace; ssh -X lends a display, too"


def debug_check(
    workspace: Workspace, patterns: Sequence[str] = (), *, keyword: str = "", listener: ProgressListener = SILENT
) -> int:
    """Run one journey under Playwright's inspector, without a time limit, and return the exit code.

    It runs in the workspace itself, by plain pytest with the terminal attached, takes no turn on this host, and leaves
    no run behind. Secrets reach it, and what it prints is not masked.

    Args:
        workspace: Whose journey.
        patterns: Which one; it must be the only check that they match.
        keyword: An expression over names, as pytest's `-k` takes it.
        listener: Takes what is being done.

    Raises:
        UsageError: no-display, unknown-check, one-journey, session-not-fresh.
        BrowserError: If there is no browser that opens a window.
    """
    require_display("outrider run --debug", _DISPLAY, is_watched=True)
    with open_selected(workspace, patterns, is_runnable, listener, keyword=keyword, headed=True) as selected:
        check = _only_journey(selected.checks)
        selected.runtime.require_browser([check])
        browser = selected.runtime.browser
    assert isinstance(browser, Browser)
    listener.progress("")
    variables = dict(Variables(os.environ, workspace.env, available_secrets(workspace, os.environ)))
    environment = {**variables, **browser_environment(browser, environ=variables)}
    plugins = {plugin for conflict in find_option_conflicts(workspace.root) for plugin in conflict.plugins}
    state = _state(workspace, check)
    return debug(check.target, workspace.root, environment, without=sorted(plugins), state=state)


def _only_journey(checks: Sequence[Check]) -> Check:
    journeys = [check for check in checks if check.kind == Kind.JOURNEY]
    if len(checks) == 1 and journeys:
        return journeys[0]
    names = ", ".join(check.id for check in checks[:5])
    raise UsageError(
        f"--debug takes one journey, and this means {len(checks)} checks: {names}{' …' if len(checks) > 5 else ''}",
        slug="one-journey",
        fix="name one, such as: outrider run --debug journeys/test_checkout.py::test_pay",
    )


def _state(workspace: Workspace, check: Check) -> Path | None:
    """Return the stored sign-in that a journey starts from; None if it has no session."""
    session = check.policy.session
    if session is None:
        return None
    if (state := browser_sessions(workspace).fresh(session)) is None:
        raise UsageError(
            f"the session {session!r} of {check.id} has no sign-in that is still valid",
            slug="session-not-fresh",
            fix=f"run it once, which signs in: outrider run '{check.id}'",
        )
    return state
