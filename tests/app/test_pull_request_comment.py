"""The comment of a pull request, against servers that speak the shape of GitHub's and GitLab's API."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from outrider.app.gate.pull_request_comment import comment_gate, comment_thread
from outrider.model import OutriderError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "ghs_secret"
GITHUB = re.compile(r"/repos/shop/web/issues/(?:(?P<request>17)/comments|comments/(?P<id>\d+))")
GITLAB = re.compile(r"/api/v4/projects/42/merge_requests/17/notes(?:/(?P<id>\d+))?")


class CommentServer(ThreadingHTTPServer):
    """Comments in memory, listed a hundred a page, the oldest first; it refuses whoever has no token."""

    daemon_threads = True

    def __init__(self, path: re.Pattern[str], *, read_only: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), CommentHandler)
        self.path = path
        self.read_only = read_only
        self.comments: list[dict[str, Any]] = []
        self.methods: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add(self, body: str) -> dict[str, Any]:
        number = 1000 + len(self.comments)
        self.comments.append({"id": number, "body": body, "html_url": f"https://github.test/shop/web/pull/17#{number}"})
        return self.comments[-1]


class CommentHandler(BaseHTTPRequestHandler):
    server: CommentServer

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        page, size = int(query["page"][0]), min(100, int(query["per_page"][0]))
        self.answer(200, self.server.comments[(page - 1) * size : page * size])

    def do_POST(self) -> None:
        self.answer(201, self.server.add(self.body()))

    def do_PATCH(self) -> None:
        self.update()

    def do_PUT(self) -> None:
        self.update()

    def update(self) -> None:
        match = self.server.path.fullmatch(urlsplit(self.path).path)
        assert match is not None
        (comment,) = (candidate for candidate in self.server.comments if candidate["id"] == int(match["id"]))
        comment["body"] = self.body()
        self.answer(200, comment)

    def body(self) -> str:
        data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert list(data) == ["body"]
        return str(data["body"])

    def answer(self, status: int, data: object) -> None:
        self.server.methods.append(self.command)
        if self.server.path.fullmatch(urlsplit(self.path).path) is None:
            status, data = 404, {"message": "Not Found"}
        elif TOKEN not in {self.headers.get("Authorization", "")[len("Bearer ") :], self.headers["PRIVATE-TOKEN"]}:
            status, data = 401, {"message": "Bad credentials"}
        elif self.server.read_only and self.command != "GET":
            status, data = 403, {"message": "Resource not accessible by integration"}
        content = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@contextmanager
def serving(server: CommentServer) -> Iterator[CommentServer]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def environment(server: CommentServer) -> dict[str, str]:
    """Return what the CI of the server's kind sets."""
    if server.path is GITHUB:
        return {
            "GITHUB_REPOSITORY": "shop/web", "GITHUB_API_URL": server.url, "GITHUB_REF": "refs/pull/17/merge",
            "GITHUB_TOKEN": TOKEN,
        }  # fmt: skip
    return {
        "CI_API_V4_URL": f"{server.url}/api/v4", "CI_PROJECT_ID": "42", "CI_MERGE_REQUEST_IID": "17",
        "GITLAB_TOKEN": TOKEN,
    }  # fmt: skip


@pytest.fixture(params=[GITHUB, GITLAB], ids=["github", "gitlab"])
def server(request: pytest.FixtureRequest) -> Iterator[CommentServer]:
    with serving(CommentServer(request.param)) as running:
        yield running


@pytest.fixture
def markdown(tmp_path: Path) -> Path:
    path = tmp_path / "gate.md"
    path.write_text("### Outrider gate: pass\n", encoding="utf-8")
    return path


def test_a_request_has_one_comment_that_is_updated(server: CommentServer, markdown: Path) -> None:
    """However many others there are, and whoever quotes it."""
    for number in range(150):
        server.add(f"comment {number}")
    server.add("> <!-- outrider gate -->\n> ### Outrider gate: pass\nwhy?")

    first = comment_gate(markdown, environment(server))
    markdown.write_text("### Outrider gate: fail ❌\n", encoding="utf-8")
    second = comment_gate(markdown, environment(server))

    assert (first.is_new, second.is_new) == (True, False)
    assert len(server.comments) == 152
    assert server.comments[-1]["body"] == "<!-- outrider gate -->\n### Outrider gate: fail ❌\n"
    assert second.url == server.comments[-1]["html_url"]


def test_gates_of_two_names_have_a_comment_each(server: CommentServer, markdown: Path) -> None:
    """A name cannot end the hidden mark."""
    for name in ("web", "api --> <b>", "web"):
        comment_gate(markdown, environment(server), name)

    assert [comment["body"].splitlines()[0] for comment in server.comments] == [
        "<!-- outrider web -->", "<!-- outrider api --- -b- -->",
    ]  # fmt: skip


def test_a_text_that_is_too_long_is_shortened(server: CommentServer, markdown: Path) -> None:
    """GitHub would refuse it whole; it ends with a whole line, and says where the rest is."""
    markdown.write_text("| row |\n" * 20_000, encoding="utf-8")

    comment_gate(markdown, environment(server))

    assert len(server.comments[0]["body"]) < 65_536
    assert server.comments[0]["body"].endswith("| row |\n\nThe rest is left out; the job's artifacts have all of it.\n")


def test_a_refusal_says_what_to_do_and_no_secret(markdown: Path) -> None:
    """The token of a fork's job may not write; a wrong one may not even read; a server may be gone."""
    with serving(CommentServer(GITHUB, read_only=True)) as server:
        known = environment(server)
        with pytest.raises(OutriderError, match=r"403: Resource not accessible by integration") as refused:
            comment_gate(markdown, known)
        with pytest.raises(OutriderError, match=r"401: Bad credentials"):
            comment_gate(markdown, known | {"GITHUB_TOKEN": "stale"})
    with pytest.raises(OutriderError, match="failed: "):
        comment_gate(markdown, known)

    assert "pull-requests: write" in str(refused.value)
    assert TOKEN not in str(refused.value)


def test_the_number_comes_from_the_event_where_the_ref_is_a_branch(tmp_path: Path) -> None:
    """As in workflows of pull_request_target, and of a comment on a pull request."""
    event = tmp_path / "event.json"
    known = {"GITHUB_REPOSITORY": "shop/web", "GITHUB_REF": "refs/heads/main", "GITHUB_TOKEN": TOKEN}

    urls = []
    for data in ({"pull_request": {"number": 17}}, {"issue": {"number": 18, "pull_request": {}}}):
        event.write_text(json.dumps(data))
        urls.append(comment_thread(known | {"GITHUB_EVENT_PATH": str(event)}).comments_url)

    assert urls == [f"https://api.github.com/repos/shop/web/issues/{number}/comments" for number in (17, 18)]


@pytest.mark.parametrize(
    ("known", "slug"),
    [
        ({}, "no-pull-request"),
        ({"GITHUB_REPOSITORY": "a/b", "GITHUB_REF": "refs/heads/main", "GITHUB_TOKEN": "t"}, "no-pull-request"),
        ({"GITHUB_REPOSITORY": "a/b", "GITHUB_REF": "refs/pull/1/merge"}, "no-comment-token"),
        ({"CI_API_V4_URL": "https://g.test/api/v4", "CI_PROJECT_ID": "1"}, "no-pull-request"),
        (
            {"CI_API_V4_URL": "https://g.test/api/v4", "CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_IID": "2"},
            "no-comment-token",
        ),
    ],
)
def test_a_job_that_cannot_comment_says_why(known: dict[str, str], slug: str) -> None:
    """No request, or no token."""
    with pytest.raises(UsageError) as error:
        comment_thread(known)

    assert error.value.slug == slug
