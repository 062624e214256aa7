"""The variables of the shell that do not reach a measured run, since they would change what it measures.

`outrider run` in somebody's shell, CI and the service measure the same then. What a run needs of these stands in
`[env]` of `outrider.toml`, which is no part of the shell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DROPPED_PREFIXES = ("PW_", "PWDEBUG", "PWTEST_", "PWMCP_", "PLAYWRIGHT_", "PYTEST_", "SELENIUM_REMOTE_", "INTERNAL_PW_")
DROPPED = frozenset({
    "DEBUG", "DEBUG_FILE", "DEBUG_COLORS", "WK_DISABLE_FRAME_SESSIONS",
    "FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS",
    "NODE_OPTIONS", "NODE_DEBUG", "NODE_DEBUG_NATIVE", "NODE_V8_COVERAGE", "NODE_PATH", "NODE_TLS_REJECT_UNAUTHORIZED",
    "PYTHONASYNCIODEBUG", "PYTHONBREAKPOINT", "PYTHONDEBUG", "PYTHONDEVMODE", "PYTHONFAULTHANDLER", "PYTHONINSPECT",
    "PYTHONMALLOC", "PYTHONOPTIMIZE", "PYTHONPROFILEIMPORTTIME", "PYTHONSTARTUP", "PYTHONTRACEMALLOC", "PYTHONVERBOSE",
    "PYTHONWARNINGS",
    "CHROMIUM_FLAGS",
    "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "WS_PROXY", "WSS_PROXY", "NO_PROXY",
})  # fmt: skip
"""Names without regard to case, as proxies are written both ways."""
KEPT = frozenset({
    "PLAYWRIGHT_BROWSERS_PATH", "PLAYWRIGHT_NODEJS_PATH", "PLAYWRIGHT_HOST_PLATFORM_OVERRIDE",
    "PLAYWRIGHT_SKIP_VALIDATE_HOST_REQUIREMENTS", "PYTEST_BASE_URL",
})  # fmt: skip
"""Where programs lie, what machine this is, and which target a suite is run against."""
_EXPECTED = ("PWDEBUG", "DEBUG", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "NODE_OPTIONS", "PYTHONWARNINGS")


def is_dropped(name: str) -> bool:
    """Whether a variable of the shell does not reach a measured run."""
    upper = name.upper()
    return name not in KEPT and (upper in DROPPED or name.startswith(DROPPED_PREFIXES))


def measured_environment(shell: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a shell that reach a measured run."""
    return {name: value for name, value in shell.items() if not is_dropped(name)}


def surprising_names(shell: Mapping[str, str], env: Iterable[str]) -> tuple[str, ...]:
    """Return the dropped variables of a shell that somebody may expect to count, unless `[env]` sets them; sorted."""
    unset = {name for name, value in shell.items() if value and is_dropped(name)} - set(env)
    return tuple(
        sorted(
            name
            for name in unset
            if name in _EXPECTED or name.upper().endswith("S_PROXY") or name.upper() in {"HTTP_PROXY", "ALL_PROXY"}
        )
    )
