"""The command line: commands and wiring, nothing else."""

from outrider.cli.main import main

__all__ = ["main"]
