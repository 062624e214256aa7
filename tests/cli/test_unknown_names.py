"""A name that stands for nothing is answered with what there is, not with silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import invoke
from tests.frames.conftest import CHECK, root

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["root"]


@pytest.mark.parametrize(
    ("arguments", "code", "warning"),
    [
        (("export", "samples", "--metric", "duration"), 0, 'has the metric "duration"; did you mean "duration_ms"?'),
        (("export", "samples", "--metric", "reqests"), 0, 'has the metric "reqests"; did you mean "requests"?'),
        (("export", "rollups", "--metric", "reqests"), 0, 'has the metric "reqests"; did you mean "requests"?'),
        (("export", "samples", "checkout"), 0, 'with the id "checkout"; did you mean "*checkout*"?'),
        (("export", "runs", "checkout"), 0, 'with the id "checkout"; did you mean "*checkout*"?'),
        (("runs", "checkout"), 0, 'no stored check has the id "checkout"; did you mean "*checkout*"?'),
        (("runs", "checkout", "--json"), 0, 'no stored check has the id "checkout"'),
        (("judge", f"{CHECK}s"), 2, f'did you mean "{CHECK}"?'),
        (("changes", "basket"), 0, 'no stored check has the id "basket"; known: '),
        (("calibrate", "basket"), 2, 'no stored check has the id "basket"; known: '),
        (("runs", "chekout"), 0, 'no stored check has the id "chekout"; did you mean "*checkout*"'),
        (("pause", "chekout"), 2, 'did you mean "checkout"'),
        (("show", "04040405"), 2, "did you mean 04040404?"),
        (("now", "checkout", "--location", "olso"), 0, 'in the location "olso"; known: local'),
        (("release", "v3", "--environment", "prodution"), 0, '"prodution"; did you mean "production"?'),
        (("release", "--environment", "prodution"), 0, 'in the environment "prodution"'),
    ],
)  # fmt: skip
def test_a_name_that_nothing_has_is_answered_with_the_nearest_that_there_is(
    root: Path, arguments: tuple[str, ...], code: int, warning: str
) -> None:
    """On standard error: what is read by programs stays as it is."""
    done = invoke(root, *arguments)

    assert done.returncode == code
    assert warning in done.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "samples", "*checkout*"),
        ("export", "samples", "--since", "1s"),
        ("export", "samples", "--metric", ""),
        ("export", "runs", "--metric", "nothing", "--since", "1s"),
        ("export", "incidents", "nothing"),
        ("runs", CHECK),
        ("runs", "--outcome", "missed"),
        ("judge", "*"),
        ("changes", "*checkout*"),
        ("now", "checkout"),
        ("release", "v3", "--environment", "production"),
    ],
)
def test_a_name_that_something_has_is_no_reason_to_warn(root: Path, arguments: tuple[str, ...]) -> None:
    """Also where there is nothing of it in the time or with the outcome asked for."""
    done = invoke(root, *arguments)

    assert (done.returncode, "warning" in done.stderr) == (0, False)


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        (("samples", "--since", "2130-01-01"), "no samples since 2130-01-01 00:00:00 CET, which is in the future"),
        (("runs", CHECK, "--until", "2020-07-01"), "no runs until 2020-07-01 00:00:00 CEST"),
        (
            ("rollups", "--since", "2020-01-01", "--until", "2021-01-01"),
            "no rollups since 2020-01-01 00:00:00 CET until 2021-01-01 00:00:00 CET",
        ),
        (("incidents", "--since", "2130-01-01"), "no incidents since 2130-01-01 00:00:00 CET, which is in the future"),
        (
            ("runs", "--since", "9999-12-31T23:59:59-14:00"),
            "no runs since 9999-12-31T23:59:59-14:00, which is in the future",
        ),
    ],
)
def test_a_range_in_which_nothing_lies_is_named(root: Path, arguments: tuple[str, ...], note: str) -> None:
    """On standard error, with the range as it was understood."""
    done = invoke(root, "export", *arguments)

    assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (0, 1, f"{note}\n")


def test_nothing_is_unknown_in_a_store_without_checks(tmp_path: Path) -> None:
    """It is no mistake to look before anything ran."""
    (tmp_path / "outrider.toml").touch()

    done = invoke(tmp_path, "runs", "checkout")

    assert (done.stdout, done.stderr) == ("no such runs\n", "")
