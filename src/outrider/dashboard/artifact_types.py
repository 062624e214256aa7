"""What an artifact is served as: decided by its kind and the end of its name, never by what a target said. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.model import GZIP_SUFFIX, ArtifactKind

_PICTURES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif",
}  # fmt: skip
_VIDEOS = {".webm": "video/webm", ".mp4": "video/mp4"}
_TEXTS = dict.fromkeys((".log", ".txt", ".json", ".html", ".htm", ".xml", ".csv", ".md"), "text/plain; charset=utf-8")
_SHOWN = {
    ArtifactKind.SCREENSHOT: _PICTURES,
    ArtifactKind.VIDEO: _VIDEOS,
    ArtifactKind.LOG: _TEXTS,
    ArtifactKind.BODY: _TEXTS,
}
_SAVED = {ArtifactKind.TRACE: {".zip": "application/zip"}, ArtifactKind.HAR: {".har": "application/json"}}
_UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class ServedType:
    """How a browser takes an artifact.

    Attributes:
        is_shown: Whether it opens in the browser; otherwise it is saved.
        is_packed: Whether it is kept as gzip.
    """

    media_type: str
    is_shown: bool
    is_packed: bool


def served_type(kind: ArtifactKind, name: str) -> ServedType:
    """Return how an artifact is served; what is in no table is bytes to save, markup is text."""
    is_packed = name.endswith(GZIP_SUFFIX)
    suffix = "." + name.removesuffix(GZIP_SUFFIX).rpartition(".")[2].lower()
    if media_type := _SHOWN.get(kind, {}).get(suffix):
        return ServedType(media_type, is_shown=True, is_packed=is_packed)
    return ServedType(_SAVED.get(kind, {}).get(suffix, _UNKNOWN), is_shown=False, is_packed=is_packed)
