"""Bodies and headers as servers of the field send them are read as browsers read them."""

from __future__ import annotations

import gzip
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.listeners import serving

from outrider.model import Outcome
from outrider.probes.answers import Answer
from outrider.probes.expectations import as_query
from outrider.probes.text_checks import Schema, TextChecks
from outrider.probes.text_evaluation import evaluate

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from outrider.model import Measurement

    Probe = Callable[..., Measurement]

HEAD = "HTTP/1.1 200 OK\r\n"


def answer(body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return Answer(200, 1.0, {}, raw_headers=f"{HEAD}{lines}\r\n".encode(), body=body)


def send(data: bytes, connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(data)


META = '<!doctype html><html><head><meta charset="{0}"><title>{1}</title>'
HTTP_EQUIV = "<head><META http-equiv='Content-Type' content='text/html; charset={0}'><p>{1}"
XML = '<?xml version="1.0" encoding="{0}"?><a>{1}</a>'
CHARSETS = [
    ("text/html; charset=iso-8859-1", "", "cp1252", "“quoted” €"),
    ("text/html; charset=us-ascii", "", "cp1252", "€"),
    ("text/html; charset=gb2312", "", "gbk", "镕基"),
    ("text/html; charset=x-sjis", "", "cp932", "日本①"),
    ("text/html; charset=Shift_JIS", "", "cp932", "髙橋"),
    ("text/html; charset=euc-kr", "", "cp949", "똠방각하"),
    ("text/html; charset=ks_c_5601-1987", "", "cp949", "똠방각하"),
    ("text/html; charset=windows-874", "", "cp874", "ไทย…"),
    ("text/html; charset=KOI8-R", "", "koi8-r", "Привет"),
    ('text/plain; format=flowed; Charset="ISO-8859-2"', "", "iso-8859-2", "łódź"),
    ("text/html", META.format("gb2312", "{0}"), "gbk", "中文"),
    ("text/html", HTTP_EQUIV.format("windows-1251", "{0}"), "cp1251", "Привет"),
    ("text/html; charset=utf-8", META.format("iso-8859-1", "{0}"), "utf-8", "Größe"),
    ("text/html", "<!-- <meta charset=gb2312> -->{0}", "utf-8", "Größe"),
    ("text/html", META.format("utf-16", "{0}"), "utf-8", "Größe"),
    ("text/html", META.format("klingon", "{0}"), "utf-8", "Größe"),
    ("application/xml", XML.format("ISO-8859-1", "{0}"), "latin-1", "Größe"),
    ("application/rss+xml", XML.format("iso-8859-15", "{0}"), "iso-8859-15", "10 €"),
    ("application/xhtml+xml", XML.format("UTF-8", "{0}"), "utf-8", "Größe"),
    ("text/plain", META.format("gb2312", "{0}"), "utf-8", "Größe"),
    ("text/html; charset=punycode", "", "utf-8", "Größe"),
    ("text/html; charset=", META.format("gbk", "{0}"), "gbk", "中文"),
]


@pytest.mark.parametrize(("content_type", "frame", "codec", "text"), CHARSETS)
def test_a_charset_is_found_as_browsers_find_it(content_type: str, frame: str, codec: str, text: str) -> None:
    """By the header, else by the document's own declaration, with the labels as browsers read them."""
    document = (frame or "{0}").replace("{0}", text)

    assert answer(document.encode(codec), {"Content-Type": content_type}).text == document


def test_a_charset_that_is_declared_late_is_not_looked_for() -> None:
    """Only the first 1,024 bytes of a page are read for it, as in browsers."""
    page = b"<html>" + b" " * 1024 + b"<meta charset=latin-1>" + "é".encode()

    assert answer(page, {"Content-Type": "text/html"}).charset == "utf_8"


def test_headers_of_any_line_end_and_charset_are_read() -> None:
    """A single line feed ends a line (RFC 9112, 2.2); what is not UTF-8 is Latin-1; trailers are no headers."""
    hints = b"HTTP/1.1 103 Hints\r\nX-A: hint\r\n\r\n"
    raw = hints + b"HTTP/1.1 200 OK\nX-A: Gr\xf6\xdfe\nX-B: Gr\xc3\xb6\xc3\x9fe\n\nX-A: trailer\n"

    headers = Answer(200, 1.0, {}, raw_headers=raw).headers

    assert headers == {"x-a": "Größe", "x-b": "Größe"}


MULTIPLES = [
    (19.99, 0.01, True),
    (0.3, 0.1, True),
    (1.1, 0.11, True),
    (19.995, 0.01, False),
    (10**400, 0.1, True),
    (1e308, 1e-300, True),
    (7, 2, False),
    (float("inf"), 0.5, False),
    ("19.99", 0.01, True),  # of other types it says nothing
]


@pytest.mark.parametrize(("value", "step", "is_multiple"), MULTIPLES)
def test_multiples_are_those_of_the_digits_as_written(value: object, step: float, is_multiple: bool) -> None:
    """A price of 19.99 is a multiple of 0.01, although no binary fraction is."""
    schema = Schema({"items": {"$ref": "#/$defs/step"}, "$defs": {"step": {"multipleOf": step}}})

    assert schema.validator.is_valid([value]) is is_multiple


def test_a_number_too_long_to_read_is_named_as_such() -> None:
    """The reason tells what the number has too many of, and nothing about Python."""
    reasons = [event.text for event in evaluate(TextChecks(exists=(as_query("$.a"),)), '{"a": ' + "1" * 4500 + "}")]

    assert reasons[0].startswith("the body is no JSON (a number has more than 4300 digits)")


BROKEN = [
    ("gzip", gzip.compress(b"hello", mtime=0) + b"more", "something follows the end of the compressed body"),
    ("br", b"this is no Brotli", "the compressed body is broken"),
]


@pytest.mark.parametrize(("encoding", "body", "words"), BROKEN)
def test_a_broken_compression_says_what_is_broken(probe: Probe, encoding: str, body: bytes, words: str) -> None:
    """Where libcurl has only the number of its error, the reason has words."""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"

    with serving(partial(send, head.encode() + body)) as address:
        measurement = probe(f'[a]\nkind = "http"\nurl = "http://{address}/"\n')

    assert (measurement.outcome, measurement.reason) == (Outcome.FAILED, words)


def test_headers_without_end_are_too_large(probe: Probe) -> None:
    """A server whose headers are larger than any client reads fails with that reason."""
    with serving(partial(send, b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 400_000 + b"\r\n\r\n")) as address:
        measurement = probe(f'[a]\nkind = "http"\nurl = "http://{address}/"\n')

    assert (measurement.outcome, measurement.reason) == (Outcome.FAILED, "the headers are too large")
