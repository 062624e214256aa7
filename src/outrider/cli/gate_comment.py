"""`outrider gate-comment`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from outrider.app import comment_gate


@click.command(epilog="Example: outrider gate --ab $BASE $CANDIDATE --markdown gate.md; outrider gate-comment gate.md")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--name", default="gate", show_default=True, help="Distinguishes the comments of several gates.")
def gate_comment(file: Path, *, name: str) -> int:
    """Write a gate's Markdown FILE as a comment of the pull or merge request of this CI job, or update that comment.

    GitHub Actions: GITHUB_TOKEN, with the permission pull-requests: write. GitLab: GITLAB_TOKEN, with the scope api.
    """
    written = comment_gate(file, os.environ, name)
    click.echo(f"comment {'written' if written.is_new else 'updated'}{f': {written.url}' if written.url else ''}")
    return 0
