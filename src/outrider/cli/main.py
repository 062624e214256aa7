"""The `outrider` command: its subcommands are imported when they are used, so that `--help` answers at once."""

from __future__ import annotations

import errno
import importlib
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from outrider.model import InternalError, OutriderError, Place

if TYPE_CHECKING:
    from collections.abc import Callable

_COMMANDS = {
    "browser": "Find the browser that journeys run in, or install one.",
    "init": "Write a minimal workspace that runs at once.",
    "validate": "Check the workspace and report all problems.",
    "ls": "List the checks of the workspace.",
    "run": "Run checks now and store the runs.",
    "runs": "List stored runs.",
    "show": "Show one run: steps, errors and artifacts.",
    "serve": "Serve the HTTP calls of heartbeats.",
    "up": "Run the checks by their schedule until told to stop.",
    "status": "Show whether the service runs, the last runs, and coverage.",
    "now": "Request immediate runs from the service.",
    "pause": "Pause checks.",
    "resume": "Resume paused checks.",
    "backup": "Copy store and artifacts; the service may run meanwhile.",
    "restore": "Replace store and artifacts by a backup.",
    "load": "Put a target under load, and find the rate that it sustains.",
    "prove": "Inject faults, and report which of them each journey notices.",
    "judge": "Show which steps are steady, degraded or improved, and why.",
    "gate": "Run checks and decide whether they got worse.",
    "baseline": "Accept what is normal, and show what was accepted.",
    "release": "Mark a deploy, so that changes can be explained by it.",
    "changes": "List when steps took a new level, and the release that explains it.",
    "incidents": "List incidents, and notifications that could not be delivered.",
    "ack": "Acknowledge or resolve an incident.",
    "silence": "Silence matching incidents.",
    "oncall": "Show who is on call, and who follows.",
    "backtest": "Replay alert rules over stored runs.",
    "alerts": "Test alert routes.",
    "report": "Report a week, a day, a release, a run or a load run.",
    "export": "Write samples, runs, rollups or incidents to a file.",
    "calibrate": "Show what the judge's sensitivity means on stored history.",
}
INTERRUPTED = 130
HUNG_UP = 141
INTERNAL = InternalError.exit_code
_LONGEST = 300

_FREE = "free space on that disk; what ran before is kept"
_ALLOW = "let this user write there, or point TMPDIR to another folder"
_FIXES = {
    errno.ENOSPC: _FREE, errno.EDQUOT: _FREE, errno.EFBIG: _FREE,
    errno.EACCES: _ALLOW, errno.EPERM: _ALLOW, errno.EROFS: _ALLOW, errno.ENOTDIR: _ALLOW, errno.EEXIST: _ALLOW,
}  # fmt: skip


class LazyGroup(click.Group):
    """Imports a subcommand's module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order in which a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a subcommand."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"outrider.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="outrider")
def cli() -> None:
    """Ride ahead of your users: run their journeys before they do.

    \b
    Example:
      outrider init shop && cd shop && outrider run
    """


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit with the code that docs/journeys.md lists."""
    sys.exit(_run(argv))


def unusable(error: OSError) -> OutriderError | None:
    """Return an error of a full disk or a forbidden folder with its remedy; None if it is an error of another kind."""
    if error.errno not in _FIXES:
        return None
    where = Place(str(error.filename)) if error.filename else None
    return OutriderError(str(error.strerror), slug="unusable-folder", fix=_FIXES[error.errno], where=where)


def exit_code_of(run: Callable[[], Any]) -> int:
    """Run a command and return the code to exit with: what it returns, or what its error means.

    Anything that is not raised on purpose is an error of Outrider itself: it exits with `INTERNAL`, never with 1, which
    would mean that a check has failed.
    """
    output = sys.stdout
    try:
        result = run()
    except SystemExit:
        if sys.stdout is output:
            raise
        return HUNG_UP  # its reader has gone, as `head` does: click then replaces the output and exits with 1
    except Exception as error:
        return _report(error)
    return result if isinstance(result, int) else 0


def _report(error: Exception) -> int:
    """Print what an error means to the reader, and return the code to exit with."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, click.exceptions.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    known = _known(error)
    click.echo(str(known), err=True)
    return known.exit_code


def internal(error: BaseException) -> InternalError:
    """Return what a reader is shown of an error of Outrider itself; its traceback is in a file."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" ({Path(last[0].filename).name}:{last[0].lineno})" if last else ""
    line = next(iter(str(error).strip().splitlines()), "")[:_LONGEST]
    return InternalError(
        f"an error of Outrider itself: {type(error).__name__}{': ' if line else ''}{line}{place}",
        slug="internal-error",
        fix=f"please report it{_kept(error)}",
    )


def _known(error: Exception) -> OutriderError:
    if isinstance(error, OutriderError):
        return error
    return (unusable(error) if isinstance(error, OSError) else None) or internal(error)


def _kept(error: BaseException) -> str:
    """Keep a traceback in a file for whoever mends it, and return where it lies."""
    with suppress(OSError):
        descriptor, path = tempfile.mkstemp(prefix="outrider-error-", suffix=".log")
        with open(descriptor, "w", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - a descriptor
            file.writelines(traceback.format_exception(error))
        return f"; the traceback is in {path}"
    return ""


def _run(argv: list[str] | None) -> int:
    return exit_code_of(lambda: cli.main(args=argv, standalone_mode=False))
