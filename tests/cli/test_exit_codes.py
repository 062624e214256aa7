"""An exit code says whose fault it was: no error of Outrider looks like a check that failed."""

from __future__ import annotations

import errno
import re
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import click
import pytest

from outrider.cli.error_report import INTERNAL
from outrider.cli.main import HUNG_UP, INTERRUPTED, exit_code_of
from outrider.model import OutriderError, TooFewSamples, UsageError


def raising(error: BaseException) -> NoReturn:
    raise error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no such check", slug="x"), 2),
        (OutriderError("no browser", slug="x"), 4),
        (TooFewSamples("three", slug="x"), 3),
        (click.UsageError("no such option"), 2),
        (click.exceptions.Abort(), INTERRUPTED),
        (click.exceptions.Exit(3), 3),
        (OSError(errno.ENOSPC, "No space left on device"), 4),
        (OSError(errno.EIO, "Input/output error"), INTERNAL),
        (KeyError("x"), INTERNAL),
        (AssertionError(), INTERNAL),
        (RecursionError("too deep"), INTERNAL),
        (MemoryError(), INTERNAL),
        (ImportError("no module"), INTERNAL),
    ],
    ids=repr,
)
def test_what_was_raised_decides_the_exit_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Only what a check found is 1."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    left = exit_code_of(lambda: raising(error))

    assert left == code


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (1, 1), (0, 0), ("text", 0)])
def test_what_a_command_returns_is_its_exit_code(returned: object, code: int) -> None:
    """A command without one went well."""
    left = exit_code_of(lambda: returned)

    assert left == code


def test_an_error_of_outrider_is_told_in_short_and_kept_in_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The reader sees one sentence and what to do; the traceback is there for whoever mends it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    exit_code_of(lambda: raising(KeyError("basket\nand more")))

    output = capsys.readouterr().err
    path = re.search(r"traceback is in (\S+)", output)
    assert output.startswith("an error of Outrider itself: KeyError: ")
    assert output.rstrip().endswith("[internal-error]")
    assert "Traceback" not in output
    assert path
    assert "KeyError: 'basket" in Path(path[1]).read_text(encoding="utf-8")


def test_an_error_is_told_even_where_nothing_can_be_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No temporary folder is no second error."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))

    left = exit_code_of(lambda: raising(KeyError("x")))

    assert left == INTERNAL
    assert "please report it" in capsys.readouterr().err


HELP = "from outrider.cli import main; main(['--help'])"
TABLE = (
    "from outrider.cli.main import exit_code_of; from outrider.cli.run_tables import console;"
    "sys.exit(exit_code_of(lambda: console().print('a row of a table')))"
)


@pytest.mark.parametrize("printing", [HELP, TABLE], ids=["help", "table"])
def test_a_reader_that_hangs_up_is_no_error(printing: str) -> None:
    """`outrider --help | true` says nothing of broken pipes, and no code that means a failed check."""
    program = subprocess.Popen(
        [sys.executable, "-c", f"import sys; sys.stdin.read(); {printing}"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert program.stdout
    program.stdout.close()

    _, output = program.communicate()

    assert "Traceback" not in output
    assert program.returncode == HUNG_UP
