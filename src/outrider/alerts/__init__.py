"""Incidents, who is told of them, and how that reaches them."""

from outrider.alerts.alerting import Alerting
from outrider.alerts.backtest import Replayed, replayed, stored_symptoms
from outrider.alerts.delivery import Deliverer, Health, Lane, test_row
from outrider.alerts.evidence import Known, symptoms
from outrider.alerts.incident import Incident, Phase
from outrider.alerts.keeper import Keeper
from outrider.alerts.matching import Matcher, parse_matcher
from outrider.alerts.memory import read_incident
from outrider.alerts.message import Enclosure, Message, headline
from outrider.alerts.muting import why_muted
from outrider.alerts.oncall import Rotation
from outrider.alerts.reading import read_alerts
from outrider.alerts.reports import message_checks, report_message, report_rows
from outrider.alerts.settings import ALERTS_FILE, AlertSettings, ReceiverSettings
from outrider.alerts.surveys import survey
from outrider.alerts.symptom import Facts, Severity, Subject, Symptom, Trouble
from outrider.alerts.watch import Thresholds

__all__ = [
    "ALERTS_FILE", "AlertSettings", "Alerting", "Deliverer", "Enclosure", "Facts", "Health", "Incident", "Keeper",
    "Known", "Lane", "Matcher", "Message", "Phase", "ReceiverSettings", "Replayed", "Rotation", "Severity", "Subject",
    "Symptom", "Thresholds", "Trouble", "headline", "message_checks", "parse_matcher", "read_alerts",
    "read_incident", "replayed", "report_message", "report_rows", "stored_symptoms", "survey",
    "symptoms", "test_row", "why_muted",
]  # fmt: skip
