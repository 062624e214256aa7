"""The second origin: what is served there, to whom, and as what."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import stat
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.requests import Request
from tests.builders import new_store

from outrider.app.access.signing_key import signing_key
from outrider.dashboard import served_type
from outrider.model import ArtifactKind
from outrider.server import ArtifactOrigin, artifact_application
from outrider.server.byte_ranges import ByteRange, UnsatisfiableRange, asked_range
from outrider.server.signed_address import LIFETIME_S, AddressSigner, SignedFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.store import Store

NOW_S = 1_700_000_000
KEY = b"k" * 32
HOSTILE = b"<script>fetch('/trace')</script>"


@dataclass
class Folder:
    """An artifact folder and the application over it."""

    store: Store
    folder: Path
    now_s: int = NOW_S

    def token(self, content: bytes, kind: ArtifactKind, name: str, signer: AddressSigner | None = None) -> str:
        """Store content, and return its signed token."""
        source = self.folder / "source"
        source.write_bytes(content)
        served = served_type(kind, name)
        digest = self.store.artifacts.take(source).digest
        file = SignedFile(digest, name, served.media_type, served.is_shown, served.is_packed)
        return (signer or AddressSigner(KEY)).sign(file, NOW_S)

    def get(self, path: str, method: str = "GET", host: str = "artifacts.localhost", **headers: str) -> httpx.Response:
        """Return what the second origin answers."""
        origin = ArtifactOrigin(self.store.artifacts, KEY)
        application = artifact_application(origin, lambda: self.now_s * 1_000_000)

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(application)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}", headers=headers) as client:
                return await client.request(method, path)

        return asyncio.run(ask())


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    store = new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts")
    yield Folder(store, tmp_path)
    store.close()


@pytest.mark.parametrize(
    ("kind", "name", "media_type", "disposition"),
    [
        (ArtifactKind.SCREENSHOT, "screenshot.png", "image/png", "inline"),
        (ArtifactKind.SCREENSHOT, "1-picture.svg", "application/octet-stream", "attachment"),
        (ArtifactKind.SCREENSHOT, "1-picture.html", "application/octet-stream", "attachment"),
        (ArtifactKind.VIDEO, "video.webm", "video/webm", "inline"),
        (ArtifactKind.VIDEO, "video.svg", "application/octet-stream", "attachment"),
        (ArtifactKind.LOG, "output.log", "text/plain; charset=utf-8", "inline"),
        (ArtifactKind.BODY, "body.HTML", "text/plain; charset=utf-8", "inline"),
        (ArtifactKind.BODY, "body.svg", "application/octet-stream", "attachment"),
        (ArtifactKind.BODY, "body.xhtml", "application/octet-stream", "attachment"),
        (ArtifactKind.BODY, "body", "application/octet-stream", "attachment"),
        (ArtifactKind.TRACE, "trace.zip", "application/zip", "attachment"),
        (ArtifactKind.TRACE, "trace.html", "application/octet-stream", "attachment"),
        (ArtifactKind.HAR, "har.har.gz", "application/json", "attachment"),
    ],
)
def test_a_type_comes_from_our_table_and_markup_is_never_markup(
    folder: Folder, kind: ArtifactKind, name: str, media_type: str, disposition: str
) -> None:
    """Whatever the target called it; every answer is sandboxed, and browsers may not guess."""
    content = gzip.compress(HOSTILE, mtime=0) if name.endswith(".gz") else HOSTILE

    answer = folder.get(f"/file/{folder.token(content, kind, name)}")

    assert (answer.status_code, answer.content) == (200, HOSTILE)
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Disposition"].startswith(disposition)
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "script" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers


def test_only_what_pages_show_may_be_embedded_by_another_origin(folder: Folder) -> None:
    """Pictures and videos; text and archives may not."""
    kinds = {ArtifactKind.SCREENSHOT: "a.png", ArtifactKind.VIDEO: "a.webm", ArtifactKind.LOG: "a.log"}

    answers = [folder.get(f"/file/{folder.token(b'x', kind, name)}") for kind, name in kinds.items()]

    policies = [answer.headers["Cross-Origin-Resource-Policy"] for answer in answers]
    assert policies == ["cross-origin", "cross-origin", "same-origin"]


def test_names_of_files_break_no_header(folder: Folder) -> None:
    """Quotation marks, line breaks and foreign letters are encoded; gzip is no part of a name."""
    token = folder.token(gzip.compress(b"{}", mtime=0), ArtifactKind.HAR, 'a"\r\nSet-Cookie: x=1/../商品.har.gz')

    answer = folder.get(f"/file/{token}")

    said = answer.headers["Content-Disposition"]
    assert said.isascii()
    assert "Set-Cookie" not in answer.headers
    assert 'filename="a___Set-Cookie__x_1_..___.har"' in said
    assert said.endswith("%E5%95%86%E5%93%81.har")


def test_an_address_ends_with_its_time(folder: Folder) -> None:
    """Within the hour it answers; then it says that the page makes new ones."""
    token = folder.token(b"x", ArtifactKind.LOG, "a.log")

    before = folder.get(f"/file/{token}")
    folder.now_s = NOW_S + LIFETIME_S
    after = folder.get(f"/file/{token}")

    assert before.status_code == 200
    assert after.status_code == 403
    assert after.headers["Content-Type"] == "application/problem+json"
    assert after.json()["type"].endswith("#expired-address")


def changed(token: str, place: int) -> str:
    letter = "A" if token[place] != "A" else "B"
    return token[:place] + letter + token[place + 1 :]


def test_no_address_can_be_written_by_somebody_else(folder: Folder) -> None:
    """With another key, another file, another time, or anything that is no token."""
    token = folder.token(b"secret", ArtifactKind.LOG, "a.log")
    foreign = folder.token(b"secret", ArtifactKind.LOG, "a.log", AddressSigner(b"x" * 32))
    content, _, signature = token.partition(".")
    fields = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    later = base64.urlsafe_b64encode(json.dumps([*fields[:-1], fields[-1] + 9_999]).encode()).decode().rstrip("=")

    forged = [
        foreign, content, f"{content}.", f".{signature}", f"{later}.{signature}", changed(token, 5),
        changed(token, len(content) + 5), "x", "%00", "..", "é.é", "a" * 5_000, "W10.", "null",
    ]  # fmt: skip
    answers = [folder.get(f"/file/{name}") for name in forged]

    assert [answer.status_code for answer in answers if answer.status_code not in {403, 404}] == []
    assert all(b"secret" not in answer.content for answer in answers)
    assert all(answer.headers["Content-Security-Policy"].startswith("sandbox") for answer in answers)


@pytest.mark.parametrize(
    "digest", ["../../etc/passwd", "..", "", "0" * 63, "0" * 65, "A" * 64, "/etc/passwd", "0" * 62 + "/x"]
)
def test_a_digest_is_no_path(folder: Folder, digest: str) -> None:
    """Even a signed one leads to nothing but a content-addressed file."""
    token = AddressSigner(KEY).sign(SignedFile(digest, "a", "text/plain", is_shown=True, is_packed=False), NOW_S)

    assert folder.get(f"/file/{token}").status_code == 403


def test_a_file_that_is_gone_is_not_found_and_names_no_path(folder: Folder) -> None:
    """Retention may have removed it while the page is open."""
    token = folder.token(b"x", ArtifactKind.LOG, "a.log")
    folder.store.artifacts.remove([entry.name for entry in folder.store.artifacts.files()])

    answer = folder.get(f"/file/{token}")

    assert answer.status_code == 404
    assert str(folder.folder) not in answer.text


def test_players_get_the_part_that_they_ask_for(folder: Folder) -> None:
    """One range, from both ends; a foreign version is sent whole, and beyond the end is nothing."""
    path = f"/file/{folder.token(bytes(range(100)), ArtifactKind.VIDEO, 'a.webm')}"
    whole = folder.get(path)

    parts = {asked: folder.get(path, Range=asked) for asked in ("bytes=0-9", "bytes=90-", "bytes=-5", "bytes=200-")}
    other = folder.get(path, Range="bytes=0-9", **{"If-Range": '"other"'})
    again = folder.get(path, **{"If-None-Match": whole.headers["ETag"]})

    assert (whole.status_code, whole.headers["Accept-Ranges"], len(whole.content)) == (200, "bytes", 100)
    assert [part.status_code for part in parts.values()] == [206, 206, 206, 416]
    assert parts["bytes=0-9"].content == bytes(range(10))
    assert parts["bytes=90-"].headers["Content-Range"] == "bytes 90-99/100"
    assert parts["bytes=-5"].content == bytes(range(95, 100))
    assert parts["bytes=200-"].headers["Content-Range"] == "bytes */100"
    assert (other.status_code, len(other.content)) == (200, 100)
    assert (again.status_code, again.content) == (304, b"")
    assert folder.get(path, "HEAD").headers["Content-Length"] == "100"
    assert folder.get(path, "POST").status_code == 405


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=5-999999999999999999", ByteRange(5, 10)),
        ("bytes=-999", ByteRange(0, 10)),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("bytes=" + "9" * 5_000 + "-", None),
        ("", None),
    ],
)
def test_a_range_that_is_none_asks_for_the_whole(header: str, part: ByteRange | None) -> None:
    """As RFC 9110 has it."""
    assert asked_range(header, 10) == part


def test_an_empty_file_has_no_range() -> None:
    """Neither from its beginning nor from its end."""
    for header in ("bytes=0-", "bytes=-1", "bytes=-0"):
        with pytest.raises(UnsatisfiableRange):
            asked_range(header, 0)


@pytest.mark.parametrize("host", ["evil.example", "artifacts.localhost.evil.example", "", "a b", "[::1"])
def test_a_foreign_host_name_gets_no_file(folder: Folder, host: str) -> None:
    """A signed address helps nobody who lets a name of their own point here."""
    token = folder.token(b"secret", ArtifactKind.LOG, "a.log")

    answer = folder.get(f"/file/{token}", Host=host)

    assert answer.status_code == 421
    assert b"secret" not in answer.content


def request(host: str, scheme: str = "http") -> Request:
    return Request({
        "type": "http", "scheme": scheme, "path": "/", "query_string": b"", "headers": [(b"host", host.encode())],
        "server": ("127.0.0.1", 8710),
    })  # fmt: skip


@pytest.mark.parametrize(
    ("host", "scheme", "own_port", "origin"),
    [
        ("127.0.0.1:8710", "http", 0, "http://artifacts.localhost:8710"),
        ("localhost:9999", "http", 0, "http://artifacts.localhost:9999"),  # through a forwarded port
        ("[::1]:8710", "http", 0, "http://artifacts.localhost:8710"),
        ("localhost", "https", 0, "https://artifacts.localhost"),
        ("127.0.0.1:8710", "http", 8711, "http://artifacts.localhost:8710"),  # of a container, one port is published
        ("watch.example:8710", "http", 8711, "http://watch.example:8711"),
        ("[2001:db8::1]:8710", "http", 8711, "http://[2001:db8::1]:8711"),
        ("watch.example:8710", "http", 0, ""),
        ("watch.example", "https", 8711, ""),  # behind a proxy that knows nothing of the port
        ("watch.example:70000", "http", 8711, ""),
        ("", "http", 8711, ""),
    ],
)
def test_the_origin_is_the_one_that_the_reader_reaches(
    folder: Folder, host: str, scheme: str, own_port: int, origin: str
) -> None:
    """By the name and port under which the page was asked for; unknown where neither says it."""
    artifacts = ArtifactOrigin(folder.store.artifacts, KEY, port=lambda: own_port)

    assert artifacts.seen_from(request(host, scheme)) == origin
    configured = replace(artifacts, url="https://files.example")
    assert configured.seen_from(request(host, scheme)) == "https://files.example"


def test_a_port_that_was_chosen_counts_on_this_machine_too(folder: Folder) -> None:
    """For browsers that know no names below localhost."""
    origin = ArtifactOrigin(folder.store.artifacts, KEY, port=lambda: 8711, is_port_chosen=True)

    assert origin.seen_from(request("127.0.0.1:8710")) == "http://127.0.0.1:8711"


@pytest.mark.parametrize(
    ("host", "is_asked"),
    [
        ("artifacts.localhost", True),
        ("artifacts.localhost:5", True),
        ("FILES.example", True),
        ("files.example:443", True),
        ("files.example:8710", False),
        ("localhost:8710", False),
        ("", False),
        ("a:b", False),
    ],
)
def test_a_request_belongs_to_the_origin_that_its_host_names(folder: Folder, host: str, is_asked: bool) -> None:
    """The port that is usual for a scheme may be left out."""
    origin = ArtifactOrigin(folder.store.artifacts, KEY, url="https://files.example")

    assert origin.is_asked_by(host) is is_asked


def test_the_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    """One that others could read, or that is damaged, is replaced."""
    state = tmp_path / ".outrider"

    first, second = signing_key(state), signing_key(state)
    mode = stat.S_IMODE((state / "artifact-key").stat().st_mode)
    (state / "artifact-key").chmod(0o644)
    third = signing_key(state)
    (state / "artifact-key").write_bytes(b"short")
    fourth = signing_key(state)

    assert first == second
    assert mode == 0o600
    assert len({first, third, fourth}) == 3
    assert [path.name for path in state.iterdir()] == ["artifact-key"]


def test_a_state_that_cannot_be_written_has_a_key_for_this_process(tmp_path: Path) -> None:
    """Files then open until the service starts anew."""
    (tmp_path / "file").write_text("")

    assert len(signing_key(tmp_path / "file")) == 32
