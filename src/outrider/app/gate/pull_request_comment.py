"""The comment of a pull or merge request that holds a gate's decision: written once, then updated.

It speaks GitHub's REST API (version 2022-11-28) and GitLab's (v4). Which of the two, and which request, the environment
of the CI job says. A hidden mark at the beginning of the comment finds it again.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outrider.model import OutriderError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TIMEOUT_S = 30.0
_MOST_CHARACTERS = 60_000  # GitHub refuses more than 65,536
_MOST_PAGES = 100
_PAGE = 100
_PULL = re.compile(r"refs/pull/(\d+)/")
_PERMISSION_FIX = (
    "give the job a token that may write comments: `permissions: pull-requests: write` and GITHUB_TOKEN in GitHub"
    " Actions, GITLAB_TOKEN with the scope api in GitLab; jobs of forks get none"
)


@dataclass(frozen=True, slots=True)
class CommentThread:
    """Where the comments of one request are.

    Attributes:
        comments_url: Lists them by GET, takes a new one by POST.
        comment_url: Of one of them, before its id.
        update_method: What updates one.
        headers: Of every request.
    """

    comments_url: str
    comment_url: str
    update_method: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WrittenComment:
    """A comment that was written; the address is empty where the API names none."""

    url: str
    is_new: bool


def comment_thread(environment: Mapping[str, str]) -> CommentThread:
    """Return where a CI job's environment says that comments belong.

    Raises:
        UsageError: no-pull-request if it is no job of a request; no-comment-token if it may not write.
    """
    if environment.get("GITHUB_REPOSITORY"):
        return _github(environment)
    if environment.get("CI_MERGE_REQUEST_IID") and environment.get("CI_API_V4_URL"):
        return _gitlab(environment)
    fix = "run it in a job of a pull request on GitHub, or of a merge request on GitLab"
    raise UsageError("this is no job of a pull or merge request", slug="no-pull-request", fix=fix)


def write_comment(thread: CommentThread, text: str, name: str = "gate") -> WrittenComment:
    """Write a comment, or update the one that was written under the same name.

    Raises:
        OutriderError: comment-refused if the API refuses, or does not answer.
    """
    mark = f"<!-- outrider {re.sub(r'[^A-Za-z0-9_. ]', '-', name)} -->"
    body = f"{mark}\n{_shortened(text)}"
    for comment in _comments(thread):
        if str(comment.get("body", "")).startswith(mark):
            answer = _ask(thread, thread.update_method, f"{thread.comment_url}{comment['id']}", {"body": body})
            return WrittenComment(_address(answer), is_new=False)
    return WrittenComment(_address(_ask(thread, "POST", thread.comments_url, {"body": body})), is_new=True)


def comment_gate(markdown: Path, environment: Mapping[str, str], name: str = "gate") -> WrittenComment:
    """Write a gate's Markdown as the comment of the request that a CI job is for.

    Raises:
        UsageError: no-pull-request, no-comment-token.
        OutriderError: comment-refused.
    """
    return write_comment(comment_thread(environment), markdown.read_text(encoding="utf-8"), name)


def _github(environment: Mapping[str, str]) -> CommentThread:
    number = _github_number(environment)
    token = environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN")
    if not token:
        raise UsageError("GITHUB_TOKEN is not set", slug="no-comment-token", fix=_PERMISSION_FIX)
    api = environment.get("GITHUB_API_URL") or "https://api.github.com"
    issues = f"{api.rstrip('/')}/repos/{environment['GITHUB_REPOSITORY']}/issues"
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return CommentThread(f"{issues}/{number}/comments", f"{issues}/comments/", "PATCH", headers)


def _github_number(environment: Mapping[str, str]) -> int:
    """Return the pull request's number: of the ref, or of the event that began the workflow."""
    if match := _PULL.match(environment.get("GITHUB_REF", "")):
        return int(match[1])
    try:
        event = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        return int((event.get("pull_request") or event["issue"])["number"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        fix = "let the workflow run on pull_request"
        raise UsageError("this workflow is of no pull request", slug="no-pull-request", fix=fix) from None


def _gitlab(environment: Mapping[str, str]) -> CommentThread:
    token = environment.get("GITLAB_TOKEN")
    if not token:
        raise UsageError("GITLAB_TOKEN is not set", slug="no-comment-token", fix=_PERMISSION_FIX)
    project = environment.get("CI_MERGE_REQUEST_PROJECT_ID") or environment["CI_PROJECT_ID"]
    request = f"projects/{project}/merge_requests/{environment['CI_MERGE_REQUEST_IID']}"
    notes = f"{environment['CI_API_V4_URL'].rstrip('/')}/{request}/notes"
    return CommentThread(notes, f"{notes}/", "PUT", {"PRIVATE-TOKEN": token})


def _comments(thread: CommentThread) -> Iterator[dict[str, Any]]:
    for page in range(1, _MOST_PAGES + 1):
        comments = _ask(thread, "GET", f"{thread.comments_url}?per_page={_PAGE}&page={page}")
        if not isinstance(comments, list):
            raise _refused(f"{thread.comments_url} answered no list")
        yield from (comment for comment in comments if isinstance(comment, dict) and "id" in comment)
        if len(comments) < _PAGE:
            return


def _ask(thread: CommentThread, method: str, url: str, data: Mapping[str, str] | None = None) -> Any:
    body = None if data is None else json.dumps(data).encode()
    headers = {**thread.headers, "Content-Type": "application/json", "User-Agent": "outrider"}
    request = urllib.request.Request(url, data=body, headers=headers, method=method)  # noqa: S310 - the CI's own API
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise _refused(f"{method} {url} was answered {error.code}: {_message(error)}") from None
    except (OSError, ValueError) as error:
        raise _refused(f"{method} {url} failed: {type(error).__name__}: {error}") from None


def _message(error: urllib.error.HTTPError) -> str:
    try:
        data = json.loads(error.read())
        return str(data.get("message") or data.get("error") or error.reason)
    except (OSError, ValueError, AttributeError):
        return str(error.reason)


def _refused(what: str) -> OutriderError:
    return OutriderError(what, slug="comment-refused", fix=_PERMISSION_FIX)


def _address(answer: object) -> str:
    return str(answer.get("html_url") or "") if isinstance(answer, dict) else ""


def _shortened(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text
    whole = text[:_MOST_CHARACTERS].rpartition("\n")[0]
    return f"{whole}\n\nThe rest is left out; the job's artifacts have all of it.\n"
