"""One journey under Playwright's inspector: plain pytest in the suite's own folder, with the terminal attached.

Nothing is measured: the inspector stops the test wherever its reader wants. A stored sign-in is handed on by a
plug-in of pytest, `debug_state`.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STATE_VARIABLE = "OUTRIDER_DEBUG_STATE"
_NO_LIMIT = {"PWDEBUG": "1", "PYTEST_TIMEOUT": "0"}  # the second is pytest-timeout's
_INTERRUPTED_CODE, _INTERRUPTED = 2, 130
_SETUP_ERROR = 4


def debug(
    target: str, root: Path, environment: Mapping[str, str], *, without: Sequence[str] = (), state: Path | None = None
) -> int:
    """Run one test under the inspector, without a time limit, and return an exit code of Outrider's.

    Args:
        target: pytest's node id, from the root.
        root: The workspace, in which it runs.
        environment: Complete environment, secrets included.
        without: Plug-ins of pytest that the suite cannot live with.
        state: Stored browser state that its contexts start from.
    """
    command = [sys.executable, "-m", "pytest", target, "-s", "-p", "no:cacheprovider"]
    command += [f"-pno:{plugin}" for plugin in without]
    variables = {**environment, **_NO_LIMIT}
    if state is not None:
        command += ["-p", "outrider.journeys.debug_state"]
        variables[STATE_VARIABLE] = str(state)
    with subprocess.Popen(command, cwd=root, env=variables) as process:
        try:
            return _exit_code(process.wait())
        except KeyboardInterrupt:  # the terminal sends it to pytest, too, which closes the browser
            process.wait()
            return _INTERRUPTED


def _exit_code(code: int) -> int:
    """Return what pytest's exit code means: a failure is one, and all but that is a setup error."""
    if code == _INTERRUPTED_CODE:
        return _INTERRUPTED
    return code if code in {0, 1} else _SETUP_ERROR
