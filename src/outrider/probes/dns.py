"""Probes of kind dns: one question to a name server."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.resolver
import dns.reversename

from outrider.model import Sample
from outrider.probes.assertions import judge_times
from outrider.probes.dns_records import alias_in, as_records, missing_records, record_text, records_of
from outrider.probes.expectations import as_patterns, read_within
from outrider.probes.host_addresses import is_name
from outrider.probes.probe_result import Blame, Evidence, Failure, ProbeResult, only_step
from outrider.probes.system_errors import explain_system
from outrider.probes.text_checks import TextChecks
from outrider.probes.text_evaluation import shown
from outrider.workspace import Refused, as_one_of, as_text, split_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.probes.evaluator import Evaluator
    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_table import ProbeTable

STEP = "question"

_PORT = 53
_TYPES = ("A", "AAAA", "CAA", "CNAME", "DNSKEY", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SRV", "SVCB",
          "TLSA", "TXT")  # fmt: skip
_CODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")


@dataclass(frozen=True, slots=True)
class DnsProbe:
    """One question.

    Attributes:
        servers: Addresses and ports, asked in order until one answers.
        answers: Records that must be among those of the answer.
        exactly: All records of the answer, in any order.
        matches: Checks of the records.
    """

    name: str
    record: str
    servers: tuple[tuple[str, int], ...]
    code: str
    answers: tuple[dns.rdata.Rdata, ...]
    exactly: tuple[dns.rdata.Rdata, ...] | None
    matches: TextChecks
    within_ms: Mapping[str, float]

    @property
    def host(self) -> str:
        """The first server."""
        return self.servers[0][0] if self.servers else ""

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:  # noqa: ARG002
        """Ask, and judge the answer."""
        if not self.servers:
            return ProbeResult(0.0, (Failure(Blame.SETUP, "this host knows no name server: name one as resolver"),))
        reply = _Reply(self.servers[0][0], 0.0)
        for address, port in self.servers:
            reply = await self._ask(address, port, limit_s / len(self.servers))
            if reply.response is not None:
                break
        records = records_of(reply.response, self.record)
        failures = [reply.failure] if reply.failure else []
        if reply.response is not None:
            failures += [Failure(Blame.TARGET, reason) for reason in self._wrong(reply.response, records)]
            failures += await self._unmatched(records, context.evaluator)
            failures += judge_times({"total": reply.took_ms}, self.within_ms)
        text = str(reply.response).encode() if reply.response is not None and failures else b""
        return ProbeResult(
            duration_ms=reply.took_ms,
            failures=tuple(failures),
            steps=only_step(STEP, reply.took_ms, tuple(failures)),
            samples=(Sample(STEP, "duration_ms", reply.took_ms), Sample(STEP, "records", float(len(records)))),
            attributes={"remote": reply.address, "protocol": "DNS"},
            evidence_files=(Evidence("answer.txt", "text/plain", text),) if text else (),
            address=f"{self.name} {self.record}",
        )

    async def _ask(self, address: str, port: int, limit_s: float) -> _Reply:
        question = dns.message.make_query(self.name, self.record)
        began_s = time.perf_counter()
        response, failure = None, None
        try:
            async with asyncio.timeout(limit_s):
                response, _ = await dns.asyncquery.udp_with_fallback(question, address, port=port)
        except TimeoutError:
            reason = f"the name server {address} does not answer within {limit_s:.1f} s"
            failure = Failure(Blame.NETWORK, reason, is_time_out=True)
        except dns.exception.DNSException as error:
            failure = Failure(Blame.TARGET, f"the name server {address} does not answer properly: {error}")
        except EOFError:  # it said that its answer is too long for a datagram
            reason = f"the name server {address} ends the connection over TCP without an answer"
            failure = Failure(Blame.TARGET, reason)
        except OSError as error:
            failure = explain_system(error, f"asking the name server {address}")
        return _Reply(address, (time.perf_counter() - began_s) * 1000, response, failure)

    def _wrong(self, response: dns.message.Message, records: tuple[dns.rdata.Rdata, ...]) -> list[str]:
        code = dns.rcode.to_text(response.rcode())
        if code != self.code:
            return [f"{self.name} {self.record}: the answer is {code}, not {self.code}"]
        actual = _shown(records)
        wrong = [f"{shown(text)} is not in the answer: {actual}" for text in missing_records(records, self.answers)]
        if self.exactly is not None:
            wrong += [
                f"{shown(text)} is not in the answer: {actual}" for text in missing_records(records, self.exactly)
            ]
            wrong += [f"{shown(text)} is not expected: {actual}" for text in missing_records(self.exactly, records)]
        if code == "NOERROR" and not records and self.exactly != ():
            alias = alias_in(response)
            wrong.append(f"{self.name} has no record {self.record}" + (f", only an alias to {alias}" if alias else ""))
        return wrong

    async def _unmatched(self, records: tuple[dns.rdata.Rdata, ...], evaluator: Evaluator) -> list[Failure]:
        if not self.matches:
            return []
        evaluation = await evaluator.evaluate(self.matches, "\n".join(map(record_text, records)).encode(), limit_s=0.0)
        actual = _shown(records)
        return [Failure(failure.blame, f"{failure.reason}: {actual}") for failure in evaluation.failures]


@dataclass(frozen=True, slots=True)
class _Reply:
    """The result of asking one server."""

    address: str
    took_ms: float
    response: dns.message.Message | None = None
    failure: Failure | None = None


def read_dns(entry: ProbeTable) -> DnsProbe:
    """Read a probe of kind dns; report problems to its table."""
    table = entry.table
    record = table.read("record", as_one_of(*_TYPES), "A")
    name = entry.needed_text("name", lambda text: _as_name(text, record), "", '"shop.example"')
    servers = entry.text("resolver", _as_server, None)
    below = table.section("expect")
    probe = DnsProbe(
        name=name,
        record=record,
        servers=(servers,) if servers else own_servers(),
        code=below.read("code", as_one_of(*_CODES), "NOERROR"),
        answers=below.read("answers", lambda value: as_records(value, record), ()),
        exactly=below.read("exactly", lambda value: as_records(value, record), None),
        matches=TextChecks("record", "\n", matches=below.read("matches", as_patterns, ())),
        within_ms=read_within(below, ("total",)),
    )
    below.close()
    return probe


def _as_name(text: str, record: str) -> str:
    if record == "PTR" and not is_name(text):
        return dns.reversename.from_address(text).to_text(omit_final_dot=True)
    try:
        dns.name.from_text(text)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise Refused(f"is not a name: {error}", 'write a name, such as "shop.example"', "bad-address") from None
    return text


def _as_server(text: str) -> tuple[str, int]:
    host, port = (text, _PORT) if not is_name(text) else split_address(text)
    if is_name(as_text(host)):
        fix = 'write its address, such as "192.0.2.53" or "192.0.2.53:5353"'
        raise Refused("is not the address of a name server", fix, "bad-address")
    return host, port


def own_servers() -> tuple[tuple[str, int], ...]:
    """Return the name servers that this host itself asks."""
    try:
        return tuple((str(server), _PORT) for server in dns.resolver.get_default_resolver().nameservers)
    except dns.exception.DNSException:
        return ()


async def answers(address: str, port: int) -> bool:
    """Return whether a name server answers at all, whatever it says."""
    try:
        await dns.asyncquery.udp(dns.message.make_query(".", "NS"), address, port=port)
    except (OSError, dns.exception.DNSException):
        return False
    return True


def _shown(records: tuple[dns.rdata.Rdata, ...]) -> str:
    return shown(", ".join(map(record_text, records)) or "nothing")
