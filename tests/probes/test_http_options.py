"""What http probes may do beside a plain request: other routes, forms, digest, certificates of ours, access tokens."""

from __future__ import annotations

import hashlib
import json
import shutil
import ssl
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
import trustme

from outrider.model import Order, Outcome, new_run_id
from outrider.probes.request_route import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.probes.conftest import Bench, Vault

    from outrider.model import Measurement

    Probe = Callable[..., Measurement]

PASSED, FAILED, SETUP = Outcome.PASSED, Outcome.FAILED, Outcome.SETUP_ERROR


@dataclass
class Login:
    """A server of tokens and of what they open, and what it was asked.

    Attributes:
        answers: What the next questions for a token are answered with; the last one again and again.
        valid: The tokens that open the door; all if there are none.
    """

    answers: deque[tuple[int, object]] = field(default_factory=deque)
    valid: set[str] = field(default_factory=set)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    basic: list[str | None] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)


class _Site(BaseHTTPRequestHandler):
    """Answers what `Login` says, wants digest, shows what it gets, and redirects."""

    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        {"/token": self._token, "/door": self._door, "/digest": self._digest, "/moved": self._moved}.get(
            self.path, self._show
        )(body)

    do_POST = do_GET  # noqa: N815 - the name that http.server calls

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _token(self, body: bytes) -> None:
        login: Login = self.server.login
        login.asked.append(parse_qs(body.decode()))
        login.basic.append(self.headers.get("Authorization"))
        status, document = login.answers.popleft() if len(login.answers) > 1 else login.answers[0]
        self._answer(status, document if isinstance(document, bytes) else json.dumps(document).encode())

    def _door(self, body: bytes) -> None:
        login: Login = self.server.login
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        login.opened.append(token)
        self._answer(200 if not login.valid or token in login.valid else 401, b"open " + token.encode())

    def _digest(self, body: bytes) -> None:
        """As RFC 7616, section 3.4, has it, with MD5 and quality "auth"."""
        sent = self.headers.get("Authorization", "")
        fields = dict(part.strip().split("=", 1) for part in sent.removeprefix("Digest ").split(", ") if "=" in part)
        fields = {name: value.strip('"') for name, value in fields.items()}

        def digest(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        inner = f"{digest('ada:shop:s3cret')}:n1:{fields.get('nc')}:{fields.get('cnonce')}:auth"
        expected = digest(f"{inner}:{digest(f'{self.command}:/digest')}")
        if fields.get("response") == expected:
            return self._answer(200, b"welcome " + body)
        return self._answer(401, WWW_Authenticate='Digest realm="shop", qop="auth", nonce="n1", algorithm=MD5')

    def _moved(self, body: bytes) -> None:
        self._answer(302, Location="/shown")

    def _show(self, body: bytes) -> None:
        name = getattr(self.connection, "asked_name", "")
        self._answer(200, f"{name}\n{self.command} {self.path}\n{self.headers}\n".encode() + body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Site)
        self.login = Login()
        if context is not None:
            context.sni_callback = _remember_name
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that refuses our certificate hangs up."""


def _remember_name(connection: Any, name: str | None, _: ssl.SSLContext) -> None:
    connection.asked_name = name or ""


@contextmanager
def _serving(server: _Server) -> Iterator[_Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server() -> Iterator[_Server]:
    with _serving(_Server()) as started:
        yield started


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A server with a certificate for shop.test alone, and the file of its authority."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("shop.test").configure_cert(context)
    path = tmp_path_factory.mktemp("shop") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    with _serving(_Server(context)) as started:
        yield started.server_port, path


ROUTES = [
    ("https://shop.test:{}/", "resolve = '127.0.0.1'", PASSED, "shop.test\nGET /", "Host: shop.test:{}"),
    ("https://shop.test/", "resolve = '127.0.0.1:{}'", PASSED, "shop.test\nGET /", "Host: shop.test\n"),
    ("https://shop.test:{}/moved", "resolve = '127.0.0.1'", PASSED, "GET /shown", "Host: shop.test:{}"),
    ("https://127.0.0.1:{}/", "server_name = 'shop.test'", PASSED, "shop.test\nGET /", "Host: 127.0.0.1:{}"),
    ("https://127.0.0.1:{}/moved", "server_name = 'shop.test'", PASSED, "GET /shown", "Host: 127.0.0.1:{}"),
    ("https://b.test/", "resolve = '127.0.0.1:{}'\nserver_name = 'shop.test'", PASSED, "shop.test\n", "Host: b.test"),
    ("https://other.test:{}/", "resolve = '127.0.0.1'", FAILED, "no alternative certificate subject name", ""),
    ("https://127.0.0.1:{}/", "", FAILED, "no alternative certificate", ""),
]  # fmt: skip


@pytest.mark.parametrize(("url", "keys", "outcome", "words", "host"), ROUTES, ids=[f"{r[0]} {r[1]}" for r in ROUTES])
def test_a_request_may_go_another_way(  # noqa: PLR0917
    bench: Bench, shop: tuple[int, Path], url: str, keys: str, outcome: Outcome, words: str, host: str
) -> None:
    """To an address of our choice, or by another name in the handshake; the request itself stays the same."""
    port, authority = shop
    shutil.copy(authority, bench.root)
    text = f'[a]\nkind = "http"\nurl = "{url}"\nauthority = "ca.pem"\n{keys}\n'.replace("{}", str(port))

    measurement = bench.measure(text, evidence=True)

    assert measurement.outcome == outcome, measurement.reason
    shown = "".join(file.path.read_bytes().decode() for file in measurement.artifacts if file.name.startswith("body"))
    assert words in shown + measurement.reason
    assert host.replace("{}", str(port)) in shown


def test_another_way_is_left_with_its_origin(bench: Bench, site: str, server: _Server) -> None:
    """What redirects elsewhere goes there, and not to the address of our choice."""
    port = site.rpartition(":")[2]
    url = f"http://shop.test:{port}/redirect/302?to=http://127.0.0.1:{server.server_port}/shown"

    measurement = bench.measure(
        f'[a]\nkind = "http"\nurl = "{url}"\nresolve = "127.0.0.1"\nexpect.contains = "GET /shown"\n'
    )

    assert measurement.outcome == PASSED, measurement.reason


def test_a_route_shows_the_host_that_was_asked() -> None:
    """libcurl's own view of the host reaches no reader, and another origin is left alone."""
    route = Route("", 0, "shop.test")

    assert route.sent_url("https://ada@10.0.0.1:8443/a?b") == "https://ada@shop.test:8443/a?b"
    assert route.shown_url("https://shop.test:8443/c", "https://10.0.0.1:8443/a") == "https://10.0.0.1:8443/c"
    assert route.shown_url("https://elsewhere.test/c", "https://10.0.0.1:8443/a") == "https://elsewhere.test/c"


def test_a_form_is_sent_with_files(bench: Bench, server: _Server) -> None:
    """Texts, variables and any bytes, as another parser of MIME reads them."""
    bench.read("")
    (bench.root / "photo.png").write_bytes(b"\x89PNG\x00\xff\r\n")
    bench.variables["ARTICLE"] = "lantern é"
    text = f"""[a]
kind = "http"
url = "http://127.0.0.1:{server.server_port}/shown"
[a.form]
article = "${{ARTICLE}}"
photo = {{file = "photo.png", filename = 'my "photo".png'}}
list = {{file = "outrider.toml", type = "text/csv"}}
"""
    measurement = bench.measure(text, evidence=True)

    (body,) = [file.path.read_bytes() for file in measurement.artifacts if file.name.startswith("body")]
    head, _, form = body.partition(b"\n\n--")
    content_type = next(line for line in head.splitlines() if line.lower().startswith(b"content-type"))
    parts = message_from_bytes(content_type + b"\r\n\r\n--" + form).get_payload()
    assert isinstance(parts, list)
    read = [part for part in parts if isinstance(part, Message)]
    assert [part.get_param("name", header="content-disposition") for part in read] == ["article", "photo", "list"]
    assert [part.get_filename() for part in read] == [None, "my %22photo%22.png", "outrider.toml"]
    assert [part.get_content_type() for part in read[1:]] == ["image/png", "text/csv"]
    assert b"POST /shown" in body
    assert (b"\r\n\r\nlantern \xc3\xa9\r\n--" in form, b"\x89PNG\x00\xff\r\n\r\n--" in form) == (True, True)


DIGESTS = [("s3cret", "GET", PASSED), ("s3cret", "POST", PASSED), ("wrong", "GET", FAILED)]


@pytest.mark.parametrize(("password", "method", "outcome"), DIGESTS)
@pytest.mark.parametrize("body", ["", 'body = "plain"', 'body = "a\\u0000b"'])
def test_digest_is_answered(  # noqa: PLR0917
    probe: Probe, server: _Server, password: str, method: str, outcome: Outcome, body: str
) -> None:
    """The server's own calculation agrees, with a body too, which is sent again."""
    keys = f'method = "{method}"\nauth = {{user = "ada", password = "{password}", scheme = "digest"}}\n{body}\n'
    text = (
        f'[a]\nkind = "http"\nurl = "http://127.0.0.1:{server.server_port}/digest"\n{keys}expect.contains = "welcome"\n'
    )

    measurement = probe(text)

    assert (measurement.outcome, "401" in measurement.reason) == (outcome, outcome == FAILED), measurement.reason


def test_a_missing_certificate_of_ours_is_told(bench: Bench, vault: Vault) -> None:
    """The server asks for one; so do the other kinds say it."""
    shutil.copy(vault.folder / "authority.pem", bench.root)
    port = vault.ports["asks for ours"]
    trust = 'authority = "authority.pem"\nexpect.matches = "x"\n'
    words = "the server asks for a certificate of ours, and there is none: set certificate and key"

    by_http = bench.measure(f'[a]\nkind = "http"\nurl = "https://127.0.0.1:{port}/"\n{trust}')
    by_tcp = bench.measure(f'[a]\nkind = "tcp"\naddress = "127.0.0.1:{port}"\ntls = true\n{trust}')

    assert (by_http.outcome, "a certificate of ours" in by_http.reason) == (FAILED, True), by_http.reason
    assert (by_tcp.outcome, by_tcp.reason) == (FAILED, words)


def test_a_certificate_of_ours_that_is_refused_is_told(bench: Bench, vault: Vault) -> None:
    """Of an authority that the server does not know."""
    shutil.copy(vault.folder / "authority.pem", bench.root)
    stranger = trustme.CA().issue_cert("watch@example.com")
    stranger.private_key_and_cert_chain_pem.write_to_path(str(bench.root / "client.pem"))
    keys = 'authority = "authority.pem"\ncertificate = "client.pem"\n'

    url = f"https://127.0.0.1:{vault.ports['asks for ours']}/"
    measurement = bench.measure(f'[a]\nkind = "http"\nurl = "{url}"\n{keys}')

    # The server's alert is lost where it ends the connection before all was sent.
    reasons = (
        "refuses our certificate, or asks for one: unknown ca",
        "as a server does that wants a certificate of ours",
    )
    assert measurement.outcome == FAILED
    assert measurement.reason.endswith(reasons)


def _door(server: _Server, keys: str = "", more: str = "") -> str:
    address = f"http://127.0.0.1:{server.server_port}"
    auth = f'{{token_url = "{address}/token", client = "watch", secret = "client-s3cret"{keys}}}'
    return f'[a]\nkind = "http"\nurl = "{address}/door"\nauth = {auth}\n{more}\n'


def _measure_often(bench: Bench, text: str, times: int) -> list[Measurement]:
    catalogue = bench.read(text)
    assert [str(problem) for problem in catalogue.problems] == []
    (check,) = catalogue.checks
    order = Order(new_run_id(1), check, 1, 10.0, bench.root / "scratch")
    with bench.engine(catalogue) as engine:
        return [engine.measure(order) for _ in range(times)]


def test_a_token_is_kept_until_it_expires(bench: Bench, server: _Server) -> None:
    """Two requests, one question; the third finds it expired at once, as its server says."""
    server.login.answers = deque([(200, {"access_token": "t1", "expires_in": 3600})])
    kept = _measure_often(bench, _door(server, ', scope = "read write"'), 2)
    server.login.answers = deque([(200, {"access_token": "t2", "expires_in": 0, "token_type": "Bearer"})])
    expired = _measure_often(bench, _door(server), 2)

    assert [measurement.outcome for measurement in kept + expired] == [PASSED] * 4
    assert server.login.opened == ["t1", "t1", "t2", "t2"]
    assert len(server.login.asked) == 3
    assert server.login.asked[0] == {"grant_type": ["client_credentials"], "scope": ["read write"]}
    assert server.login.basic[0] == "Basic d2F0Y2g6Y2xpZW50LXMzY3JldA=="
    assert "token_ms" in {sample.metric for sample in kept[0].samples}


def test_requests_at_one_time_ask_for_one_token(bench: Bench, server: _Server) -> None:
    """The first asks, and the others wait for it."""
    server.login.answers = deque([(200, {"access_token": "t1", "expires_in": 3600})])
    catalogue = bench.read(_door(server))
    (check,) = catalogue.checks
    done: list[Future[Measurement]] = [Future() for _ in range(5)]

    with bench.engine(catalogue) as engine:
        for future in done:
            engine.start(Order(new_run_id(1), check, 1, 10.0, bench.root / "scratch"), future.set_result)
        outcomes = {future.result().outcome for future in done}

    assert (outcomes, len(server.login.asked), len(server.login.opened)) == ({PASSED}, 1, 5)


def test_client_and_secret_may_go_into_the_form(bench: Bench, server: _Server) -> None:
    """As some servers want it."""
    server.login.answers = deque([(200, {"access_token": "t1"})])

    assert bench.measure(_door(server, ', in_body = true, audience = "shop"')).outcome == PASSED
    assert server.login.basic == [None]
    assert server.login.asked == [{
        "grant_type": ["client_credentials"], "audience": ["shop"], "client_id": ["watch"],
        "client_secret": ["client-s3cret"],
    }]  # fmt: skip


def test_a_token_that_is_refused_is_asked_for_once_more(bench: Bench, server: _Server) -> None:
    """It may have been withdrawn; a second refusal is the answer."""
    answers = [(200, {"access_token": f"t{number}", "expires_in": 3600}) for number in range(1, 4)]
    server.login.answers, server.login.valid = deque(answers), {"t2"}
    mended = bench.measure(_door(server))
    server.login.answers, server.login.valid = deque(answers), {"none"}
    refused = bench.measure(_door(server))

    assert (mended.outcome, refused.outcome, refused.reason) == (PASSED, FAILED, "status 401, not 200 to 399")
    assert server.login.opened == ["t1", "t2", "t1", "t2"]


NO_TOKENS = [
    (401, {"error": "invalid_client", "error_description": "who?"}, "status 401 invalid_client who?"),
    (500, b"oops", "status 500"),
    (200, b"<html>", "its answer has no access_token"),
    (200, {"token": "x"}, "its answer has no access_token"),
    (200, {"access_token": "a\r\nEvil: b"}, "its answer has no access_token"),
    (200, [], "its answer has no access_token"),
    (200, {"access_token": "x", "token_type": "mac"}, "its token is of type mac, not bearer"),
    (200, b"x" * 100_000, "the body is larger than 65536 bytes, and was cut off"),
    (302, b"", "status 302"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "document", "words"), NO_TOKENS)
def test_a_token_that_is_not_given_fails(
    bench: Bench, server: _Server, status: int, document: object, words: str
) -> None:
    """Whoever is to give it is a part of what is watched."""
    server.login.answers = deque([(status, document)])

    measurement = bench.measure(_door(server))

    assert measurement.outcome == FAILED
    assert measurement.reason == f"no token from http://127.0.0.1:{server.server_port}/token: {words}"
    assert server.login.opened == []


def test_a_token_is_not_shown(bench: Bench, server: _Server) -> None:
    """Neither it nor the secret, in an answer that repeats it or the log of the exchange."""
    server.login.answers = deque([(200, {"access_token": "token-s3cret-1"})])

    measurement = bench.measure(_door(server, more='expect.contains = "shut"'), evidence=True)

    kept = "".join(file.path.read_bytes().decode() for file in measurement.artifacts)
    assert "open ***" in kept
    assert "s3cret" not in kept + repr(measurement)


def test_requests_of_an_api_share_their_token(bench: Bench, server: _Server) -> None:
    """Asked for once, and not shown."""
    server.login.answers = deque([(200, {"access_token": "token-s3cret-2", "expires_in": 60})])
    door = _door(server).replace('[a]\nkind = "http"\n', "[[a.request]]\n")

    measurement = bench.measure('[a]\nkind = "api"\n' + door + door)

    assert (measurement.outcome, len(server.login.asked), len(server.login.opened)) == (PASSED, 1, 2)
    assert {(sample.step, sample.metric) for sample in measurement.samples} >= {("request 1", "token_ms")}
