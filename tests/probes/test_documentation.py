"""The documents say what probes do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.probes import read_probes
from outrider.probes.probe_kinds import KINDS
from outrider.workspace import init, load

if TYPE_CHECKING:
    from tests.probes.conftest import Bench

REPOSITORY = Path(__file__).parents[2]
PROBES = (REPOSITORY / "docs/probes.md").read_text(encoding="utf-8")
ROOMS = [path for room in ("probes", "server") for path in (REPOSITORY / "src/outrider" / room).glob("*.py")]
OF_PROBES = "".join(path.read_text(encoding="utf-8") for path in ROOMS if path.parent.name == "probes")


def test_all_examples_together_are_sound(bench: Bench) -> None:
    """What somebody copies works."""
    names = set(re.findall(r"\$\{([A-Z_]+)\}", PROBES)) - {"NAME"}
    bench.variables |= dict.fromkeys(names, "quite-secret")
    bench.variables["SHOP_URL"] = bench.variables["QUEUE_URL"] = "https://shop.example"
    bench.read("")
    (bench.root / "e2e").mkdir()
    (bench.root / "probes" / "photo.png").touch()

    catalogue = bench.read("\n".join(re.findall(r"```toml\n(.*?)```", PROBES, re.DOTALL)))

    assert catalogue.problems == ()
    assert [check.name for check in catalogue.checks] == [
        "home",
        "upload",
        "orders",
        "order",
        "smtp",
        "imap",
        "redis",
        "ssh",
        "clock",
        "prices",
        "cart",
        "waiting",
        "queue",
        "suite",
        "backup",
    ]


def test_every_key_is_described() -> None:
    """A key that nobody can read about is no key."""
    keys = set(
        re.findall(
            r'(?:read|require|texts?|folder|template|templates|file|section|sections)\(\s*"([a-z_]+)"', OF_PROBES
        )
    )

    assert not [key for key in keys | set(KINDS) if not re.search(rf"\b{key}\b", PROBES)]


def test_the_probes_of_a_new_workspace_are_sound(bench: Bench) -> None:
    """What `outrider init` writes for a suite of Playwright Test is read as it stands."""
    (bench.root / "e2e").mkdir()
    (bench.root / "e2e/playwright.config.ts").touch()
    init(bench.root)

    catalogue = read_probes(load(bench.root), {})

    assert catalogue.problems == ()
    assert [(check.name, check.policy.enabled) for check in catalogue.checks] == [("e2e", False)]
