"""Targets that misbehave on request, a workspace of one probe, and an engine to try it with."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import dns.message
import dns.rcode
import dns.rrset
import pytest
import trustme

from outrider.model import Order, new_run_id
from outrider.probes import Engine, OwnNetwork, read_probes
from outrider.workspace import Mask, ProbeSettings, Redactor, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from outrider.model import Check, Measurement
    from outrider.probes import ProbeCatalogue
    from outrider.probes.probe_context import Probe

JSON = b'{"status": "ok", "count": 12, "items": [{"id": 7}, {"id": 8}], "token": "s3cret-from-answer"}'
BOMB = gzip.compress(bytes(30_000_000), mtime=0)
PAGES: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/": (200, {"Content-Type": "text/html; charset=utf-8"}, "<h1>Café</h1>".encode()),
    "/json": (200, {"Content-Type": "application/json", "X-Next": "page-2"}, JSON),
    "/latin": (200, {"Content-Type": "text/plain; charset=latin-1"}, "Café".encode("latin-1")),
    "/no-charset": (200, {"Content-Type": "text/plain; charset=klingon"}, b"plain"),
    "/empty": (204, {}, b""),
    "/missing": (404, {}, b"not here"),
    "/broken": (500, {}, b"secret hunter2-secret broke"),
    "/deep": (200, {}, b"[" * 100_000),
    "/many-a": (200, {}, b"a" * 60 + b"!"),
    "/loop": (302, {"Location": "/loop"}, b""),
    "/moved": (301, {"Location": "/json"}, b""),
    "/to-file": (302, {"Location": "file:///etc/hostname"}, b""),
    "/set-cookie": (200, {"Set-Cookie": "session=abc"}, b"set"),
    "/bomb": (200, {"Content-Encoding": "gzip"}, BOMB),
    "/text-a": (200, {}, b'{"a": "%s!"}' % (b"a" * 60)),
    "/header-a": (200, {"X-A": "a" * 60 + "!"}, b""),
    "/nested": (200, {}, b'{"a":[' * 45 + b"1" + b"]}" * 45),
    "/arrays": (200, {}, b'["a"' + b"".join(b",[%d]" % number for number in range(60_000)) + b"]"),
    "/bom": (200, {"Content-Type": "application/json"}, b"\xef\xbb\xbf" + JSON),
    "/utf-16": (200, {}, "Café".encode("utf-16")),
    "/capital-charset": (200, {"Content-Type": 'text/plain; Charset="ISO-8859-1"'}, "Café".encode("latin-1")),
    "/punycode": (200, {"Content-Type": "text/plain; charset=punycode"}, b"x" * 1000),
    "/undefined": (200, {"Content-Type": "text/plain; charset=undefined"}, b"x"),
    "/nan": (200, {}, b'{"a": NaN}'),
    "/surrogate": (200, {}, b'{"status": "\\ud800bad"}'),
    "/long-number": (200, {}, b"[" + b"1" * 5000 + b"]"),
    "/bad-gzip": (200, {"Content-Encoding": "gzip"}, b"this is no gzip"),
}


class Site(BaseHTTPRequestHandler):
    """Answers from `PAGES`, and in a few ways of its own."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        special = {"/endless": self.endless, "/hang": self.hang, "/hangs-up": self.hang_up, "/echo": self.echo}
        if path in special:
            return special[path]()
        if path.startswith("/redirect/"):
            return self.redirect(int(path.split("/")[2]))
        if path == "/needs-cookie":
            return self.answer(200 if "session=abc" in self.headers.get("Cookie", "") else 403, {}, b"")
        if path == "/private":
            return self.answer(*(PAGES["/json"] if self.headers.get("Authorization") else (401, {}, b"")))
        return self.answer(*PAGES.get(path, PAGES["/missing"]))

    do_POST = do_PUT = do_HEAD = do_DELETE = do_GET  # noqa: N815 - the names that http.server calls

    def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            while not self.server.stopping.is_set():  # type: ignore[attr-defined]
                self.wfile.write(b"more " * 2000)

    def hang(self) -> None:
        self.server.stopping.wait()  # type: ignore[attr-defined]

    def hang_up(self) -> None:
        self.close_connection = True

    def echo(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        lines = [f"{self.command} {self.path}", str(self.headers), sent.decode()]
        self.answer(200, {"Content-Type": "text/plain"}, "\n".join(lines).encode())

    def redirect(self, status: int) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        to = parse_qs(urlsplit(self.path).query)["to"][0]
        self.answer(status, {"Location": to, "Set-Cookie": "hop=1; Path=/"}, b"elsewhere")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), Site)
        self.stopping = threading.Event()
        self.context = context
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that refuses our certificate hangs up; that is no news."""


@contextmanager
def serving(server: Server) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield int(server.server_port)
    server.stopping.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    with serving(Server()) as port:
        yield f"http://127.0.0.1:{port}"


def _context(authority: trustme.CA, *names: str, days: int = 90) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    until = datetime.now(UTC) + timedelta(days=days)
    authority.issue_cert(*names, not_before=until - timedelta(days=100), not_after=until).configure_cert(context)
    return context


@dataclass(frozen=True)
class Vault:
    """Servers that speak TLS, by what is wrong with them, and the folder of the authority that signed them."""

    ports: dict[str, int]
    folder: Path


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    authority, stranger = trustme.CA(), trustme.CA()
    path = tmp_path_factory.mktemp("vault") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    old = _context(authority, "127.0.0.1")
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    asking = _context(authority, "127.0.0.1")
    asking.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(asking)
    ancient = _context(authority, "127.0.0.1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it is as old as the test wants it
        ancient.minimum_version = ancient.maximum_version = ssl.TLSVersion.TLSv1
    ancient.set_ciphers("DEFAULT:@SECLEVEL=0")
    nameless = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(common_name="127.0.0.1").configure_cert(nameless)
    contexts = {
        "ancient protocol": ancient,
        "nameless": nameless,
        "good": _context(authority, "127.0.0.1"),
        "expired": _context(authority, "127.0.0.1", days=-1),
        "stranger": _context(stranger, "127.0.0.1"),
        "other name": _context(authority, "other.example"),
        "old protocol": old,
        "asks for ours": asking,
    }
    servers = {name: serving(Server(context=context)) for name, context in contexts.items()}
    ports = {name: server.__enter__() for name, server in servers.items()}
    ours = authority.issue_cert("client@example.com")
    ours.private_key_pem.write_to_path(str(path.with_name("client.key")))
    ours.cert_chain_pems[0].write_to_path(str(path.with_name("client.pem")))
    yield Vault(ports, path.parent)
    for server in servers.values():
        server.__exit__(None, None, None)


@pytest.fixture(scope="session")
def names() -> Iterator[str]:
    """A name server that knows `shop.test`, says NXDOMAIN for the rest, and nothing for `silent.test`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        threading.Thread(target=_answer_questions, args=(server,), daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


ZONE = {
    "alias.test.": [("CNAME", ["elsewhere.test."])],
    "dkim._domainkey.test.": [("TXT", ['"v=DKIM1; p=" "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCg" "QAB"'])],
    "six.test.": [("AAAA", ["2001:db8::1"])],
    "mail.test.": [("MX", ["10 MX1.mail.test.", "20 mx2.mail.test."])],
    "7.2.0.192.in-addr.arpa.": [("PTR", ["shop.test."])],
}


def _answer_questions(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            data, client = server.recvfrom(2048)
            question = dns.message.from_wire(data)
            asked = question.question[0]
            answer = dns.message.make_response(question)
            if asked.name.to_text() == "silent.test.":
                continue
            if asked.name.to_text() in ZONE:
                for kind, texts in ZONE[asked.name.to_text()]:
                    if kind in {asked.rdtype.name, "CNAME"}:
                        answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *texts))
            elif asked.name.to_text() != "shop.test.":
                answer.set_rcode(dns.rcode.NXDOMAIN)
            elif asked.rdtype.name == "A":
                answer.answer.append(dns.rrset.from_text("shop.test.", 60, "IN", "A", "192.0.2.7", "192.0.2.8"))
            elif asked.rdtype.name == "TXT":
                answer.answer.append(dns.rrset.from_text("shop.test.", 60, "IN", "TXT", '"v=spf1 -all"'))
            server.sendto(answer.to_wire(), client)


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port at which nobody listens, and that nobody else gets meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


CALM = ProbeSettings(late_s=1e9)
"""A late prober is the subject of tests of its own, and no reason for others to fail on a busy machine."""


@dataclass
class Bench:
    """A workspace whose probes are tried one at a time."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)
    mask: Mask = field(default_factory=Mask)
    network: OwnNetwork | None = None
    settings: ProbeSettings = CALM

    def read(self, text: str) -> ProbeCatalogue:
        (self.root / "probes").mkdir(exist_ok=True)
        (self.root / "outrider.toml").touch()
        (self.root / "probes" / "a.toml").write_text(text, encoding="utf-8")
        return read_probes(load(self.root), self.variables)

    def engine(self, catalogue: ProbeCatalogue, **more: Any) -> Engine:
        return Engine(catalogue.probes, self.settings, redactor=Redactor(self.mask), network=self.network, **more)

    def measure(self, text: str, *, limit_s: float = 10.0, evidence: bool = False, **more: Any) -> Measurement:
        catalogue = self.read(text)
        assert [str(problem) for problem in catalogue.problems] == []
        (check,) = catalogue.checks
        with self.engine(catalogue, **more) as engine:
            return engine.measure(Order(new_run_id(1), check, 1, limit_s, self.root / "scratch", evidence))

    def try_probe(self, check: Check, probe: Probe, *, limit_s: float = 5.0) -> Measurement:
        with Engine({check.id: probe}, self.settings, network=self.network) as engine:
            return engine.measure(Order(new_run_id(1), check, 1, limit_s, self.root / "scratch"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def probe(bench: Bench) -> Callable[..., Measurement]:
    return bench.measure
