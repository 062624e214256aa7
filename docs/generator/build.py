"""Build the site of docs/ into the package, where `outrider docs` finds it; or into a folder that is named."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from shutil import copytree, ignore_patterns, move, rmtree
from tempfile import TemporaryDirectory

from docs.generator.built_pages import faults
from docs.generator.reference import write_reference

HERE = Path(__file__).parent
PACKAGED = HERE.parents[1] / "src/outrider/documentation"
NEEDED = ("sphinx", "myst_parser", "furo")


def build(target: Path) -> None:
    """Replace `target` by the site, if no link is broken and no page asks for anything of another host.

    Raises:
        SystemExit: What is wrong; `target` is as it was.
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise SystemExit(f"the documentation is built with {', '.join(missing)}, not installed here: type make docs")
    with TemporaryDirectory() as folder:
        pages, site = Path(folder, "docs"), Path(folder, "site")
        copytree(HERE.parent, pages, ignore=ignore_patterns(HERE.name))
        write_reference(pages / "reference")
        command = ("-m", "sphinx", "-q", "-W", "--keep-going", "-c", HERE, "-d", Path(folder, "trees"), pages, site)
        if subprocess.run([sys.executable, *command], check=False).returncode:
            raise SystemExit("the documentation has the faults above")
        for leftover in (site / ".buildinfo", *site.rglob("*.map")):
            leftover.unlink()
        if wrong := faults(site):
            raise SystemExit("\n".join(wrong))
        rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        move(site, target)


def main() -> None:
    """Build, and say where, how large and how long it took."""
    begin = time.monotonic()
    target = Path(sys.argv[1]) if sys.argv[1:] else PACKAGED
    build(target)
    files = [path for path in target.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    pages = sum(path.suffix == ".html" for path in files)
    print(f"{pages} pages, {size:.1f} MB, in {time.monotonic() - begin:.0f} s: {target / 'index.html'}")


if __name__ == "__main__":
    main()
