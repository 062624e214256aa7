"""Who is told of the named steps of a test, while it runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from outrider.journeys.named_steps import NamedStep

STEP_LISTENER = pytest.StashKey[Callable[[NamedStep], None]]()
