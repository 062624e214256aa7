"""Probes of kind tls: a handshake on any port, and what the server's certificates say."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pycurl

from outrider.model import Sample
from outrider.probes.assertions import judge_times
from outrider.probes.certificates import NAMELESS, Certificate, read_chain, root_names, verified_path
from outrider.probes.exchange import ExchangeLog, explain, read_phases
from outrider.probes.expectations import as_patterns, read_within
from outrider.probes.host_addresses import bracketed, is_name
from outrider.probes.http_request import FRESH, encoded, read_certificate, read_trust
from outrider.probes.probe_result import CERTIFICATE_METRIC, Blame, Evidence, Failure, ProbeResult, only_step
from outrider.probes.text_checks import TextChecks
from outrider.probes.text_evaluation import shown
from outrider.workspace import as_count, as_one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.probes.evaluator import Evaluator
    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_table import ProbeTable
    from outrider.probes.redirects import Options

STEP = "handshake"

_SPOKEN = re.compile(rb"SSL connection using (TLSv[0-9.]+|SSLv\d) / (\S+)")
_VERSIONS = ("1.0", "1.1", "1.2", "1.3")
_WEAK_VERSIONS = {"1.0", "1.1"}
_SOON_DAYS = 14
_PHASES = ("dns", "connect", "tls")


@dataclass(frozen=True, slots=True)
class TlsProbe:
    """A handshake.

    Attributes:
        verify: Whether the certificate must be in order.
        roots: Names of the trusted authorities.
        certificate_days: The least that every certificate on the path to an authority is still valid.
        protocol: The oldest version of TLS that will do, or empty.
        issuer: Checks of the issuers of the chain.
    """

    host: str
    port: int
    options: Options = field(repr=False)
    verify: bool
    roots: frozenset[str] = field(repr=False)
    certificate_days: float
    protocol: str
    issuer: TextChecks
    within_ms: Mapping[str, float]

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:  # noqa: ARG002
        """Shake hands, and judge protocol and certificates."""
        curl, log = context.transfers.borrow(), ExchangeLog()
        try:
            for option, value in self.options:
                curl.setopt(option, value)
            curl.setopt(pycurl.TIMEOUT_MS, max(1, int(limit_s * 1000)))
            curl.setopt(pycurl.DEBUGFUNCTION, log.note)
            code, message = await context.transfers.perform(curl)
            total_ms, phases = read_phases(curl, has_name=is_name(self.host))
            sent = read_chain(curl.getinfo(pycurl.INFO_CERTINFO))
            chain = verified_path(sent, self.roots, context.now_us() / 1_000_000, verified=self.verify)
            failures = (
                [explain(curl, code, message, limit_s)]
                if code
                else await self._wrong(chain, log, context.now_us(), context.evaluator)
            )
            remote = curl.getinfo(pycurl.PRIMARY_IP) or ""
        finally:
            context.transfers.give_back(curl)
        spoken = _SPOKEN.search(log.content.getvalue())
        shown_phases = {name: took for name, took in phases.items() if name in _PHASES}
        if not code:
            failures += judge_times({**shown_phases, "total": total_ms}, self.within_ms)
        samples = [Sample(STEP, "duration_ms", total_ms)]
        samples += [Sample(STEP, f"{phase}_ms", took) for phase, took in shown_phases.items()]
        if chain:
            samples.append(Sample(STEP, "certificate_days", _days(chain, context.now_us())))
        return ProbeResult(
            duration_ms=total_ms,
            failures=tuple(failures),
            steps=only_step(STEP, total_ms, tuple(failures)),
            samples=tuple(samples),
            attributes={
                "remote": remote,
                "protocol": spoken[1].decode() if spoken else "",
                **_certificate_attributes(chain),
            },
            evidence_files=(
                Evidence("exchange.log", "text/plain", log.content.getvalue(), left_out_bytes=log.left_out_bytes),
            )
            if failures
            else (),
            address=f"{self.host}:{self.port}",
        )

    async def _wrong(
        self, chain: tuple[Certificate, ...], log: ExchangeLog, now_us: int, evaluator: Evaluator
    ) -> list[Failure]:
        failures: list[Failure] = []
        wrong = [NAMELESS] if self.verify and chain and chain[0].is_nameless else []
        if chain and (days := _days(chain, now_us)) < self.certificate_days:
            reason = f"a certificate is valid for {days:.1f} more days, not {self.certificate_days:g}"
            failures.append(Failure(Blame.TARGET, reason, metric=CERTIFICATE_METRIC))
        spoken = _SPOKEN.search(log.content.getvalue())
        version = spoken[1].decode().removeprefix("TLSv") if spoken else "unknown"
        version = {"1": "1.0"}.get(version, version)
        if self.protocol and version < self.protocol:
            wrong.append(f"the server speaks TLS {version}, not {self.protocol}")
        failures += [Failure(Blame.TARGET, reason) for reason in wrong]
        if self.issuer:
            issuers = "\n".join(certificate.issuer for certificate in chain)
            evaluation = await evaluator.evaluate(self.issuer, issuers.encode(), limit_s=0.0)
            failures += [
                Failure(failure.blame, f"{failure.reason}: {shown(issuers)}") for failure in evaluation.failures
            ]
        return failures


def read_tls(entry: ProbeTable) -> TlsProbe:
    """Read a probe of kind tls; report problems to its table."""
    host, port = entry.address()
    name = entry.text("server_name", str, host)
    below = entry.table.section("expect")
    options: list[tuple[int, object]] = [
        *FRESH,
        *read_trust(entry),
        *read_certificate(entry),
        (pycurl.URL, f"https://{bracketed(name)}:{port}/".encode()),
        (pycurl.CONNECT_TO, [f"::{bracketed(host)}:{port}".encode()]),
        (pycurl.CONNECT_ONLY, 1),
        (pycurl.SSL_ENABLE_ALPN, 0),
        (pycurl.OPT_CERTINFO, 1),
        (pycurl.VERBOSE, 1),
    ]
    protocol = below.read("protocol", as_one_of(*_VERSIONS), "")
    if protocol in _WEAK_VERSIONS:  # OpenSSL speaks them at security level 0 only
        options += [(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_0), (pycurl.SSL_CIPHER_LIST, "DEFAULT:@SECLEVEL=0")]
    probe = TlsProbe(
        host=host.lower(),
        port=port,
        options=encoded(options),
        certificate_days=below.read("certificate_days", as_count(0, 3650), _SOON_DAYS),
        protocol=protocol,
        verify=(pycurl.SSL_VERIFYPEER, 1) in options,
        roots=root_names(next((str(value) for option, value in options if option == pycurl.CAINFO), "")),
        issuer=TextChecks("issuer", "\n", matches=below.read("issuer", as_patterns, ())),
        within_ms=read_within(below, (*_PHASES, "total")),
    )
    below.close()
    return probe


def _days(chain: tuple[Certificate, ...], now_us: int) -> float:
    now_s = now_us / 1_000_000 if now_us else time.time()
    return min(certificate.days_left(now_s) for certificate in chain)


def _certificate_attributes(chain: tuple[Certificate, ...]) -> dict[str, str]:
    return {"certificate": chain[0].subject, "issuer": chain[0].issuer} if chain else {}
