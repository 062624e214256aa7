"""A process of `outrider up`, as its supervisor starts it: `python -m outrider.cli.service_child ORDER`."""

from __future__ import annotations

import sys
from importlib import import_module
from signal import SIGHUP, SIGINT, SIGTERM

from outrider.app.processes.child_process import ChildOrder, ChildProcess
from outrider.cli.echo import echo
from outrider.cli.log_lines import log_as_lines
from outrider.cli.main import exit_code_of
from outrider.cli.signals import call_on_signals


def main() -> None:
    """Do the work of an order until SIGTERM; SIGHUP has it look at the workspace."""
    order = ChildOrder.from_argument(sys.argv[1])
    child = ChildProcess(order, lambda problem: echo(problem, err=True))
    call_on_signals({SIGTERM: child.stop, SIGINT: child.stop, SIGHUP: child.reload})
    log_as_lines()
    sys.exit(exit_code_of(lambda: import_module(order.module).serve(child)))


if __name__ == "__main__":
    main()
