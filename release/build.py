"""`make release`: build the files of a release from the commit, twice, check them, and sign them where a key is given.

Without a key it is a rehearsal, and says at the end what the commit lacks.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from release.bill import bill_of
from release.changelog import git, section, unready, version_of
from release.contents import sdist_faults, wheel_faults
from release.signature import sign, unknown_signer, write_sums

ROOT = Path(__file__).resolve().parents[1]
_PAGES = "src/outrider/documentation"
_LOCKS = ("base.txt", "image.txt")
"""Together they have all extras."""


def main() -> None:
    """Build into dist/VERSION, which is replaced if all is well."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("--key", type=Path, help="SSH key to sign with: private, or the .pub of one in an agent")
    parser.add_argument("--quick", action="store_true", help="take the pages that make docs has built")
    options = parser.parse_args()
    if options.quick and not (ROOT / _PAGES).is_dir():
        raise SystemExit("there are no pages yet: run make docs first, or leave --quick out")
    version, commit = version_of(ROOT), git(ROOT, "rev-parse", "HEAD")[0]
    changelog = "\n".join(git(ROOT, "show", "HEAD:CHANGELOG.md"))
    changes = [line[3:] for line in git(ROOT, "status", "--porcelain")]
    lacks = unready(changelog, version, git(ROOT, "tag", "--points-at", "HEAD"), changes)
    lacks += unknown_signer(options.key) if options.key else []
    if options.key and (lacks or options.quick):
        raise SystemExit(
            "\n".join(["not signed, since", *lacks, *["its pages are old: leave --quick out"] * options.quick])
        )
    with TemporaryDirectory(prefix="outrider-release-") as folder:
        files = Path(folder, "files")
        _build_twice(Path(folder), files, quick=options.quick)
        _check(files, version)
        when = datetime.fromtimestamp(int(git(ROOT, "log", "-1", "--format=%ct")[0]), UTC)
        _write_beside(files, version, section(changelog, version), when)
        sums = write_sums(files)
        if options.key:
            sign(sums, options.key)
        target = ROOT / "dist" / version
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(files, target)
    print(f"\noutrider {version} of {commit[:10]}, in {target.relative_to(ROOT)}:")
    for path in sorted(target.iterdir()):
        print(f"  {path.stat().st_size / 1e6:6.2f} MB  {path.name}")
    if not options.key:
        print("\n  ".join(["a rehearsal, not a release:", *lacks, "nothing is signed: make release KEY=…"]))


def _build_twice(folder: Path, files: Path, *, quick: bool) -> None:
    """Build from two copies of the commit, in other surroundings, and compare every byte.

    The first wheel is built from the source distribution, as an installer does; the second from the tree.
    """
    again = folder / "again"
    _build(folder / "tree", files, {"TZ": "UTC", "PYTHONHASHSEED": "0"}, quick=quick)
    elsewhere = folder / "other" / "tree"
    _build(elsewhere, again, {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1"}, "--sdist", "--wheel", quick=quick)
    contents, others = ({path.name: path.read_bytes() for path in where.iterdir()} for where in (files, again))
    if differ := [name for name in sorted(contents | others) if contents.get(name) != others.get(name)]:
        kept = ROOT / "dist" / "differ"
        shutil.rmtree(kept, ignore_errors=True)
        for where in (files, again):
            shutil.copytree(where, kept / where.name)
        raise SystemExit(f"two builds differ: {', '.join(differ)}; both are in {kept}")


def _build(tree: Path, target: Path, surroundings: dict[str, str], *what: str, quick: bool) -> None:
    """Build from a copy of the commit, without what lies in the working tree."""
    epoch = git(ROOT, "log", "-1", "--format=%ct")[0]
    tree.mkdir(parents=True)
    packed = subprocess.run(("git", "archive", "HEAD"), cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(("tar", "--extract", "--directory", tree), input=packed, check=True)
    paths = {"PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}"}
    environment = {**os.environ, **surroundings, "SOURCE_DATE_EPOCH": epoch}
    if quick:
        shutil.copytree(ROOT / _PAGES, tree / _PAGES)
    else:
        _run("docs.generator.build", cwd=tree, environment={**environment, **paths})
    _run("build", "--no-isolation", *what, "--outdir", str(target), ".", cwd=tree, environment=environment)


def _run(module: str, *words: str, cwd: Path, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        (sys.executable, "-m", module, *words), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"python -m {module} failed:\n{done.stdout}{done.stderr}")
    print(done.stdout.strip().splitlines()[-1])


def _check(files: Path, version: str) -> None:
    """Refuse files that lack something, have something else, or that an index would not take."""
    tracked = [name.removeprefix("src/") for name in git(ROOT, "ls-tree", "-r", "--name-only", "HEAD", "src")]
    (wheel,), (sdist,) = files.glob("*.whl"), files.glob("*.tar.gz")
    if faults := [*wheel_faults(wheel, tracked, version), *sdist_faults(sdist, tracked, version)]:
        raise SystemExit("\n".join(faults))
    _run("twine", "check", "--strict", str(wheel), str(sdist), cwd=files)


def _write_beside(files: Path, version: str, notes: str, when: datetime) -> None:
    """Write the bill of materials, which its schema takes, and the notes of the release."""
    (wheel,) = files.glob("*.whl")
    bill = bill_of(wheel, [ROOT / "requirements" / lock for lock in _LOCKS], when)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill):
        raise SystemExit(f"the bill of materials is not valid: {error}")
    (files / f"outrider-{version}.cdx.json").write_text(bill, encoding="utf-8")
    if notes:
        (files / "NOTES.md").write_text(f"{notes}\n", encoding="utf-8")
    python, npm = (bill.count(f'"purl": "pkg:{kind}/') for kind in ("pypi", "npm"))
    print(f"bill of materials: {python} packages of Python, this one among them, {npm} of npm")


if __name__ == "__main__":
    main()
