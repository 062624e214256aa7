"""Which attachments are kept, and under which names."""

from __future__ import annotations

from typing import Any

import pytest

from outrider.errors import EnvelopeItem, attachment_from_json, attachment_to_json, kept_attachments

SENT: list[tuple[bytes, dict[str, Any]]] = [
    (b"for ada\n", {"filename": "../../etc/\u202elog.txt", "content_type": "text/plain"}),
    (b"\x89PNG\xff", {"filename": "C:\\Users\\a.png", "content_type": "text/html\r\nx: y"}),
    (b"x" * (2 << 20), {"filename": "large"}),
    (b"", {"filename": "empty"}),
    *((b"y", {"filename": name}) for name in (None, "a" * 500, "..", "later")),
]


def test_attachments_are_bounded_named_and_scrubbed() -> None:
    """Five, of two megabytes together; a name has no folder, and a type no second line."""
    items = [EnvelopeItem("event", b"{}"), *(EnvelopeItem("attachment", *own) for own in SENT)]
    kept = kept_attachments(items, lambda text, most: text.replace("ada", "***")[:most])

    assert [(own.name, own.media_type, own.content) for own in kept[:2]] == [
        ("log.txt", "text/plain", b"for ***\n"), ("a.png", "", b"\x89PNG\xff"),
    ]  # fmt: skip
    assert [own.name for own in kept[2:]] == ["attachment", "a" * 100, "attachment"]
    assert [attachment_from_json(attachment_to_json(own)) for own in kept] == kept
    with pytest.raises(ValueError, match="values"):
        attachment_from_json(["a"])
