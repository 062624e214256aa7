"""Probes of kinds http and api against a site that misbehaves on request."""

from __future__ import annotations

import re
import shutil
import socket
from typing import TYPE_CHECKING

import pytest
from tests import listeners
from tests.probes.conftest import Server, serving

from outrider.model import Outcome
from outrider.workspace import Mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.probes.conftest import Bench, Vault

    from outrider.model import Measurement

    Probe = Callable[..., Measurement]

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED

ANSWERS = [
    ("/", "", PASSED, ""),
    ("/", "expect.contains = 'Café'", PASSED, ""),
    ("/latin", "expect.contains = 'Café'", PASSED, ""),
    ("/no-charset", "expect.contains = 'plain'", PASSED, ""),
    ("/", "expect.contains = ['Café', 'Tea']", FAILED, "does not contain 'Tea'"),
    ("/", "expect.absent = 'Café'", FAILED, "the body contains 'Café'"),
    ("/", "expect.matches = '<h1>.*</h1>'", PASSED, ""),
    ("/", "expect.matches = '^Tea'", FAILED, "does not match ^Tea"),
    ("/many-a", "expect.matches = '^(a|a)*$'", FAILED, "expect.matches ^(a|a)*$ takes more than 1 s of processor time"),
    ("/empty", "", PASSED, ""),
    ("/empty", "expect.status = 200", FAILED, "status 204, not 200"),
    ("/missing", "", FAILED, "status 404, not 200 to 399"),
    ("/missing", "expect.status = [200, '4xx']", PASSED, ""),
    ("/json", "expect.headers = {X-Next = '^page-\\d$'}", PASSED, ""),
    ("/json", "expect.headers = {X-Next = '^side'}", FAILED, "header x-next does not match ^side: page-2"),
    ("/json", "expect.headers = {X-Prev = '.'}", FAILED, "there is no header x-prev"),
    ("/json", "expect.json = {'$.status' = 'ok', '$.count' = 12}", PASSED, ""),
    ("/json", "expect.json = {'$.count' = 13}", FAILED, "$.count is 12, not 13"),
    ("/json", "expect.json = {'$.items[*].id' = 7}", FAILED, "$.items[*].id is 8, not 7"),
    ("/json", "expect.json = {'$.none' = 1}", FAILED, "$.none finds nothing, not 1"),
    ("/json", "expect.exists = ['$.items[0]', '$.none']", FAILED, "$.none finds nothing"),
    ("/json", "expect.schema = {required = ['status']}", PASSED, ""),
    ("/json", "expect.schema = {properties = {count = {type = 'string'}}}", FAILED, "breaks the schema at $.count"),
    ("/", "expect.json = {'$.status' = 'ok'}", FAILED, "the body is no JSON (Expecting value"),
    ("/empty", "expect.exists = '$'", FAILED, "the body is no JSON"),
    ("/deep", "expect.exists = '$'", FAILED, "nested too deeply"),
    ("/json", "expect.certificate_days = 1", FAILED, "there is no certificate"),
    ("/json", "expect.within = {total = '30s'}", PASSED, ""),
    ("/json", "expect.status = 404\nexpect.contains = 'x-y-z'", FAILED, "not 404; the body does not contain"),
    ("/moved", "expect.json = {'$.status' = 'ok'}", PASSED, ""),
    ("/moved", "redirects = 0\nexpect.status = 301", PASSED, ""),
    ("/loop", "redirects = 4", FAILED, "maximum (4) redirects followed"),
    ("/to-file", "", FAILED, 'protocol "file"'),
    ("/endless", "", FAILED, "the body is larger than 10000000 bytes, and was cut off"),
    ("/endless", "max_body_bytes = 20000\nexpect.contains = 'x'", FAILED, "larger than 20000 bytes"),
    ("/bomb", "", FAILED, "the body is larger than 10000000 bytes"),
    ("/bad-gzip", "", FAILED, ""),
    ("/hangs-up", "", FAILED, "empty reply from server"),
    ("/echo", "method = 'PUT'\nbody = 'hello'\nexpect.contains = ['PUT /echo', 'hello']", PASSED, ""),
    ("/echo", "headers = {X-Own = '1'}\nexpect.contains = 'X-Own: 1'", PASSED, ""),
    ("/json", "method = 'HEAD'", PASSED, ""),
    ("/private", "", FAILED, "status 401"),
    ("/private", "auth = {user = 'ada', password = 'right'}", PASSED, ""),
    ("/private", "auth = {token = 'abc'}", PASSED, ""),
    ("/private", "auth = {user = 'Zoë', password = 'pässword ☕'}", PASSED, ""),
    ("/echo", "auth = {user = 'é', password = 'ü'}\nexpect.contains = 'Basic w6k6w7w='", PASSED, ""),
    ("/echo", "method = 'POST'\nexpect.contains = 'Content-Length: 0'\nexpect.absent = 'Content-Type'", PASSED, ""),
    ("/echo", "method = 'PUT'\nheaders = {Content-Type = 'a/b'}\nexpect.contains = ['Length: 0', 'a/b']", PASSED, ""),
    ("/echo", "method = 'DELETE'\nexpect.absent = 'Content-Length'", PASSED, ""),
    ("/json", "http = '1.1'", PASSED, ""),
    ("/json", "http = '2'", FAILED, "answered by HTTP/1.1, not HTTP/2"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "keys", "outcome", "words"), ANSWERS, ids=[f"{a[0]} {a[1]}" for a in ANSWERS])
def test_an_answer_is_judged(  # noqa: PLR0917
    probe: Probe, site: str, path: str, keys: str, outcome: Outcome, words: str
) -> None:
    """Each answer of the table ends as the table says, with the reason in plain words."""
    measurement = probe(f'[a]\nkind = "http"\nurl = "{site}{path}"\n{keys}\n')

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason
    assert bool(measurement.reason) is (outcome == FAILED)


def test_a_passing_probe_brings_its_phases(probe: Probe, site: str) -> None:
    """Each phase that happened is a sample, and together they are the duration; there is nothing to keep."""
    measurement = probe(f'[a]\nkind = "http"\nurl = "{site}/json"\n')

    samples = {sample.metric: sample.value for sample in measurement.samples}
    assert list(samples) == ["duration_ms", "connect_ms", "first_byte_ms", "transfer_ms", "transfer_bytes"]
    assert samples["connect_ms"] + samples["first_byte_ms"] + samples["transfer_ms"] == pytest.approx(
        samples["duration_ms"], abs=0.01
    )
    assert measurement.attributes == {
        "remote": "127.0.0.1",
        "protocol": "HTTP/1.1",
        "status": "200",
        "asked": site,
        "address": f"{site}/json",
    }
    assert measurement.artifacts == ()


def test_a_name_adds_its_lookup(probe: Probe, site: str) -> None:
    """A host that had to be looked up has a phase of its own."""
    measurement = probe(f'[a]\nkind = "http"\nurl = "{site.replace("127.0.0.1", "localhost")}/"\nip = "4"\n')

    assert "dns_ms" in {sample.metric for sample in measurement.samples}


def test_a_time_out_names_what_was_waited_for(probe: Probe, site: str) -> None:
    """The time-out bounds everything, and the phase that used it up is named."""
    measurement = probe(f'[a]\nkind = "http"\nurl = "{site}/hang"\n', limit_s=0.4)

    assert (measurement.outcome, measurement.reason) == (FAILED, "time-out after 0.4 s, waiting for the first byte")


def test_a_slow_phase_fails(probe: Probe, site: str) -> None:
    """Any duration is longer than a microsecond."""
    measurement = probe(f'[a]\nkind = "http"\nurl = "{site}/"\nexpect.within = {{first_byte = "1us"}}\n')

    assert measurement.outcome == FAILED
    assert "the first byte took" in measurement.reason


def test_nobody_listens(probe: Probe, dead_port: int) -> None:
    """A refusal is the target's doing."""
    measurement = probe(f'[a]\nkind = "http"\nurl = "http://127.0.0.1:{dead_port}/"\n')

    assert (measurement.outcome, measurement.reason) == (FAILED, "cannot connect: connection refused")


TRUST = [
    ("good", "", PASSED, ""),
    ("good", "expect.certificate_days = 80", PASSED, ""),
    ("good", "expect.certificate_days = 200", FAILED, "more days, not 200"),
    ("expired", "", FAILED, "certificate has expired"),
    ("expired", "verify = false", PASSED, ""),
    ("expired", "verify = false\nexpect.certificate_days = 0", FAILED, "the certificate is valid for -1.0 more days"),
    ("stranger", "", FAILED, "unable to get local issuer certificate"),
    ("stranger", "verify = false", PASSED, ""),
    ("other name", "", FAILED, "no alternative certificate subject name matches"),
    ("asks for ours", "", FAILED, ""),
    ("asks for ours", "certificate = 'client.pem'\nkey = 'client.key'", PASSED, ""),
]


@pytest.mark.parametrize(("server", "keys", "outcome", "words"), TRUST, ids=[f"{t[0]} {t[1]}" for t in TRUST])
def test_certificates_are_judged(  # noqa: PLR0917
    bench: Bench, vault: Vault, server: str, keys: str, outcome: Outcome, words: str
) -> None:
    """Self-signed, expired, of another host, or asking for ours: each a clear reason."""
    for name in ("authority.pem", "client.pem", "client.key"):
        shutil.copy(vault.folder / name, bench.root)
    url = f"https://127.0.0.1:{vault.ports[server]}/json"

    measurement = bench.measure(f'[a]\nkind = "http"\nurl = "{url}"\nauthority = "authority.pem"\n{keys}\n')

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason


def test_a_server_of_ipv6_only(probe: Probe) -> None:
    """It is reached by its address."""
    with serving(Server("::1")) as port:
        reached = probe(f'[a]\nkind = "http"\nurl = "http://[::1]:{port}/"\n')

    assert (reached.outcome, reached.attributes["remote"]) == (PASSED, "::1")


def test_what_went_wrong_is_kept_without_secrets(bench: Bench, site: str) -> None:
    """The body and headers of a failure are files, bounded, and every secret in them is masked."""
    bench.mask = Mask(["hunter2-secret"])

    measurement = bench.measure(f'[a]\nkind = "http"\nurl = "{site}/broken?k=hunter2-secret"\n', evidence=True)

    kept = {file.name: file.path.read_bytes() for file in measurement.artifacts}
    assert set(kept) == {"body.bin", "headers.txt", "exchange.log"}
    assert kept["body.bin"] == b"secret *** broke"
    assert b"GET /broken?k=***" in kept["exchange.log"]
    assert "hunter2" not in repr(measurement)


def test_a_large_body_is_kept_in_part(probe: Probe, site: str) -> None:
    """Evidence is bounded whatever the target sends."""
    measurement = probe(f'[a]\nkind = "http"\nurl = "{site}/endless"\nexpect.contains = "x"\n')

    assert max(file.path.stat().st_size for file in measurement.artifacts) == 256_000
    (line,) = measurement.omitted
    assert re.fullmatch(r"[\d,]+ of [\d,]+ bytes of body", line)


def test_cookies_do_not_go_from_one_attempt_to_the_next(bench: Bench, site: str) -> None:
    """Every attempt is a new visitor, whatever handle it is made with."""
    from outrider.model import Order, new_run_id

    text = '[{}]\nkind = "http"\nurl = "{}/{}"\n'
    catalogue = bench.read(text.format("a", site, "set-cookie") + text.format("b", site, "needs-cookie"))

    with bench.engine(catalogue) as engine:
        orders = [Order(new_run_id(1), check, 1, 5.0, bench.root / "scratch") for check in catalogue.checks]
        outcomes = [engine.measure(order).outcome for order in orders]

    assert outcomes == [PASSED, FAILED]


SEQUENCES = [
    ('extract.n = {json = "$.items[1].id"}', "echo?n=${n}", "expect.contains = '/echo?n=8'", PASSED, ""),
    ('extract.n = {header = "X-Next"}', "echo?n=${n}", "expect.contains = '/echo?n=page-2'", PASSED, ""),
    ("extract.n = {pattern = 'count\": (\\d+)'}", "echo?n=${n}", "expect.contains = '/echo?n=12'", PASSED, ""),
    ('extract.n = {json = "$.items"}', "echo", "headers = {X = '${n}'}\nexpect.contains = 'X: [{'", PASSED, ""),
    ('extract.n = {json = "$.none"}', "echo", "", FAILED, "first: there is no n in the answer"),
    ('extract.n = {json = "$.count"}', "missing", "", FAILED, "second: status 404"),
]


@pytest.mark.parametrize(("first", "path", "second", "outcome", "words"), SEQUENCES, ids=[s[0] for s in SEQUENCES])
def test_later_requests_use_extracted_values(  # noqa: PLR0917
    probe: Probe, site: str, first: str, path: str, second: str, outcome: Outcome, words: str
) -> None:
    """Values come from JSON, a pattern or a header; each request is a step."""
    measurement = probe(
        f'[a]\nkind = "api"\n[[a.request]]\nname = "first"\nurl = "{site}/json"\n{first}\n'
        f'[[a.request]]\nname = "second"\nurl = "{site}/{path}"\n{second}\n'
    )

    assert (measurement.outcome, words in measurement.reason) == (outcome, True), measurement.reason
    assert [step.title for step in measurement.steps] == ["first", "second"][: len(measurement.steps)]
    assert ("second", "first_byte_ms") in {
        (sample.step, sample.metric) for sample in measurement.samples
    } or outcome == FAILED


def test_requests_of_one_probe_share_cookies(probe: Probe, site: str) -> None:
    """As a visitor's do."""
    requests = "".join(f'[[a.request]]\nurl = "{site}/{path}"\n' for path in ("set-cookie", "needs-cookie"))

    assert probe(f'[a]\nkind = "api"\n{requests}').outcome == PASSED


def test_an_extracted_secret_is_masked(probe: Probe, site: str) -> None:
    """What an answer brought may be as secret as what the workspace declares."""
    measurement = probe(
        f'[a]\nkind = "api"\n[[a.request]]\nurl = "{site}/json"\nextract.t = {{json = "$.token", secret = true}}\n'
        f'[[a.request]]\nurl = "{site}/echo?t=${{t}}"\nexpect.status = 500\n'
    )

    assert measurement.outcome == FAILED
    assert not [file.name for file in measurement.artifacts if b"s3cret" in file.path.read_bytes()]
    assert "s3cret" not in repr(measurement)


def test_an_extracted_url_that_is_none_is_the_targets_mistake(probe: Probe, site: str) -> None:
    """What it sends back is not to be trusted."""
    measurement = probe(
        f'[a]\nkind = "api"\n[[a.request]]\nurl = "{site}/json"\nextract.u = {{json = "$.status"}}\n'
        '[[a.request]]\nurl = "${u}"\n'
    )

    assert measurement.outcome == FAILED
    assert "is not a URL" in measurement.reason


def test_a_proxy_is_used(probe: Probe, site: str, dead_port: int) -> None:
    """The request goes to the proxy, and nowhere if that is dead."""
    through = probe(f'[a]\nkind = "http"\nurl = "http://shop.test/echo"\nproxy = "{site}"\n')
    dead = probe(f'[a]\nkind = "http"\nurl = "{site}/"\nproxy = "http://127.0.0.1:{dead_port}"\n')

    assert (through.outcome, dead.outcome) == (PASSED, FAILED)
    assert socket.gethostname() not in through.reason


@pytest.mark.parametrize(
    ("user", "password"), [("ädä", "pässwörd"), ("名前", "密码"), ("ada", "\N{GRINNING FACE}" * 500), ("ada", "a:b")]
)
def test_credentials_of_any_language_are_sent_as_utf8(probe: Probe, site: str, user: str, password: str) -> None:
    """RFC 7617, 2.1; they are no reason for a run that says nothing."""
    keys = f'auth = {{user = "{user}", password = "{password}"}}\nexpect.contains = "nobody says this"'

    measurement = probe(f'[a]\nkind = "http"\nurl = "{site}/echo"\n{keys}\n')

    assert measurement.outcome == FAILED
    assert "nobody says this" in measurement.reason


@pytest.mark.parametrize(
    "auth",
    [
        'user = "a:b", password = "c"', 'user = "ada", password = "a\\u0000b"', 'user = "ada", password = "a\\nb"',
        'user = "ada\\u007f"', 'token = "a\\nb"', 'token = "a\\u0000"',
    ],
)  # fmt: skip
def test_credentials_that_no_header_can_hold_are_refused(bench: Bench, auth: str) -> None:
    """With their place; the other probes run."""
    catalogue = bench.read(
        f'[a]\nkind = "http"\nurl = "http://x/"\nauth = {{{auth}}}\n[b]\nkind = "icmp"\nhost = "b"\n'
    )

    assert [problem.slug for problem in catalogue.problems] == ["bad-header"]
    assert [check.name for check in catalogue.checks] == ["b"]


@pytest.mark.parametrize(
    "keys",
    [
        "expect.json = {'$.token' = 'other'}", "expect.json = {'$.user.password' = {'<' = 3}}",
        "expect.json = {\"$['api_key']\" = 'other'}", "expect.headers = {X-Vault-Token = '^other'}",
        "expect.headers = {Set-Cookie = '^other'}",
    ],
)  # fmt: skip
def test_a_reason_does_not_quote_what_is_called_as_a_credential_is(probe: Probe, keys: str) -> None:
    """That it is wrong is said, and what was expected."""
    body = b'{"token": "hunter", "user": {"password": "hunter"}, "api_key": "hunter"}'
    head = f"X-Vault-Token: hunter\r\nSet-Cookie: hunter\r\nContent-Length: {len(body)}\r\n".encode()

    def speak(connection: socket.socket) -> None:
        connection.recv(9_000)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body)

    with listeners.serving(speak) as at:
        measurement = probe(f'[a]\nkind = "http"\nurl = "http://{at}/"\n{keys}\n')

    assert measurement.outcome == FAILED
    assert "hunter" not in measurement.reason
    assert "***" in measurement.reason
