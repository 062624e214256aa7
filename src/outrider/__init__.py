"""Outrider: synthetic monitoring that rides ahead of your users.

    import outrider

    with outrider.open_workspace("shop-watch") as workspace:
        runs = workspace.run("journeys/test_checkout.py")
        samples = workspace.frames.samples("journey:*", since="7d")

Names are imported when they are used: importing this package imports no other.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.app import (
        Decision,
        GateOptions,
        Incident,
        KneeSearch,
        LoadOutcome,
        LoadOverrides,
        OpenServer,
        OpenWorkspace,
        SilentListener,
        StepStatus,
        gate_rules,
        open_server,
        open_workspace,
    )
    from outrider.model import (
        AggregateSample,
        Annotation,
        BrowserError,
        Check,
        ConfigError,
        ConfigErrors,
        Outcome,
        OutriderError,
        RecordedAggregates,
        Run,
        RunSummary,
        ServerError,
        StoredGate,
        StoredRun,
        StoreError,
        Subject,
        SubjectKind,
        UsageError,
    )

__version__ = "0.1.0"

__all__ = [
    "AggregateSample", "Annotation", "BrowserError", "Check", "ConfigError", "ConfigErrors", "Decision", "GateOptions",
    "Incident", "KneeSearch", "LoadOutcome", "LoadOverrides", "OpenServer", "OpenWorkspace", "Outcome", "OutriderError",
    "RecordedAggregates", "Run", "RunSummary", "ServerError", "SilentListener", "StepStatus", "StoreError",
    "StoredGate", "StoredRun", "Subject", "SubjectKind", "UsageError", "gate_rules", "open_server", "open_workspace",
]  # fmt: skip

_HOMES = dict.fromkeys(
    (
        "Decision", "GateOptions", "Incident", "KneeSearch", "LoadOutcome", "LoadOverrides", "OpenServer",
        "OpenWorkspace", "SilentListener", "StepStatus", "gate_rules", "open_server", "open_workspace",
    ),
    "outrider.app",
)  # fmt: skip


def __getattr__(name: str) -> object:
    """Import a name of the public API (PEP 562)."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES.get(name, "outrider.model")), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
