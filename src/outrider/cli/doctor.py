"""`outrider doctor`."""

from __future__ import annotations

import json
import time

import click

from outrider.app import Join, find_workspace, judge_join, try_artifacts, walk_trace
from outrider.cli.echo import echo
from outrider.model import counted, printable


@click.group(epilog="Example: outrider doctor trace https://shop.example/products")
def doctor() -> None:
    """Find out why something that should work does not."""


@doctor.command(epilog="Example: outrider doctor trace https://api.shop.example/products --from https://shop.example")
@click.argument("url")
@click.option("--from", "origin", default="", metavar="ORIGIN", help="Try whether its pages may name a trace, too.")
@click.option("--wait", "wait_s", default=15.0, show_default=True, type=click.FloatRange(0, 600), help="Seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def trace(url: str, *, origin: str, wait_s: float, as_json: bool) -> int:
    """Send one request that names a trace, and say where its id is lost.

    Exits with 0 if spans of the trace arrive in this workspace, else with 1.
    """
    walked = walk_trace(find_workspace(), url, origin=origin, wait_s=wait_s)
    verdict = judge_join(walked)
    if as_json:
        answer = {"trace": walked.trace_id, "join": verdict.join.value, "why": verdict.why, "fix": verdict.fix}
        echo(json.dumps({**answer, "status": walked.status, "spans": len(walked.spans)}))
    else:
        echo(f"sent      GET {printable(url)} with trace {walked.trace_id}")
        if walked.status:
            took_ms = (walked.answered_ns - walked.sent_ns) / 1e6
            names = f", names trace {walked.named}" if walked.named else ", names no trace"
            echo(f"answer    {walked.status} after {took_ms:.0f} ms{names}")
        if origin:
            does = "allows" if walked.is_allowed else "does not allow"
            echo(f"preflight {does} pages of {printable(origin)} the headers")
        echo(f"result    {verdict.join.value}: {printable(verdict.why)}")
        if verdict.fix:
            echo(f"to do     {printable(verdict.fix)}")
    return 0 if verdict.join in {Join.JOINED, Join.CLOCK_APART} else 1


@doctor.command(epilog="Example: outrider doctor artifacts")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def artifacts(*, as_json: bool) -> int:
    """Write, read and remove a small file where artifacts are kept, such as in S3."""
    began_s = time.monotonic()
    where, waiting = try_artifacts(find_workspace())
    took_ms = (time.monotonic() - began_s) * 1000
    if as_json:
        echo(json.dumps({"where": where, "took_ms": round(took_ms, 3), "waiting": waiting}))
        return 0
    echo(f"{printable(where)}: a file was written, read and removed in {took_ms:.0f} ms")
    if waiting:
        echo(f"{counted(waiting, 'artifact')} could not be sent there yet; the service sends them with the next ones")
    return 0
