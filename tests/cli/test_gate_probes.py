"""The gate on probes, by the real program: no browser is needed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store
from tests.cli.conftest import invoke, serving

from outrider.workspace import StoreSettings

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

    from outrider.model import StoredGate

PROBES = """
[home]
kind = "http"
url = "${SITE}/"

[order]
kind = "api"
[[order.request]]
name = "look"
url = "${SITE}/tiny"

[port]
kind = "tcp"
address = "${PLACE}"

[backup]
kind = "heartbeat"
period = "1d"
grace = "1h"
token = "a-long-and-secret-token"
"""
STUBBORN = """
[stubborn]
kind = "http"
url = "${PLAIN}/"
"""


def stored_gates(desk: Desk) -> list[StoredGate]:
    """Return the decisions in the store of a workspace, the latest first."""
    usual = StoreSettings()
    with new_store(desk.root / usual.url, artifacts=desk.root / usual.artifacts) as store:
        return list(store.gates.search(limit=100))


@pytest.fixture(scope="module")
def probing(desk: Desk) -> Desk:
    desk.in_process = True
    desk.write("probes/shop.toml", PROBES)
    return desk


@pytest.mark.slow
def test_probes_are_compared_at_two_addresses(probing: Desk, site: str) -> None:
    """Those that ask no web address are named; one with an address of its own is a wrong setup."""
    probing.write("probes/stubborn.toml", STUBBORN)
    with serving() as other:
        done = probing.outrider(
            "gate", "--ab", site, other, "--variable", "SITE", "--runs", "2", "--sessions", "4", "--floor", "500",
            "--json", SITE=site, PLAIN=site, PLACE=site.removeprefix("http://"),
        )  # fmt: skip
    (probing.root / "probes/stubborn.toml").unlink()

    assert done.returncode == 4, done.stderr
    document = json.loads(done.stdout)
    assert {(row["check"].rpartition(":")[2], row["step"], row["verdict"]) for row in document["findings"]} == {
        ("home", None, "pass"), ("home", "request", "pass"), ("order", None, "pass"), ("order", "look", "pass"),
    }  # fmt: skip
    assert [row.partition(" ")[0].rpartition(":")[2] for row in document["notes"]] == ["port", "backup"]
    (wrong,) = document["wrong"]
    assert wrong.startswith(f"probe:probes/stubborn.toml::stubborn: never asked {other} (it asked {site})")


@pytest.mark.slow
def test_probes_have_accepted_baselines(probing: Desk, site: str) -> None:
    """A dead target fails at the first look, and a browser plays no part in the fingerprint."""
    place = site.removeprefix("http://")
    probing.outrider("run", "probes/", "--repeat", "12", SITE=site, PLACE=place)
    accepted = probing.json("baseline", "accept", "probes/", "--runs", "3", "--json", SITE=site, PLACE=place)

    same = probing.outrider("gate", "probes/", "--runs", "3", "--floor", "500", "--json", SITE=site, PLACE=place)
    dead = probing.outrider(
        "gate", "probes/shop.toml::home", "--runs", "3", "--json", SITE="http://127.0.0.1:9", PLACE=place
    )

    assert [(row["file"], row["sessions"], row["failed"]) for row in accepted] == [
        (f"baselines/probes-shop.toml-{name}.json", 4, 0) for name in ("home", "order", "port")
    ]
    document = json.loads(same.stdout)
    assert (same.returncode, document["verdict"]) == (0, "pass"), document
    assert [row for row in document["notes"] if "elsewhere" in row] == []
    assert dead.returncode == 1, dead.stdout + dead.stderr
    assert "12 of 12 failed against 0 of 12" in dead.stdout


@pytest.mark.slow
def test_shards_are_merged_to_one_decision(probing: Desk, site: str) -> None:
    """Each takes its part of the checks, one has none; together they decide as one gate does."""
    place = site.removeprefix("http://")
    probing.outrider("run", "probes/", "--repeat", "8", SITE=site, PLACE=place)
    probing.json("baseline", "accept", "probes/", "--runs", "2", "--json", SITE=site, PLACE=place)
    files = []
    for number in range(1, 6):
        done = probing.outrider(
            "gate", "probes/", "--runs", "2", "--floor", "500", "--budget", "5m", "--shard", f"{number}/5", "--json",
            SITE=site, PLACE=place,
        )  # fmt: skip
        probing.write(f"shards/{number}.json", done.stdout)
        files.append(f"shards/{number}.json")

    merged = probing.outrider("gate-merge", *files, "--junit", "made/merged.xml", "--json")
    kept = stored_gates(probing)
    away = invoke(probing.root.parent, "gate-merge", *(str(probing.root / file) for file in files), "--json")
    settings = (probing.root / "outrider.toml").read_text()
    probing.write("outrider.toml", "unknown = 1\n")
    unusable = probing.outrider("gate-merge", *files, "--json")
    probing.write("outrider.toml", settings)
    partial = invoke(probing.root.parent, "gate-merge", *(str(probing.root / file) for file in files[1:]))

    document = json.loads(merged.stdout)
    assert (merged.returncode, document["verdict"]) == (0, "pass"), merged.stderr
    assert (away.returncode, away.stdout) == (unusable.returncode, unusable.stdout) == (0, merged.stdout)
    assert "outrider.toml:1" in unusable.stderr
    merged_gate, *parts = kept[:6]
    assert [gate.shard for gate in (merged_gate, *parts)] == ["", "5/5", "4/5", "3/5", "2/5", "1/5"]
    assert sum(sum(gate.counts.values()) for gate in parts) == sum(merged_gate.counts.values())
    assert len(stored_gates(probing)) == len(kept)
    assert len({finding["check"] for finding in document["findings"]}) == 3
    assert any("no check falls to shard 5/5" in note for note in document["notes"])
    assert (probing.root / "made/merged.xml").exists()
    assert partial.returncode == 2
    assert "1/5" in partial.stderr
    assert "[bad-shard]" in partial.stderr


@pytest.mark.slow
def test_settings_name_the_steps_that_decide(desk: Desk, site: str) -> None:
    """In a check's own file, over outrider.toml, the command line over both; a name of no step is wrong."""
    desk.in_process = True
    settings = (desk.root / "outrider.toml").read_text()
    desk.write("outrider.toml", f'{settings}\n[defaults]\ndecides = ["look"]\n')
    second = '[[order.request]]\nname = "pay"\nurl = "${SITE}/tiny"\n'
    own = f"{PROBES}{second}".replace('kind = "api"', 'kind = "api"\ndecides = ["pa*"]')
    both = f'{own}\n[visit]\nkind = "api"\n[[visit.request]]\nname = "look"\nurl = "${{SITE}}/tiny"\n'
    for text, options, code, expected in (
        (both, (), 0, {"order/pay", "visit/look"}),
        (both, ("--decides", "look"), 0, {"order/look", "visit/look"}),
        (both.replace('["pa*"]', '["gone"]'), (), 4, {"visit/look"}),
    ):
        desk.write("probes/shop.toml", text)
        with serving() as other:
            done = desk.outrider(
                "gate", "*::order", "*::visit", "--ab", site, other, "--variable", "SITE", "--runs", "2",
                "--sessions", "4", "--floor", "500", *options, "--json",
                SITE=site, PLACE=site.removeprefix("http://"),
            )  # fmt: skip
        document = json.loads(done.stdout)
        deciding = {
            f"{row['check'].rpartition(':')[2]}/{row['step']}"
            for row in document["findings"] if row["decides"] and row["step"]
        }  # fmt: skip
        assert (done.returncode, deciding) == (code, expected), document
    desk.write("outrider.toml", settings)

    assert any("no step is named 'gone', which was to decide" in reason for reason in document["wrong"])
