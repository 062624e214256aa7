"""Reports of a period, a run or a load: HTML, Markdown, JSON, CSV and mail."""

from outrider.reports.facts import (
    Capacity,
    Change,
    CheckNoise,
    Health,
    Incident,
    Incidents,
    Light,
    NoIncidents,
    Noise,
    Outage,
    ReceiverNoise,
    Report,
    ServiceRoom,
    Verdict,
)
from outrider.reports.period import Period, day_of, month_of, quarter_of, release_period, week_of
from outrider.reports.report_builder import gather
from outrider.reports.report_email import ReportMail, compose_mail
from outrider.reports.report_page import render_html
from outrider.reports.report_settings import (
    CRONS,
    ReportSettings,
    editions,
    place_of,
    read_settings,
    read_with_problems,
)
from outrider.reports.report_text import TABLES, as_csv, as_json, as_markdown
from outrider.reports.run_comparison import (
    RequestPair,
    RequestTiming,
    RunComparison,
    StepPair,
    comparison_html,
    comparison_json,
    pair_requests,
    pair_steps,
)
from outrider.reports.run_summary import attempt_note
from outrider.reports.single import RunReport, inline_picture, last_good_run, run_report
from outrider.reports.single_load import LoadReport, load_report
from outrider.reports.single_text import single_csv, single_html, single_json, single_markdown

__all__ = [
    "CRONS",
    "TABLES",
    "Capacity",
    "Change",
    "CheckNoise",
    "Health",
    "Incident",
    "Incidents",
    "Light",
    "LoadReport",
    "NoIncidents",
    "Noise",
    "Outage",
    "Period",
    "ReceiverNoise",
    "Report",
    "ReportMail",
    "ReportSettings",
    "RequestPair",
    "RequestTiming",
    "RunComparison",
    "RunReport",
    "ServiceRoom",
    "StepPair",
    "Verdict",
    "as_csv",
    "as_json",
    "as_markdown",
    "attempt_note",
    "comparison_html",
    "comparison_json",
    "compose_mail",
    "day_of",
    "editions",
    "gather",
    "inline_picture",
    "last_good_run",
    "load_report",
    "month_of",
    "pair_requests",
    "pair_steps",
    "place_of",
    "quarter_of",
    "read_settings",
    "read_with_problems",
    "release_period",
    "render_html",
    "run_report",
    "single_csv",
    "single_html",
    "single_json",
    "single_markdown",
    "week_of",
]
