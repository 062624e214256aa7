"""Exactly what runs: content-addressed copies of a workspace."""

import hashlib
import json
import os
import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from outrider.model import ConfigError, ConfigErrors
from outrider.workspace import Snapshot, Snapshotter, StoreSettings, Workspace
from outrider.workspace.content_hashes import Hashes
from outrider.workspace.file_list import list_entries

HOUR_NS = 3600 * 10**9
NO_GIT = "no-such-git"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small workspace."""
    folder = tmp_path / "shop"
    write(folder, {"outrider.toml": "", "journeys/test_a.py": "a = 1\n", "journeys/data/x.bin": "x"})
    return folder


@pytest.fixture(params=["git", "walk"])
def git(request: pytest.FixtureRequest, root: Path) -> str:
    """The program that lists files: git in a work tree of its own, or none."""
    if request.param == "walk":
        return NO_GIT
    run_git(root, "init", "--quiet")
    return "git"


def run_git(folder: Path, *arguments: str) -> None:
    """Call git without the settings of whoever runs the tests."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True)


def write(root: Path, files: dict[str, str]) -> None:
    """Write files below `root`."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)


def workspace(root: Path, *, exclude: tuple[str, ...] = (), include: tuple[str, ...] = ()) -> Workspace:
    """Return settings of the workspace at `root`."""
    return Workspace(root=root.resolve(), name="shop", exclude=exclude, include=include)


def files(folder: Path) -> set[str]:
    """Return the paths of all files and links below `folder`."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}


def test_a_snapshot_holds_what_a_run_needs_and_no_more(root: Path, git: str) -> None:
    """Products of tools, Outrider's own files and what is excluded stay behind, with git and without."""
    write(
        root,
        {
            ".outrider/outrider.db": "",
            ".venv/lib.py": "",
            "node_modules/a.js": "",
            "journeys/__pycache__/test_a.pyc": "",
            "old.pyc": "",
            "films/a.txt": "",
            "data/deep/b.mp4": "",
            "data/c.txt": "",
        },
    )

    snapshot = Snapshotter(workspace(root, exclude=("films/", "*.mp4")), git=git).take()

    assert files(snapshot.path) == {"outrider.toml", "journeys/test_a.py", "journeys/data/x.bin", "data/c.txt"}


def test_git_decides_what_is_ignored_and_include_brings_it_back(root: Path) -> None:
    """A file that git ignores is no part of a run unless the workspace says so; one that it tracks always is."""
    write(root, {".gitignore": "/secret*\n", "secret.env": "", "secret.txt": "", "build/tracked.py": "", "dist/no": ""})
    run_git(root, "init", "--quiet")
    run_git(root, "add", "build/tracked.py")

    snapshot = Snapshotter(workspace(root, include=("*.env",))).take()

    expected = {"outrider.toml", "journeys/test_a.py", "journeys/data/x.bin", ".gitignore"}
    assert files(snapshot.path) == expected | {"secret.env", "build/tracked.py"}


def test_a_workspace_that_git_ignores_as_a_whole_is_walked(root: Path) -> None:
    """The repository around it says nothing about its files."""
    write(root.parent, {".gitignore": "shop/\n"})
    run_git(root.parent, "init", "--quiet")

    snapshot = Snapshotter(workspace(root)).take()

    assert "journeys/test_a.py" in files(snapshot.path)


def test_git_is_asked_about_this_folder_even_within_a_hook(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git tells its hooks about another repository by the environment."""
    run_git(root, "init", "--quiet")
    write(root, {".gitignore": "ignored\n", "ignored": ""})
    monkeypatch.setenv("GIT_DIR", "/nowhere")

    snapshot = Snapshotter(workspace(root)).take()

    assert "ignored" not in files(snapshot.path)


def test_a_file_that_git_knows_and_that_was_deleted_is_left_out(root: Path) -> None:
    """The index may be behind the folder."""
    run_git(root, "init", "--quiet")
    run_git(root, "add", ".")
    (root / "journeys/data/x.bin").unlink()

    snapshot = Snapshotter(workspace(root)).take()

    assert files(snapshot.path) == {"outrider.toml", "journeys/test_a.py"}


def test_a_repository_within_the_workspace_is_copied_too(root: Path) -> None:
    """Git lists it as one folder."""
    write(root, {"shared/helper.py": "", "shared/__pycache__/x.pyc": ""})
    run_git(root, "init", "--quiet")
    run_git(root / "shared", "init", "--quiet")

    snapshot = Snapshotter(workspace(root)).take()

    assert {path for path in files(snapshot.path) if path.startswith("shared")} == {"shared/helper.py"}


def test_the_store_within_the_workspace_is_no_part_of_it(root: Path, git: str) -> None:
    """It changes with every run, and each run would make a snapshot."""
    settings = replace(workspace(root), store=StoreSettings("data/runs.db", "data/kept"))
    before = Snapshotter(settings, git=git).take()
    write(root, {"data/runs.db": "", "data/runs.db-wal": "", "data/kept/ab/cd": ""})

    assert Snapshotter(settings, git=git).take() == before


def test_the_same_state_gives_the_same_snapshot(root: Path, git: str) -> None:
    """Whoever takes it, however often."""
    now_ns = _age(root)

    first = Snapshotter(workspace(root), git=git, clock_ns=lambda: now_ns).take()
    second = Snapshotter(workspace(root), git=git, clock_ns=lambda: now_ns).take()

    assert first == second
    assert first.path == root.resolve() / ".outrider/snapshots" / first.digest
    assert files(first.path.parent) == {
        "hashes.json",
        *(f"{first.digest}/{path}" for path in ("outrider.toml", "journeys/test_a.py", "journeys/data/x.bin")),
    }


def _rename(root: Path) -> None:
    (root / "journeys/test_a.py").rename(root / "journeys/test_b.py")


def _make_executable(root: Path) -> None:
    (root / "journeys/test_a.py").chmod(0o755)


def _link(root: Path) -> None:
    (root / "journeys/link").symlink_to("test_a.py")


def _same_size_and_time(root: Path) -> None:
    path = root / "journeys/test_a.py"
    before = path.stat()
    path.write_text("a = 2\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _remove(root: Path) -> None:
    (root / "journeys/data/x.bin").unlink()


@pytest.mark.parametrize("change", [_rename, _make_executable, _link, _same_size_and_time, _remove])
def test_every_change_gives_another_snapshot(root: Path, git: str, change: Callable[[Path], None]) -> None:
    """Path, content, the right to execute and links are parts of the state; the one before stays whole."""
    before = Snapshotter(workspace(root), git=git).take()
    content = files(before.path)

    change(root)
    after = Snapshotter(workspace(root), git=git).take()

    assert after.digest != before.digest
    assert files(before.path) == content


def _age(root: Path) -> int:
    """Return a time at which all files are old enough to be trusted by their stamps."""
    return max(path.lstat().st_ctime_ns for path in root.rglob("*")) + 10 * 10**9


def _forge(notes: Path) -> None:
    """Write a wrong hash of each file into the notes: who believes it has not read the file."""
    known = {path: [*note[:-1], "forged"] for path, note in json.loads(notes.read_text()).items()}
    notes.write_text(json.dumps(known))


def test_unchanged_files_are_not_read_again(root: Path) -> None:
    """Only the file that changed is."""
    hashes = Hashes(root.parent / "notes", root)
    listed = list_entries(workspace(root), git=NO_GIT)
    hashes.of(listed, _age(root))
    _forge(root.parent / "notes")
    (root / "journeys/test_a.py").write_text("a = 2\n")

    contents = hashes.of(list_entries(workspace(root), git=NO_GIT), _age(root))

    assert contents == {
        "journeys/data/x.bin": "forged",
        "journeys/test_a.py": hashlib.sha256(b"a = 2\n").hexdigest(),
        "outrider.toml": "forged",
    }


def test_files_that_changed_just_now_are_read_again(root: Path) -> None:
    """They could have changed once more within one tick of the file system."""
    hashes = Hashes(root.parent / "notes", root)
    listed = list_entries(workspace(root), git=NO_GIT)
    now_ns = _age(root) - 10 * 10**9

    first = hashes.of(listed, now_ns)

    assert not (root.parent / "notes").exists()
    assert hashes.of(listed, now_ns) == first


def test_a_file_that_vanishes_meanwhile_is_left_out(root: Path) -> None:
    """It is no part of the state any more."""
    listed = list_entries(workspace(root), git=NO_GIT)
    (root / "journeys/test_a.py").unlink()

    assert "journeys/test_a.py" not in Hashes(root.parent / "notes", root).of(listed, 0)


@pytest.mark.parametrize("damage", [b"", b"not json", b"[]", b'{"outrider.toml": 3}', b'{"outrider.toml": []}'])
def test_damaged_notes_about_hashes_cost_time_only(root: Path, damage: bytes) -> None:
    """They are made anew."""
    now_ns = _age(root)
    snapshotter = Snapshotter(workspace(root), git=NO_GIT, clock_ns=lambda: now_ns)
    before = snapshotter.take()
    (root / ".outrider/snapshots/hashes.json").write_bytes(damage)

    assert snapshotter.take() == before


def test_many_at_once_agree(root: Path) -> None:
    """All get the one snapshot, whole, and nothing half made is left."""
    now_ns = _age(root)

    def take(_: int) -> Snapshot:
        return Snapshotter(workspace(root), git=NO_GIT, clock_ns=lambda: now_ns).take()

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(16)))

    assert len(set(taken)) == 1
    assert files(taken[0].path) == {"outrider.toml", "journeys/test_a.py", "journeys/data/x.bin"}
    assert sorted(path.name for path in taken[0].path.parent.iterdir()) == sorted([taken[0].digest, "hashes.json"])


def test_a_checkout_is_a_private_copy(root: Path, tmp_path: Path) -> None:
    """A test may write, change and remove what it likes; executable files and links stay what they are."""
    (root / "tool").write_text("#!/bin/sh\n")
    (root / "tool").chmod(0o755)
    (root / "latest").symlink_to("journeys/data")
    snapshot = Snapshotter(workspace(root), git=NO_GIT).take()

    copy = snapshot.checkout(tmp_path / "worker" / "workspace")
    (copy / "journeys/test_a.py").write_text("changed")
    (copy / "latest/x.bin").unlink()
    (copy / "new").write_text("new")

    assert (snapshot.path / "journeys/test_a.py").read_text() == "a = 1\n"
    assert files(snapshot.checkout(tmp_path / "second")) == files(snapshot.path)
    assert (copy / "tool").stat().st_mode & stat.S_IXUSR
    assert (tmp_path / "second/latest/x.bin").read_text() == "x"


def test_files_of_a_snapshot_are_read_only(root: Path) -> None:
    """Nobody changes it by accident."""
    snapshot = Snapshotter(workspace(root), git=NO_GIT).take()

    assert not (snapshot.path / "outrider.toml").stat().st_mode & 0o222
    assert stat.S_IMODE(snapshot.path.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("target", "link"),
    [
        ("test_a.py", "test_a.py"),
        ("../outrider.toml", "../outrider.toml"),
        ("{root}/outrider.toml", "../outrider.toml"),
    ],
)
def test_links_within_the_workspace_lead_to_the_copy(root: Path, git: str, target: str, link: str) -> None:
    """Also those that were absolute."""
    (root / "journeys/link").symlink_to(target.format(root=root))

    snapshot = Snapshotter(workspace(root), git=git).take()

    assert str((snapshot.path / "journeys/link").readlink()) == link


@pytest.mark.parametrize("target", ["/etc", "../../outside", "/nowhere/at/all"])
def test_links_that_lead_outside_are_refused_together(root: Path, git: str, target: str) -> None:
    """What they lead to would not be part of what is known to have run; excluded ones are nobody's business."""
    (root / "journeys/one").symlink_to(target)
    (root / "two").symlink_to(target)

    with pytest.raises(ConfigErrors) as caught:
        Snapshotter(workspace(root), git=git).take()

    assert [(problem.slug, str(problem.where)) for problem in caught.value.problems] == [
        ("link-outside", "journeys/one"),
        ("link-outside", "two"),
    ]
    assert "two" not in files(Snapshotter(workspace(root, exclude=("two", "one")), git=git).take().path)


def test_a_workspace_too_large_names_what_is_largest(root: Path) -> None:
    """And says how to leave it out."""
    write(root, {"films/a": "x" * 3_000, "films/b": "x" * 3_000, "big.csv": "x" * 4_000})

    with pytest.raises(ConfigError) as caught:
        Snapshotter(workspace(root), limit_bytes=5_000, git=NO_GIT).take()

    assert caught.value.slug == "snapshot-too-large"
    assert "largest: films/ (6 kB), big.csv (4 kB), journeys/" in caught.value.what
    assert 'exclude = ["films/"]' in caught.value.fix
    smaller = Snapshotter(workspace(root, exclude=("films/",)), limit_bytes=5_000, git=NO_GIT).take()
    assert "big.csv" in files(smaller.path)


def test_a_folder_that_cannot_be_written_says_so(root: Path) -> None:
    """Here a file stands where the folder should; a read-only folder ends alike."""
    (root / ".outrider").write_text("")

    with pytest.raises(ConfigError) as caught:
        Snapshotter(workspace(root), git=NO_GIT).take()

    assert caught.value.slug == "unwritable-folder"
    assert ".outrider" in str(caught.value)


def test_sockets_and_pipes_are_left_out(root: Path) -> None:
    """They are no contents, and reading them could take for ever."""
    os.mkfifo(root / "pipe")

    assert "pipe" not in files(Snapshotter(workspace(root), git=NO_GIT).take().path)


def test_names_that_are_not_utf8_are_copied(root: Path, git: str) -> None:
    """File names are bytes."""
    name = os.fsdecode(b"\xff.txt")
    (root / name).touch()

    snapshot = Snapshotter(workspace(root), git=git).take()

    assert (snapshot.path / name).exists()
    assert Snapshotter(workspace(root), git=git).take() == snapshot


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def history(root: Path) -> tuple[Snapshotter, Clock, list[str]]:
    """Five snapshots, the oldest first, taken an hour apart and long ago."""
    clock = Clock(_age(root))
    snapshotter = Snapshotter(workspace(root), clock_ns=clock, git=NO_GIT)
    digests = []
    for number in range(5):
        (root / "journeys/test_a.py").write_text(f"a = {number}\n")
        snapshot = snapshotter.take()
        os.utime(snapshot.path, ns=(number * HOUR_NS, number * HOUR_NS))
        digests.append(snapshot.digest)
    return snapshotter, clock, digests


def test_pruning_keeps_the_last_and_those_that_are_named(history: tuple[Snapshotter, Clock, list[str]]) -> None:
    """The others are gone, and told."""
    snapshotter, _, digests = history

    removed = snapshotter.prune(keep=[digests[0]], last=2)

    assert set(removed) == {digests[1], digests[2]}
    assert [bool(snapshotter.find(digest)) for digest in digests] == [True, False, False, True, True]


def test_pruning_spares_what_was_used_within_the_hour(history: tuple[Snapshotter, Clock, list[str]]) -> None:
    """A worker may be about to make its copy of it."""
    snapshotter, clock, digests = history
    clock.now_ns = 4 * HOUR_NS + HOUR_NS // 2

    removed = snapshotter.prune(last=0)

    assert set(removed) == set(digests[:4])


def test_pruning_removes_what_a_killed_process_left(root: Path) -> None:
    """Not what another one is still making."""
    clock = Clock(_age(root))
    snapshotter = Snapshotter(workspace(root), clock_ns=clock, git=NO_GIT)
    snapshot = snapshotter.take()
    for name, at_ns in ((".new-old", 0), (".new-fresh", clock.now_ns)):
        (snapshot.path.parent / name).mkdir()
        os.utime(snapshot.path.parent / name, ns=(at_ns, at_ns))

    snapshotter.prune()

    assert sorted(path.name for path in snapshot.path.parent.iterdir()) == sorted(
        [".new-fresh", snapshot.digest, "hashes.json"]
    )


@pytest.mark.parametrize("digest", ["", "..", "a/b", "0" * 32])
def test_a_snapshot_that_is_not_there_is_not_found(root: Path, digest: str) -> None:
    """Nor is anything that is no digest."""
    assert Snapshotter(workspace(root), git=NO_GIT).find(digest) is None


def test_nobody_else_may_read_a_snapshot_or_its_copies(root: Path, tmp_path: Path) -> None:
    """A `.env` lies in it as it is; a folder that others could read before is closed."""
    write(root, {".env": "SHOP_PASSWORD=hunter2", "tool": "run"})
    (root / "tool").chmod(0o755)
    folder = root / ".outrider/snapshots"
    folder.mkdir(parents=True)
    folder.chmod(0o755)

    snapshot = Snapshotter(workspace(root), git=NO_GIT).take()
    copy = snapshot.checkout(tmp_path / "copy")

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE((snapshot.path / name).stat().st_mode) for name in (".env", "tool")} == {0o400, 0o500}
    assert {stat.S_IMODE((copy / name).stat().st_mode) for name in (".env", "tool")} == {0o600, 0o700}
