"""Paths and node ids of a suite, from the workspace's root."""

from __future__ import annotations


def is_below(place: str, path: str) -> bool:
    """Return whether a path or node id is a path itself, or below it."""
    file, folder = place.partition("::")[0], path.rstrip("/")
    return folder in {"", ".", file} or file.startswith(f"{folder}/")
