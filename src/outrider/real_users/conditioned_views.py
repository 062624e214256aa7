"""Vitals of page views that were seen under the same conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from outrider.real_users.view_conditions import Conditions
    from outrider.real_users.vital_answer import Vital


@dataclass(frozen=True, slots=True)
class ConditionedViews:
    """Views of users under the same conditions: each vital as far as they tell it, of shape (n,), ms but for CLS."""

    conditions: Conditions
    values: Mapping[Vital, NDArray[np.float64]]
