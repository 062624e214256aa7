"""Annotations at the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

PROBE = """
[home]
type = "http"
url = "http://127.0.0.1:9/"
tags = ["shop"]
"""


@pytest.fixture
def shop(desk: Desk) -> Desk:
    """Return a workspace with one probe that ran once."""
    desk.write("probes/shop.toml", PROBE)
    desk.outrider("run")
    return desk


def test_what_is_noted_is_listed_and_removed(shop: Desk) -> None:
    """At a time of one's own, on one check or those with a label; the audit log says who."""
    noted = shop.json("annotate", "cache warmed", "--at", "2026-03-01T14:00+01:00", "--check", "home", "--json")
    shop.outrider("annotate", "証明書", "--match", "tag=shop", "--by", "ada")
    listed = shop.outrider("annotate").stdout
    (latest, first) = shop.json("annotate", "--json")
    removed = shop.json("annotate", "--remove", first["id"][-8:], "--json")
    changes = [entry["action"] for entry in shop.json("audit", "--json")][:3]

    assert [(mark["text"], mark["matchers"]) for mark in noted] == [
        ("cache warmed", ["check=probe:probes/shop.toml::home"])
    ]
    assert first["at_us"] == 1_772_370_000_000_000
    assert (latest["text"], latest["matchers"], latest["author"]) == ("証明書", ["tag=shop"], "ada")
    assert "cache warmed" in listed
    assert [mark["id"] for mark in removed] == [latest["id"]]
    assert changes == ["annotation.remove", "annotation.add", "annotation.add"]


def test_what_cannot_be_noted_is_refused(shop: Desk) -> None:
    """And nothing is kept."""
    before = shop.json("annotate", "--json")
    refused = {
        slug: shop.outrider("annotate", *arguments)
        for slug, arguments in {
            "unknown-check": ("x", "--check", "nothing"),
            "unknown-label": ("x", "--match", "team=shop"),
            "bad-argument": (" ",),
            "unknown-annotation": ("--remove", "nothing"),
        }.items()
    }

    assert [(done.returncode, f"[{slug}]" in done.stderr) for slug, done in refused.items()] == [(2, True)] * 4
    assert shop.json("annotate", "--json") == before
