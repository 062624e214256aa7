"""What would let a reader act as the user is in no artifact."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from outrider.workspace import Mask
from outrider.workspace.credential_records import HIDDEN, without_credentials
from outrider.workspace.file_masks import redact_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"name": "Authorization", "value": "Bearer x"}, {"name": "Authorization", "value": HIDDEN}),
        ({"name": "set-cookie", "value": "sid=1"}, {"name": "set-cookie", "value": HIDDEN}),
        ({"name": "accept", "value": "*/*"}, {"name": "accept", "value": "*/*"}),
        ({"cookies": [{"name": "sid", "value": "1"}]}, {"cookies": [{"name": "sid", "value": HIDDEN}]}),
        (
            {"postData": {"mimeType": "a/b", "text": "pw=1", "params": [{"name": "pw", "value": "1"}]}},
            {"postData": {"mimeType": "a/b", "text": HIDDEN, "params": [{"name": "pw", "value": HIDDEN}]}},
        ),
        ({"options": {"httpCredentials": {"password": "x"}}}, {"options": {"httpCredentials": HIDDEN}}),
        ({"extraHTTPHeaders": {"X-Api-Key": "k", "x": "y"}}, {"extraHTTPHeaders": {"X-Api-Key": HIDDEN, "x": "y"}}),
        ({"params": {"value": "Ada"}}, {"params": {"value": "Ada"}}),
        ([1, None, "cookie"], [1, None, "cookie"]),
    ],
)
def test_values_of_credentials_are_hidden(before: Any, after: Any) -> None:
    """The name stays, and so does everything else."""
    assert without_credentials(before) == after


def test_a_har_is_cleaned_and_stays_json(tmp_path: Path) -> None:
    """As a whole."""
    har = tmp_path / "1.har"
    har.write_text(json.dumps({"log": {"entries": [{"headers": [{"name": "Cookie", "value": "sid=7"}]}]}}))

    redact_file(har, Mask())

    assert "sid=7" not in har.read_text()
    assert json.loads(har.read_text())["log"]["entries"][0]["headers"][0]["name"] == "Cookie"


def test_a_trace_keeps_what_is_no_credential(tmp_path: Path) -> None:
    """Line by line; pictures and lines of another kind stay as they were, and half a line of a killed test goes."""
    trace = tmp_path / "t.zip"
    lines = [b'{"type":"x"}\n', b'{"headers":[{"name":"cookie","value":"sid=7"}]}\n', b'{"cookie": "si']
    with zipfile.ZipFile(trace, "w") as archive:
        archive.writestr("trace.network", b"".join(lines))
        archive.writestr("resources/cookie.png", b"cookie")

    redact_file(trace, Mask())

    with zipfile.ZipFile(trace) as archive:
        assert archive.read("resources/cookie.png") == b"cookie"
        kept = archive.read("trace.network").splitlines()
    assert kept[0] == lines[0].strip()
    assert json.loads(kept[1]) == {"headers": [{"name": "cookie", "value": HIDDEN}]}
    assert len(kept) == 2


def test_a_record_with_half_a_character_is_hidden_too(tmp_path: Path) -> None:
    """JSON can name half of a surrogate pair, and no encoding can write it."""
    trace = tmp_path / "1.trace"
    trace.write_text('{"cookies": [{"name": "sid", "value": "7"}], "text": "\\ud800"}\n')

    redact_file(trace, Mask())

    assert json.loads(trace.read_text()) == {"cookies": [{"name": "sid", "value": HIDDEN}], "text": "\ud800"}


def test_a_har_of_several_lines_stays_whole(tmp_path: Path) -> None:
    """Its lines are no records by themselves."""
    har = tmp_path / "1.har"
    entry = {"request": {"url": "https://shop.test/", "headers": [{"name": "Cookie", "value": "sid=7"}]}}
    har.write_text(json.dumps({"log": {"entries": [entry]}}, indent=2))

    redact_file(har, Mask())

    (kept,) = json.loads(har.read_text())["log"]["entries"]
    assert kept["request"] == {"url": "https://shop.test/", "headers": [{"name": "Cookie", "value": HIDDEN}]}
