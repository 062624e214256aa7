"""The command line: commands and wiring, nothing else."""

try:
    from outrider.cli.main import main
except KeyboardInterrupt:  # Ctrl-C before the command line can handle it: no traceback
    raise SystemExit(130) from None

__all__ = ["main"]
