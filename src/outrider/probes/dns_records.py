"""Records of the Domain Name System, compared by what they mean and not by how they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.exception
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.TXT import TXT

from outrider.model import bounded
from outrider.workspace import Refused, as_texts

if TYPE_CHECKING:
    from collections.abc import Iterable


def records_of(response: dns.message.Message | None, kind: str) -> tuple[dns.rdata.Rdata, ...]:
    """Return the records of one kind in an answer; the aliases that led to them are not among them."""
    wanted = dns.rdatatype.from_text(kind)
    groups = response.answer if response is not None else []
    return tuple(record for group in groups if group.rdtype == wanted for record in group)


def alias_in(response: dns.message.Message) -> str:
    """Return where the last alias in an answer leads, or nothing."""
    aliases = records_of(response, "CNAME")
    return aliases[-1].to_text() if aliases else ""


def record_text(record: dns.rdata.Rdata) -> str:
    """Return a record as text; the strings of a TXT record are one text (RFC 7208, section 3.3)."""
    return b"".join(record.strings).decode("utf-8", "replace") if isinstance(record, TXT) else record.to_text()


def as_records(value: object, kind: str) -> tuple[dns.rdata.Rdata, ...]:
    """Accept the records of one kind, written as in a zone file, or a TXT record as plain text."""
    return tuple(_record(text, kind) for text in as_texts(value))


def missing_records(actual: Iterable[dns.rdata.Rdata], wanted: Iterable[dns.rdata.Rdata]) -> list[str]:
    """Return the wanted records that are not among the actual ones."""
    keys = {_key(record) for record in actual}
    return [record_text(record) for record in wanted if _key(record) not in keys]


def _key(record: dns.rdata.Rdata) -> object:
    return record_text(record) if isinstance(record, TXT) else record


def _record(text: str, kind: str) -> dns.rdata.Rdata:
    if kind == "TXT" and not text.startswith('"'):
        data = text.encode("utf-8", "replace")
        pieces = [data[start : start + 255] for start in range(0, len(data), 255)]
        return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, pieces)
    try:
        return dns.rdata.from_text("IN", kind, text, origin=dns.name.root, relativize=False)
    except (dns.exception.DNSException, ValueError) as error:
        fix = "write it as in a zone file"
        raise Refused(f"is no record of type {kind}: {bounded(str(error), 100)}", fix, "bad-record") from None
