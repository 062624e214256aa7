"""What real users live through: beacons and replays read, and what is asked of page views. Values; no I/O.

Names are imported when they are used, other than those that are called as their module is: a journey's process needs
few of them, and could not be forked with NumPy in it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from outrider.real_users.affected_visits import AffectedVisits, affected_visits
from outrider.real_users.lead_time import DAY_US, LeadTime, LeadTimes, lead_time, lead_times
from outrider.real_users.page_name import bare_url, page_name

if TYPE_CHECKING:
    from outrider.real_users.beacon import BadBeacon, Beacon, ReceivedBeacon, read_beacon, user_digest
    from outrider.real_users.browser_family import browser_family, device_of
    from outrider.real_users.lab_and_field import (
        FEWEST,
        DifferencePart,
        Factor,
        Finding,
        VitalDifference,
        compare,
        share_of,
    )
    from outrider.real_users.lab_page import CACHE_OF, LabPage, page_metric, read_page_metric
    from outrider.real_users.open_views import OpenViews
    from outrider.real_users.page_view import ROBOT, PageView
    from outrider.real_users.replay_event import BadReplay, ReplayPart, read_replay
    from outrider.real_users.replay_parts import playable
    from outrider.real_users.view_conditions import Conditions, cache_state, power_of
    from outrider.real_users.vital_answer import (
        BOUNDS,
        ConditionedViews,
        RealUserReader,
        ResourceRow,
        SessionFilter,
        SessionRow,
        Trouble,
        TroubledVisits,
        ViewFilter,
        ViewKey,
        Vital,
        VitalBin,
        VitalBounds,
        VitalPoint,
        VitalRow,
        VitalShare,
    )
    from outrider.real_users.vital_report import MeasuredVital, VitalReport, faro_vitals, read_web_vitals, span_vitals

__all__ = [
    "BOUNDS",
    "CACHE_OF",
    "DAY_US",
    "FEWEST",
    "ROBOT",
    "AffectedVisits",
    "BadBeacon",
    "BadReplay",
    "Beacon",
    "ConditionedViews",
    "Conditions",
    "DifferencePart",
    "Factor",
    "Finding",
    "LabPage",
    "LeadTime",
    "LeadTimes",
    "MeasuredVital",
    "OpenViews",
    "PageView",
    "RealUserReader",
    "ReceivedBeacon",
    "ReplayPart",
    "ResourceRow",
    "SessionFilter",
    "SessionRow",
    "Trouble",
    "TroubledVisits",
    "ViewFilter",
    "ViewKey",
    "Vital",
    "VitalBin",
    "VitalBounds",
    "VitalDifference",
    "VitalPoint",
    "VitalReport",
    "VitalRow",
    "VitalShare",
    "affected_visits",
    "bare_url",
    "browser_family",
    "cache_state",
    "compare",
    "device_of",
    "faro_vitals",
    "lead_time",
    "lead_times",
    "page_metric",
    "page_name",
    "playable",
    "power_of",
    "read_beacon",
    "read_page_metric",
    "read_replay",
    "read_web_vitals",
    "share_of",
    "span_vitals",
    "user_digest",
]

_MODULES = {
    "beacon": "BadBeacon Beacon ReceivedBeacon read_beacon user_digest",
    "browser_family": "browser_family device_of",
    "lab_and_field": "FEWEST DifferencePart Factor Finding VitalDifference compare share_of",
    "lab_page": "CACHE_OF LabPage page_metric read_page_metric",
    "open_views": "OpenViews",
    "page_view": "ROBOT PageView",
    "replay_event": "BadReplay ReplayPart read_replay",
    "replay_parts": "playable",
    "view_conditions": "Conditions cache_state power_of",
    "vital_answer": (
        "BOUNDS ConditionedViews RealUserReader ResourceRow SessionFilter SessionRow Trouble TroubledVisits "
        "ViewFilter ViewKey Vital VitalBin VitalBounds VitalPoint VitalRow VitalShare"
    ),
    "vital_report": "MeasuredVital VitalReport faro_vitals read_web_vitals span_vitals",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """Import a name from its module (PEP 562)."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
