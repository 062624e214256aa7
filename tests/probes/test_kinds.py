"""Probes of kinds tcp, dns, tls, icmp and heartbeat."""

from __future__ import annotations

import shutil
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.listeners import serving

from outrider.model import Beat, Beats, Outcome
from outrider.probes.certificates import Certificate, root_names, verified_path
from outrider.probes.icmp import IcmpProbe, checksum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.probes.conftest import Bench, Vault

    from outrider.model import CheckId, Measurement, RunId

    Probe = Callable[..., Measurement]

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


@pytest.fixture(scope="module")
def greeter() -> Iterator[str]:
    """A server that says hello, then repeats the first thing that it is told, and hangs up."""
    with serving(_greet) as address:
        yield address


def _greet(connection: socket.socket) -> None:
    connection.sendall(b"220 hello\r\n")
    connection.settimeout(2)
    connection.sendall(b"you said " + connection.recv(1000))


TALKS = [
    ("", PASSED, ""),
    ("expect.contains = '220'", PASSED, ""),
    ("send = 'EHLO me'\nexpect.matches = 'you said EHLO'", PASSED, ""),
    ("send = 'x'\nexpect.contains = '999'", FAILED, "ended the connection, and its answer does not contain '999'"),
    ("send = 'x'\nexpect.matches = '^999'", FAILED, "its answer does not match ^999"),
    ("expect.within = {total = '1us'}", FAILED, "the whole request took"),
]


@pytest.mark.parametrize(("keys", "outcome", "words"), TALKS)
def test_a_connection_is_judged(probe: Probe, greeter: str, keys: str, outcome: Outcome, words: str) -> None:
    """Connect, send, expect."""
    measurement = probe(f'[a]\nkind = "tcp"\naddress = "{greeter}"\n{keys}\n')

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason


def test_a_connection_brings_its_phases(probe: Probe, greeter: str) -> None:
    """Name lookup, connecting and the first byte are samples."""
    text = f'[a]\nkind = "tcp"\naddress = "{greeter}"\nexpect.contains = "220"\n'

    by_name = probe(text.replace("127.0.0.1", "localhost") + 'ip = "4"\n')
    by_address = probe(text)

    metrics = [sample.metric for sample in by_name.samples]
    assert metrics == ["duration_ms", "dns_ms", "connect_ms", "first_byte_ms"]
    assert [sample.metric for sample in by_address.samples] == [metric for metric in metrics if metric != "dns_ms"]


def test_an_answer_that_does_not_come_is_a_time_out(probe: Probe) -> None:
    """The connection stands, and nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        text = f'[a]\nkind = "tcp"\naddress = "127.0.0.1:{silent.getsockname()[1]}"\nexpect.contains = "x"\n'
        measurement = probe(text, limit_s=0.3)

    assert (measurement.outcome, measurement.reason) == (FAILED, "time-out after 0.3 s, waiting for the answer")


def test_a_refused_connection_fails(probe: Probe, dead_port: int) -> None:
    """Nobody listens."""
    measurement = probe(f'[a]\nkind = "tcp"\naddress = "127.0.0.1:{dead_port}"\n')

    assert (measurement.outcome, "refused" in measurement.reason) == (FAILED, True)


QUESTIONS = [
    ("name = 'shop.test'", PASSED, ""),
    ("name = 'shop.test'\nexpect.answers = ['192.0.2.8', '192.0.2.7']", PASSED, ""),
    ("name = 'shop.test'\nexpect.answers = '192.0.2.9'", FAILED, "192.0.2.9 is not in the answer: 192.0.2."),
    ("name = 'shop.test'\nrecord = 'TXT'\nexpect.answers = 'v=spf1 -all'", PASSED, ""),
    ("name = 'shop.test'\nrecord = 'TXT'\nexpect.matches = 'spf2'", FAILED, "no record matches spf2"),
    ("name = 'shop.test'\nrecord = 'MX'", FAILED, "shop.test has no record MX"),
    ("name = 'none.test'", FAILED, "the answer is NXDOMAIN, not NOERROR"),
    ("name = 'none.test'\nexpect.code = 'NXDOMAIN'", PASSED, ""),
    ("name = 'alias.test'", FAILED, "alias.test has no record A, only an alias to elsewhere.test."),
    ("name = 'alias.test'\nrecord = 'CNAME'\nexpect.answers = 'Elsewhere.test'", PASSED, ""),
    ("name = 'dkim._domainkey.test'\nrecord = 'TXT'\nexpect.answers = "
     "'v=DKIM1; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgQAB'", PASSED, ""),
    ("name = 'dkim._domainkey.test'\nrecord = 'TXT'\nexpect.matches = '^v=DKIM1; p=[A-Za-z0-9+/=]+$'", PASSED, ""),
    ("name = 'dkim._domainkey.test'\nrecord = 'TXT'\nexpect.answers = 'v=dkim1; p=MIIB'", FAILED, "is not in"),
    ("name = 'six.test'\nrecord = 'AAAA'\nexpect.answers = '2001:0DB8:0:0::1'", PASSED, ""),
    ("name = 'six.test'\nrecord = 'AAAA'\nexpect.answers = '2001:db8::2'", FAILED, "2001:db8::2 is not in the answer"),
    ("name = '192.0.2.7'\nrecord = 'PTR'\nexpect.answers = 'shop.test'", PASSED, ""),
    ("name = 'mail.test'\nrecord = 'MX'\nexpect.exactly = ['20 mx2.mail.test', '10 mx1.mail.test.']", PASSED, ""),
    ("name = 'mail.test'\nrecord = 'MX'\nexpect.exactly = '10 mx1.mail.test'", FAILED, "20 mx2.mail.test. is not"),
    ("name = 'shop.test'\nexpect.exactly = ['192.0.2.7', '192.0.2.8', '192.0.2.9']", FAILED, "192.0.2.9 is not in the"),
    ("name = 'silent.test'", FAILED, "the name server 127.0.0.1 does not answer within 0.5 s"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "outcome", "words"), QUESTIONS)
def test_an_answer_of_a_name_server_is_judged(
    probe: Probe, names: str, keys: str, outcome: Outcome, words: str
) -> None:
    """Code and records, whatever their order."""
    measurement = probe(f'[a]\nkind = "dns"\nresolver = "{names}"\n{keys}\n', limit_s=0.5)

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason


HANDSHAKES = [
    ("good", "", PASSED, ""),
    ("good", "expect.certificate_days = 200", FAILED, "more days, not 200"),
    ("good", "expect.protocol = '1.3'", PASSED, ""),
    ("good", "expect.issuer = 'trustme'", PASSED, ""),
    ("good", "expect.issuer = 'Honest'", FAILED, "no issuer matches Honest"),
    ("good", "server_name = 'other.example'", FAILED, "no alternative certificate subject name"),
    ("other name", "server_name = 'other.example'", PASSED, ""),
    ("ancient protocol", "expect.protocol = '1.0'", PASSED, ""),
    ("ancient protocol", "expect.protocol = '1.1'", FAILED, "the server speaks TLS 1.0, not 1.1"),
    ("good", "expect.protocol = '1.0'", PASSED, ""),
    ("old protocol", "expect.protocol = '1.3'", FAILED, "the server speaks TLS 1.2, not 1.3"),
    ("expired", "", FAILED, "certificate has expired"),
    ("expired", "verify = false", FAILED, "a certificate is valid for -1.0 more days"),
    ("stranger", "", FAILED, "unable to get local issuer certificate"),
]


@pytest.mark.parametrize(("server", "keys", "outcome", "words"), HANDSHAKES, ids=[f"{h[0]} {h[1]}" for h in HANDSHAKES])
def test_a_handshake_is_judged(  # noqa: PLR0917
    bench: Bench, vault: Vault, server: str, keys: str, outcome: Outcome, words: str
) -> None:
    """Days left, chain, host name, protocol."""
    shutil.copy(vault.folder / "authority.pem", bench.root)
    address = f"127.0.0.1:{vault.ports[server]}"

    measurement = bench.measure(f'[a]\nkind = "tls"\naddress = "{address}"\nauthority = "authority.pem"\n{keys}\n')

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason


def test_a_handshake_tells_what_it_found(bench: Bench, vault: Vault) -> None:
    """Phases and days are samples; protocol and certificate are attributes."""
    shutil.copy(vault.folder / "authority.pem", bench.root)
    address = f"127.0.0.1:{vault.ports['good']}"

    measurement = bench.measure(f'[a]\nkind = "tls"\naddress = "{address}"\nauthority = "authority.pem"\n')

    samples = {sample.metric: sample.value for sample in measurement.samples}
    assert list(samples) == ["duration_ms", "connect_ms", "tls_ms", "certificate_days"]
    assert 89 < samples["certificate_days"] <= 90
    assert measurement.attributes["protocol"] == "TLSv1.3"
    assert "trustme" in measurement.attributes["issuer"]


@pytest.mark.parametrize(
    ("keys", "failed_for"),
    [
        ("expect.certificate_days = 365", "certificate_days"),
        ('expect = {certificate_days = 365, issuer = "nobody"}', None),
        ('expect.issuer = "nobody"', None),
    ],
)
def test_a_handshake_that_fails_for_its_days_alone_records_so(
    bench: Bench, vault: Vault, keys: str, failed_for: str | None
) -> None:
    """So that one cause is one incident."""
    shutil.copy(vault.folder / "authority.pem", bench.root)
    address = f"127.0.0.1:{vault.ports['good']}"

    measurement = bench.measure(f'[a]\nkind = "tls"\naddress = "{address}"\nauthority = "authority.pem"\n{keys}\n')

    assert measurement.outcome is Outcome.FAILED
    assert measurement.attributes.get("failed_for") == failed_for


def _certificate(subject: str, issuer: str, days: float) -> Certificate:
    return Certificate(subject, issuer, NOW_S + days * 86_400)


NOW_S = 2_000_000_000.0
LEAF, MIDDLE = _certificate("CN = shop", "CN = R3", 60), _certificate("CN = R3", "C = US, O = ISRG, CN = X1", 400)
CROSSED = _certificate("C = US, O = ISRG, CN = X1", "CN = DST Root X3", -600)
PATHS = [
    ((LEAF, MIDDLE, CROSSED), {"C=US,O=ISRG,CN=X1"}, True, 60),
    ((LEAF, MIDDLE, CROSSED), set(), True, 60),
    ((LEAF, MIDDLE, CROSSED), set(), False, -600),
    ((LEAF, CROSSED, MIDDLE), {"C=US,O=ISRG,CN=X1"}, True, 60),
    ((LEAF, _certificate("CN = R3", "CN = X1", 3), MIDDLE), {"C=US,O=ISRG,CN=X1"}, True, 60),
    ((LEAF, _certificate("CN = R3", "CN = X1", 3)), {"CN=X1"}, True, 3),
    ((LEAF, _certificate("CN = unneeded", "CN = X1", 1)), {"CN=R3"}, True, 60),
]


@pytest.mark.parametrize(("sent", "roots", "verified", "days"), PATHS)
def test_only_the_path_to_an_authority_is_judged(
    sent: tuple[Certificate, ...], roots: set[str], verified: bool, days: float
) -> None:
    """An expired certificate that is sent for older clients, as in 2021, is on no path."""
    path = verified_path(sent, frozenset(roots), NOW_S, verified=verified)

    assert min(certificate.days_left(NOW_S) for certificate in path) == days


def test_the_authorities_of_a_file_have_names(vault: Vault) -> None:
    """As libcurl writes the issuer of what they signed."""
    (name,) = root_names(str(vault.folder / "authority.pem"))

    assert name.startswith("O=trustmev")


def test_a_port_without_tls_is_told(probe: Probe, greeter: str) -> None:
    """Something answers, and it is no handshake."""
    measurement = probe(f'[a]\nkind = "tls"\naddress = "{greeter}"\n')

    assert measurement.outcome == FAILED
    assert "TLS handshake failed: the server does not speak TLS at this port (wrong version" in measurement.reason


def _may_ping() -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        with suppress(OSError):
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
            return True
    return False


@pytest.mark.skipif(not _may_ping(), reason="this machine does not permit ICMP")
def test_this_machine_answers_echo_requests(probe: Probe) -> None:
    """Nothing is lost on the way to ourselves."""
    measurement = probe('[a]\nkind = "icmp"\nhost = "127.0.0.1"\n')

    assert measurement.outcome == PASSED
    assert {sample.metric: sample.value for sample in measurement.samples}["loss"] == 0.0


def test_forbidden_icmp_says_how_to_permit_it(bench: Bench) -> None:
    """The machine, not the target, is at fault."""
    catalogue = bench.read('[a]\nkind = "icmp"\nhost = "127.0.0.1"\n')
    (check,) = catalogue.checks
    forbidden = IcmpProbe("127.0.0.1", "", 1, 0.0, {}, open_socket=_refuse)

    measurement = bench.try_probe(check, forbidden)

    assert measurement.outcome == Outcome.SETUP_ERROR
    assert "net.ipv4.ping_group_range" in measurement.reason


def _refuse(family: socket.AddressFamily) -> socket.socket:
    raise PermissionError(1, "Operation not permitted")


def test_the_checksum_is_that_of_the_rfc() -> None:
    """RFC 1071, section 3: the sum of 0001 f203 f4f5 f6f7 is ddf2; the checksum is its complement."""
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2


class Calls:
    """A store that knows of one call."""

    def __init__(self, beats: Beats) -> None:
        self._beats = beats

    def record(self, check: CheckId, beat: Beat) -> None:
        raise NotImplementedError

    def get(self, check: CheckId) -> Beats:
        return self._beats

    def look(self, check: CheckId, run: RunId) -> Beats:
        return self._beats

    def listened(self, at_us: int, tolerated_us: int) -> None:
        raise NotImplementedError


def test_a_heartbeat_looks_into_the_store(probe: Probe) -> None:
    """Without a store there is nothing to judge by."""
    text = '[a]\nkind = "heartbeat"\nperiod = "1d"\ntoken = "nightly"\n'

    called = probe(text, heartbeats=Calls(Beats(0, Beat(9_000_000_000_000_000))))
    unknown = probe(text)

    assert (called.outcome, unknown.outcome) == (PASSED, Outcome.INCONCLUSIVE)


@pytest.mark.parametrize("host", ["a..b", f"{'x' * 64}.test"])
@pytest.mark.parametrize(
    "keys",
    [
        'kind = "http"\nurl = "http://{0}/"',
        'kind = "websocket"\nurl = "ws://{0}/"',
        'kind = "tcp"\naddress = "{0}:1"',
        'kind = "udp"\naddress = "{0}:1"\nsend = "x"',
        'kind = "tls"\naddress = "{0}:443"',
        'kind = "icmp"\nhost = "{0}"',
        'kind = "grpc"\naddress = "{0}:1"',
    ],
)
def test_a_host_that_no_look_up_takes_is_not_the_probers_fault(probe: Probe, keys: str, host: str) -> None:
    """An empty or too long label (RFC 1035) is an error of its own in Python's look-up."""
    measurement = probe(f"[a]\n{keys.format(host)}\n")

    assert measurement.outcome in {FAILED, Outcome.SETUP_ERROR}, measurement.reason
    assert "itself broke" not in measurement.reason
