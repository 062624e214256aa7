"""What real users live through: beacons of their browsers read, and what is asked of page views. Values; no I/O."""

from outrider.real_users.beacon import BadBeacon, Beacon, ReceivedBeacon, read_beacon
from outrider.real_users.open_views import OpenViews
from outrider.real_users.page_name import bare_url, page_name
from outrider.real_users.page_view import ROBOT, PageView
from outrider.real_users.vital_answer import (
    BOUNDS,
    RealUserReader,
    ResourceRow,
    SessionFilter,
    SessionRow,
    ViewFilter,
    ViewKey,
    Vital,
    VitalBin,
    VitalBounds,
    VitalPoint,
    VitalRow,
    VitalShare,
)
from outrider.real_users.vital_report import ToldVital, VitalReport, faro_vitals, read_web_vitals

__all__ = [
    "BOUNDS",
    "ROBOT",
    "BadBeacon",
    "Beacon",
    "OpenViews",
    "PageView",
    "RealUserReader",
    "ReceivedBeacon",
    "ResourceRow",
    "SessionFilter",
    "SessionRow",
    "ToldVital",
    "ViewFilter",
    "ViewKey",
    "Vital",
    "VitalBin",
    "VitalBounds",
    "VitalPoint",
    "VitalReport",
    "VitalRow",
    "VitalShare",
    "bare_url",
    "faro_vitals",
    "page_name",
    "read_beacon",
    "read_web_vitals",
]
