"""The public names of the package, for Sphinx to take their signatures and docstrings from the code."""

from __future__ import annotations

from inspect import isclass

import outrider
from outrider.frames import FrameReader, TelemetryFrames

_NAMES = """# Python names

All public names of `outrider`, with what their docstrings say. [Python API](../api.md) shows how they are used."""


def python_page() -> str:
    """Return the page of all names of `outrider.__all__`, and of what reads DataFrames."""
    values = [(f"outrider.{name}", getattr(outrider, name)) for name in outrider.__all__]
    values += [(f"{kind.__module__}.{kind.__name__}", kind) for kind in (FrameReader, TelemetryFrames)]
    return "\n\n".join([_NAMES, *(_entry(path, value) for path, value in values)]) + "\n"


def _entry(path: str, value: object) -> str:
    directive = "autoclass" if isclass(value) else "autofunction"
    members = "\n   :members:" if isclass(value) else ""
    return f"## {path.rpartition('.')[2]}\n\n```{{eval-rst}}\n.. {directive}:: {path}{members}\n```"
