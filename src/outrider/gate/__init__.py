"""The decision that CI asks for: is the candidate worse than what was accepted?"""

from outrider.gate.accepted import Accepted, file_of, read_accepted, write_accepted
from outrider.gate.decision import ELSEWHERE_MARGIN, Decision, Finding, Rules, decide
from outrider.gate.fingerprint import Fingerprint, fingerprint_here
from outrider.gate.gathering import Gathered, Source, gather
from outrider.gate.reports import as_annotations, as_json, as_junit, as_markdown, cells
from outrider.gate.sessions import Session, session_of, sessions_of
from outrider.gate.wire import astray

__all__ = [
    "ELSEWHERE_MARGIN", "Accepted", "Decision", "Finding", "Fingerprint", "Gathered", "Rules", "Session", "Source",
    "as_annotations", "as_json", "as_junit", "as_markdown", "astray", "cells", "decide", "file_of",
    "fingerprint_here", "gather", "read_accepted", "session_of", "sessions_of", "write_accepted",
]  # fmt: skip
