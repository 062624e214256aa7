"""A page as journeys measured it: what its series are called, and its figures. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.real_users.vital_answer import Vital

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from outrider.real_users.view_conditions import Conditions

CACHE_OF: Final = "cache "
"""Begins the name of an attempt's attribute that says what the cache held, before the host and page."""
_PLACE: Final = re.compile(r"([^ /]+)(?:(/.*)| (.+))", re.DOTALL)
_METRICS: Final = {"cls": Vital.CLS} | {f"{vital.value}_ms": vital for vital in Vital if vital is not Vital.CLS}


@dataclass(frozen=True, slots=True)
class LabPage:
    """What a journey measured of a page in one place.

    Attributes:
        step: The key of the step that opened it; "" for what no step opened.
        conditions: As the last run that passed found them.
        values: Each vital, of runs whose first attempt passed; shape (n,), ms but for CLS.
        step_ms: How long the step took, likewise.
    """

    check: str
    step: str
    environment: str
    location: str
    host: str
    page: str
    conditions: Conditions
    values: Mapping[Vital, NDArray[np.float64]]
    step_ms: NDArray[np.float64]

    @property
    def place(self) -> str:
        """Host and page, for a reader."""
        return page_place(self.host, self.page)


def page_metric(metric: str, host: str, page: str) -> str:
    """Return what the metric of a vital is called where it is that of one page."""
    return f"{metric} {page_place(host, page)}"


def page_place(host: str, page: str) -> str:
    """Return host and page as one text: "shop.example/cart", or "shop.example checkout" of one with a name."""
    return f"{host}{page}" if page.startswith("/") else f"{host} {page}"


def read_page_metric(name: str) -> tuple[Vital, str, str] | None:
    """Return the vital, the host and the page of such a metric; None of another one."""
    metric, _, place = name.partition(" ")
    parts = _PLACE.fullmatch(place)
    return (_METRICS[metric], parts[1], parts[2] or parts[3]) if metric in _METRICS and parts else None
