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
    """Return the records of one kind that answer the question.

    Aliases are followed, and are not themselves among the records; what else an answer holds is not asked for.
    """
    if response is None or not response.question:
        return ()
    wanted, owners = dns.rdatatype.from_text(kind), _owners(response)
    if wanted == dns.rdatatype.CNAME:
        owners = owners[:1]
    return tuple(
        record for group in response.answer if group.rdtype == wanted and group.name in owners for record in group
    )


def _owners(response: dns.message.Message) -> list[dns.name.Name]:
    """Return the name in question and those that it is an alias of, in order."""
    owners = [response.question[0].name]
    aliases = {group.name: group[0].target for group in response.answer if group.rdtype == dns.rdatatype.CNAME}
    while (target := aliases.get(owners[-1])) is not None and target not in owners:
        owners.append(target)
    return owners


def alias_in(response: dns.message.Message) -> str:
    """Return where the aliases in an answer lead, or nothing."""
    owners = _owners(response) if response.question else []
    return owners[-1].to_text() if len(owners) > 1 else ""


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
