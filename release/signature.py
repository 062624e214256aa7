"""Checksums of a release's files, and a signature of those by an SSH key.

OpenSSH is on most machines, signs and verifies without a network, and takes keys of a token or an agent.
PROTOCOL.sshsig of its sources has the format.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Final

SUMS: Final = "SHA256SUMS"
SIGNERS: Final = Path(__file__).with_name("signers")
"""The public keys of releases, one a line: `release namespaces="outrider" ssh-ed25519 AAAA…`."""
IDENTITY: Final = "release"
NAMESPACE: Final = "outrider"
"""A signature that the same key made for another purpose, such as a commit, is none of a release."""


def write_sums(folder: Path) -> Path:
    """Write the SHA-256 of each file of a folder, as `sha256sum --check` reads it."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(SUMS))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    sums = folder / SUMS
    sums.write_text("".join(lines), encoding="ascii")
    return sums


def sign(sums: Path, key: Path, signers: Path = SIGNERS) -> Path:
    """Sign the sums beside them, and verify that as a user will.

    Args:
        key: A private key, or the public half of one that an agent has.
        signers: What users verify with.

    Raises:
        SystemExit: What is wrong.
    """
    signature = sums.with_name(f"{sums.name}.sig")
    signature.unlink(missing_ok=True)
    _ssh_keygen("-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(sums))
    try:
        verify(sums, signers)
    except SystemExit:
        signature.unlink()
        raise
    return signature


def unknown_signer(key: Path, signers: Path = SIGNERS) -> list[str]:
    """Return what has to be done before anybody can verify what a key signs; nothing if `signers` has it."""
    line = signer_line(key)
    known = line in signers.read_text("utf-8").splitlines()
    return [] if known else [f"release/{signers.name} has not the public half of {key}; add this line:\n{line}"]


def verify(sums: Path, signers: Path = SIGNERS) -> None:
    """Verify the signature of the sums.

    Raises:
        SystemExit: It is by nobody that `signers` names, or of other sums.
    """
    command = ("-Y", "verify", "-f", str(signers), "-I", IDENTITY, "-n", NAMESPACE, "-s", f"{sums}.sig")
    _ssh_keygen(*command, given=sums.read_bytes())


def signer_line(key: Path) -> str:
    """Return what `signers` has to say of a key."""
    half = key if key.suffix == ".pub" else key.with_name(f"{key.name}.pub")
    if not key.is_file() and not half.is_file():
        raise SystemExit(f"{key} is no file: KEY= names an SSH key, such as ~/.ssh/id_ed25519, or its .pub")
    public = half.read_text("utf-8") if half.is_file() else _ssh_keygen("-y", "-f", str(key))
    return f'{IDENTITY} namespaces="{NAMESPACE}" {" ".join(public.split()[:2])}'


def _ssh_keygen(*command: str, given: bytes | None = None) -> str:
    try:
        done = subprocess.run(("ssh-keygen", *command), input=given, capture_output=True, check=False)
    except FileNotFoundError:
        raise SystemExit("releases are signed by ssh-keygen, which is not here: install OpenSSH 8.1 or newer") from None
    if done.returncode:
        output = (done.stderr + done.stdout).decode(errors="replace").strip()
        raise SystemExit(f"ssh-keygen {' '.join(command[:2])} refuses:\n{output}")
    return done.stdout.decode()
