"""The `outrider` command: its subcommands are imported when they are used, so that `--help` answers at once."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from contextlib import contextmanager
from importlib import import_module
from io import StringIO, TextIOWrapper
from threading import Timer
from typing import TYPE_CHECKING, Any

try:
    import click
except KeyboardInterrupt:  # Ctrl-C before click can handle it: no traceback
    raise SystemExit(130) from None

from outrider import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SECTIONS = {
    "Begin": {
        "init": "Write a minimal workspace that runs at once.",
        "browser": "Find the browser that journeys run in, or install one.",
        "validate": "Check the workspace and report all problems.",
        "import": "Make probes of another monitor's configuration.",
        "ls": "List the checks of the workspace.",
        "completion": "Print the script that completes commands and checks in a shell.",
        "docs": "Open the documentation of this version, without a network.",
        "training": "Play a game day on the demo shop: find what broke in secret.",
    },
    "Journeys and probes": {
        "run": "Run checks now and store the runs.",
        "record": "Record a journey by clicking through a site.",
        "runs": "List stored runs.",
        "show": "Show one run: steps, errors and artifacts.",
        "prove": "Inject faults, and report which of them each journey notices.",
    },
    "By schedule": {
        "up": "Run the checks by their schedule until stopped.",
        "serve": "Serve the HTTP calls of heartbeats.",
        "ingest": "Take and keep telemetry until stopped.",
        "status": "Show whether the service runs, last outcomes, and coverage.",
        "now": "Request immediate runs from the service.",
        "pause": "Pause checks.",
        "resume": "Resume paused checks.",
        "location": "Add, list and remove places whose runs workers measure.",
        "worker": "Measure the runs of a location for a server elsewhere.",
        "settings": "List switches and levels, and change them while the service runs.",
    },
    "Load and gate": {
        "load": "Put a target under load, and find the rate that it sustains.",
        "gate": "Run checks and decide whether they got worse.",
        "gate-comment": "Write a gate's decision as one comment of a pull or merge request.",
        "gate-merge": "Merge the results of a gate's shards, and decide.",
        "baseline": "Accept baselines, and show the accepted ones.",
    },
    "What changed": {
        "judge": "Show which steps are steady, degraded or improved, and why.",
        "changes": "List change points, and the releases that explain them.",
        "release": "Mark a deploy, so that changes can be explained by it.",
        "annotate": "Note what happened, on the trends of checks.",
        "calibrate": "Show false-alarm rate and detectable change on stored history.",
    },
    "Incidents": {
        "incidents": "List incidents, or show one; and what could not be delivered.",
        "ack": "Acknowledge or resolve an incident.",
        "assign": "Assign an incident to somebody.",
        "comment": "Comment on an incident.",
        "silence": "Silence matching incidents.",
        "runbook": "Show what to do about an incident, and write one of your own.",
        "oncall": "Show who is on call, and who is next.",
        "alerts": "Test alert routes.",
        "backtest": "Replay alert rules over stored runs.",
        "noise": "Show how many alerts were sent, and how much of that was acted on.",
        "status-page": "Write on the public status page, or export it.",
    },
    "Telemetry, errors and real users": {
        "services": "Show rate, errors and durations of services.",
        "traces": "Search spans, or show a trace.",
        "logs": "Search log records.",
        "related": "Show what shares a trace with a trace, run, issue or session.",
        "capacity": "Show what ends first under load, and when traffic gets there.",
        "hosts": "Show processor, memory, disks and load of hosts.",
        "sources": "List servers that keep telemetry already, and check that they answer.",
        "doctor": "Say where the id of a request's trace is lost.",
        "errors": "List issues of errors, show them, and decide about them.",
        "releases": "Show crash-free sessions, users, adoption and new issues of releases.",
        "sourcemaps": "Upload source maps, and check whether errors will find them.",
        "vitals": "Show what real users lived through: LCP, INP, CLS, by page.",
        "sessions": "List visits of real users, or show one as a timeline.",
        "replays": "List replays of sessions, show what is kept of one, or delete it.",
        "sql": "Answer one SELECT over the tables of telemetry.",
        "views": "Save queries of logs, traces and errors under a name.",
    },
    "Reports and data": {
        "report": "Report a week, a day, a release, a run or a load run.",
        "dashboards": "List dashboards, check their files, and show them.",
        "export": "Write samples, runs, rollups or incidents to a file.",
    },
    "Access and care": {
        "users": "Add, list and remove users of the pages.",
        "tokens": "Create, list and revoke tokens of programs.",
        "project": "Add projects that errors are sent to, and manage their keys.",
        "audit": "List who changed what.",
        "privacy": "Export or erase what is kept of one person.",
        "backup": "Copy store and artifacts; the service may run meanwhile.",
        "restore": "Replace store and artifacts by a backup.",
        "store": "Move the store to another database.",
    },
}
_COMMANDS = {name: says for section in _SECTIONS.values() for name, says in section.items()}
_MODULES = {"import": ("import_monitor", "import_command")}
"""Where a command is whose name is a keyword of Python."""

INTERRUPTED = 130
HUNG_UP = 141
_COLLECT_AFTER = 50_000
"""Net new objects between two collections; with Python's 700, a command collects 300 times while it imports."""


@contextmanager
def told_if_slow(text: str, after_s: float = 1.5) -> Iterator[None]:
    """Print a line at a terminal if what is done meanwhile takes long; a log is told by the command's progress."""
    if not sys.stderr.isatty() or "_OUTRIDER_COMPLETE" in os.environ:
        yield
        return
    timer = Timer(after_s, click.echo, (text,), {"err": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class LazyGroup(click.Group):
    """Imports a subcommand's module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order in which a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a subcommand."""
        if cmd_name not in _COMMANDS:
            return None
        for needed in ("error_report", "echo"):  # now: a command may leave no memory, disk or descriptor for them
            import_module(f"outrider.cli.{needed}")
        import_module("outrider.app.access.reader_gate").forget_secrets_read()
        name, attribute = _MODULES.get(cmd_name, (cmd_name.replace("-", "_"),) * 2)
        with told_if_slow(f"outrider {cmd_name} is being loaded: this machine is busy"):
            command: click.Command = getattr(import_module(f"outrider.cli.{name}"), attribute)
        import_module("outrider.cli.server_option").add_server_option(command, cmd_name)
        import_module("outrider.cli.exit_codes").end_help(command, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the subcommand that was typed, or name those that may have been meant."""
        if args[0] not in _COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            nearest = import_module("outrider.workspace").nearest
            advice = nearest(args[0], _COMMANDS).replace('"', "'").capitalize()
            ctx.fail(f"No such command '{args[0]}'. {advice if advice.startswith('Did') else 'See outrider --help.'}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the subcommands without importing them."""
        for title, commands in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("--server", metavar="URL", help="Ask this server instead of the workspace; see docs/api.md.")
@click.pass_context
def cli(context: click.Context, server: str | None) -> None:
    """Run user journeys, probes and load on a schedule, and alert before users are affected.

    \b
    Example:
      outrider init shop && cd shop && outrider run
    """
    if server:
        import_module("outrider.cli.server_option").remember_server(context, server)


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit with the code that docs/journeys.md lists.

    Without arguments of its caller it is the program, and the process is its own.
    """
    if argv is None:
        _collect_rarely()
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not ignored, as in a shell's background
            signal.signal(signal.SIGINT, interrupt)
    for stream in (sys.stdout, sys.stderr):  # what its encoding lacks is shown as an escape, and ends no command
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if "_OUTRIDER_COMPLETE" in os.environ:
        import_module("outrider.cli.bash_completion").use_in_bash()
    sys.exit(_run(argv))


class _Interrupted(KeyboardInterrupt):
    """Ctrl-C.

    `python -m` ends by SIGINT, and not with the code it is told, once a plain KeyboardInterrupt met code that `exec`
    took as text, as dataclasses and SQLAlchemy write it; that it was caught since does not count.
    """


def interrupt(*_: object) -> None:
    """End the command as Ctrl-C does; a signal handler."""
    raise _Interrupted


def _collect_rarely() -> None:
    """Spare the garbage collector its passes over what imports make, which were a third of a short command's time.

    At exit, memory goes back as a whole: nothing is searched for cycles then.
    """
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)


def exit_code_of(run: Callable[[], Any]) -> int:
    """Run a command and return the code to exit with: what it returns, or what its error means.

    Anything that is not raised on purpose is an error of Outrider itself: it exits with 70, never with 1, which would
    mean that a check has failed.
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
        _show(error)
        return error.exit_code
    if isinstance(error.__cause__, EOFError):  # as of a compiled module that a full disk cut short
        error = error.__cause__
    elif isinstance(error, click.exceptions.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    from outrider.cli.echo import echo  # noqa: PLC0415 - as the next
    from outrider.cli.error_report import reported  # noqa: PLC0415 - `--help` does without it

    problem = reported(error)
    echo(problem, err=True)
    return problem.exit_code


def _show(error: click.ClickException) -> None:
    """Print what click says of wrong usage."""
    from outrider.cli.echo import folded_for_terminal  # noqa: PLC0415 - as below

    shown = StringIO()
    error.show(shown)
    click.echo(folded_for_terminal(shown.getvalue()), err=True, nl=False)


def _run(argv: list[str] | None) -> int:
    return exit_code_of(lambda: cli.main(args=argv, prog_name="outrider", standalone_mode=False))
