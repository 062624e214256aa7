"""Messages of syslog over TCP are divided and read, in bounded memory, whatever comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.telemetry import AttributeReader, SyslogFrames, SyslogReader
from outrider.telemetry.syslog_message import MOST_BYTES


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_messages_are_divided_however_they_arrive(size: int) -> None:
    """By counted octets, which may hold newlines, by newlines and by zero bytes, one after the other."""
    data = b"8 <1>a\nb c<2>line\n<3>zero\x0013 <4>8 octets x\n\n9 lives\n<5>no end"
    frames = SyslogFrames()

    messages = [message for at in range(0, len(data), size) for message in frames.feed(data[at : at + size])]
    messages += frames.end()

    assert messages == [b"<1>a\nb c", b"<2>line", b"<3>zero", b"<4>8 octets x", b"lives\n<5>", b"no end"]


def test_what_is_too_long_is_cut_and_the_next_one_is_whole() -> None:
    """Of a counted message and of a line, the beginning is kept."""
    frames = SyslogFrames()
    long = b"<1>" + b"x" * 300_000

    messages = [*frames.feed(b"%d " % len(long) + long), *frames.feed(b"<2>next\n"), *frames.feed(long)]
    messages += frames.feed(long + b"\n<3>last\n")

    assert [len(message) for message in messages] == [MOST_BYTES, 7, MOST_BYTES, 7]
    assert messages[-1] == b"<3>last"


@given(st.lists(st.binary(max_size=60)))
def test_any_bytes_are_read(pieces: list[bytes]) -> None:
    """Nothing raises, and nothing that was fed waits for ever once the connection ends."""
    frames, reader = SyslogFrames(), SyslogReader(AttributeReader())

    messages = [message for piece in pieces for message in frames.feed(piece)] + frames.end()

    assert all(reader.record(message).time_ns > 0 for message in messages)
    assert frames.end() == []


def test_a_message_of_today_is_read() -> None:
    """RFC 5424: host, program, structured data with escapes, a byte order mark, and JSON as the message."""
    reader = SyslogReader(AttributeReader(now_ns=lambda: 1_790_000_000 * 10**9))
    head = '<165>1 2026-09-21T14:13:20.5+00:00 web1 shop 4711 ID47 [ex@1 order="9" note="a \\"b\\" \\]"][b@2 c="d"]'

    record = reader.record(f"{head} \ufeffpayment refused".encode())
    document = reader.record(b'<11>1 - - cart - - - {"msg":"slow","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}')

    assert (record.body, record.service, record.severity_text) == ("payment refused", "shop", "notice")
    assert (record.time_ns, record.severity_number) == (1_790_000_000_500_000_000, 10)
    assert record.resource == {"service.name": "shop", "host.name": "web1"}
    assert record.attributes == {
        "syslog.facility": "local4", "syslog.procid": "4711", "syslog.msgid": "ID47",
        "ex.order": "9", "ex.note": 'a "b" ]', "b.c": "d",
    }  # fmt: skip
    assert (document.body, document.service, document.severity_number) == ("slow", "cart", 17)
    assert document.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("message", "service", "body", "severity"),
    [
        (b"<34>Nov 29 04:13:20 web1 sshd[77]: refused", "sshd", "refused", 18),
        (b"<14>shop: ready", "shop", "ready", 9),
        (b"<14>ERROR: no stock", "unknown_service", "ERROR: no stock", 9),
        (b"<999>odd", "unknown_service", "odd", 5),
        (b"<14>1 short", "unknown_service", "1 short", 9),
        (b"caf\xe9 ERROR", "unknown_service", "caf\u00e9 ERROR", 17),
    ],
)
def test_what_older_programs_write_is_read(message: bytes, service: str, body: str, severity: int) -> None:
    """RFC 3164 with and without its header, and what is no syslog at all."""
    record = SyslogReader(AttributeReader()).record(message)

    assert (record.service, record.body, record.severity_number) == (service, body, severity)
