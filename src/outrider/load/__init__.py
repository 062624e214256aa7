"""Measures load profiles: users' locustfiles, unchanged, in a Locust of their own."""

from outrider.load.catalogue import KIND, Catalogue, profile_of, read_profiles, time_limit_s
from outrider.load.endpoint_names import grouping_advice, shown_name
from outrider.load.hosts import is_allowed
from outrider.load.levels import Level, levels
from outrider.load.measure import Listener, LoadMeasure, Surroundings
from outrider.load.profile import Profile
from outrider.load.remote_worker import work, work_share
from outrider.load.shapes import Steps, stairs

__all__ = [
    "KIND",
    "Catalogue",
    "Level",
    "Listener",
    "LoadMeasure",
    "Profile",
    "Steps",
    "Surroundings",
    "grouping_advice",
    "is_allowed",
    "levels",
    "profile_of",
    "read_profiles",
    "shown_name",
    "stairs",
    "time_limit_s",
    "work",
    "work_share",
]
