"""How content is named in an artifact folder: `ab/cdef…`, by its SHA-256."""

from __future__ import annotations

from outrider.model import StoreError

_DIGEST_CHARACTERS = 64


def artifact_name(digest: str) -> str:
    """Return the name in the folder of the content with this digest."""
    return f"{digest[:2]}/{digest[2:]}"


def is_digest(text: str) -> bool:
    """Return whether a text is a digest as content is named by: 64 digits of a lower-case hexadecimal number."""
    return len(text) == _DIGEST_CHARACTERS and set(text) <= set("0123456789abcdef")


def digest_in(name: str) -> str:
    """Return the digest that a name in the folder stands for; empty for any other name."""
    digest = name.replace("/", "", 1)
    return digest if is_digest(digest) and name[2:3] == "/" else ""


def missing_artifact(where: str) -> StoreError:
    """Return the error that says that a content is gone."""
    return StoreError(
        f"{where}: the artifact is gone",
        slug="artifact-missing",
        fix="retention may have removed it just now; otherwise restore the artifact folder from its backup",
    )
