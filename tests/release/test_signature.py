"""A release is verified by what docs/release.md tells to type, and nothing else passes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from release.signature import sign, signer_line, unknown_signer, write_sums

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not installed")


def new_key(folder: Path, name: str) -> Path:
    """Make a key for this test, without a passphrase."""
    key = folder / name
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key), check=True)
    return key


def verified(folder: Path) -> bool:
    """Return whether the commands of the documentation accept a folder."""
    page = (ROOT / "docs" / "release.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"```sh\n(ssh-keygen -Y verify.+?)```", page, re.DOTALL)
    return subprocess.run(("bash", "-ec", commands), cwd=folder, capture_output=True, check=False).returncode == 0


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Return a folder with two files, the keys that may sign, and a signature by one of them."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "outrider-1.2.0.tar.gz").write_bytes(b"source")
    (folder / "outrider-1.2.0-py3-none-any.whl").write_bytes(b"wheel")
    sums, key = write_sums(folder), new_key(tmp_path, "key")
    (folder / "signers").write_text(f"# Keys\n{signer_line(key)}\n", encoding="utf-8")
    sign(sums, key, folder / "signers")
    return folder


def test_what_was_released_is_verified_by_the_documented_commands(release: Path) -> None:
    """Also where only one of the files was fetched."""
    assert verified(release)

    (release / "outrider-1.2.0.tar.gz").unlink()

    assert verified(release)


def test_a_file_that_was_changed_is_refused(release: Path) -> None:
    """By its sum; and with the sums written anew by the signature."""
    (release / "outrider-1.2.0.tar.gz").write_bytes(b"sauce")
    by_sum = verified(release)
    write_sums(release)

    assert (by_sum, verified(release)) == (False, False)


@pytest.mark.parametrize(
    ("signer", "namespace"), [("key", "git"), ("other", "outrider")], ids=["another-purpose", "another-key"]
)
def test_a_signature_for_another_purpose_or_by_another_key_is_refused(
    release: Path, tmp_path: Path, signer: str, namespace: str
) -> None:
    """Such as of a commit: it says nothing of a release."""
    key = tmp_path / signer if (tmp_path / signer).exists() else new_key(tmp_path, signer)
    (release / "SHA256SUMS.sig").unlink()
    command = ("ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", namespace, release / "SHA256SUMS")
    subprocess.run(command, check=True, capture_output=True)

    assert not verified(release)


def test_a_key_that_nobody_could_verify_signs_nothing(release: Path, tmp_path: Path) -> None:
    """What to add is printed; no signature stays behind."""
    other = new_key(tmp_path, "other")

    (lacking,) = unknown_signer(other, release / "signers")
    with pytest.raises(SystemExit):
        sign(release / "SHA256SUMS", other, release / "signers")

    with pytest.raises(SystemExit, match="KEY= names an SSH key"):
        unknown_signer(tmp_path / "nowhere")
    assert lacking.splitlines()[1].startswith('release namespaces="outrider" ssh-ed25519 AAAA')
    assert unknown_signer(tmp_path / "key", release / "signers") == []
    assert not (release / "SHA256SUMS.sig").exists()
