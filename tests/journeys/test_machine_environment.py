"""What a failing test says does not list the machine's environment, however pytest prints and shortens it."""

from __future__ import annotations

import pprint

import pytest

from outrider.journeys.machine_environment import MachineEnvironment, UnlistedEnvironment

MACHINE = {
    "SHELL": "/usr/bin/fish",
    "PIN": "482913",
    "QUOTED": 'it\'s "said" by \\ both',
    "LONG": " ".join(f"word{number}" for number in range(40)),
    "HOME": "/users/ada",
    "FLAG": "true",
    "COUNT": "12",
    "SITE": "http://shop.example",
}
HIDDEN = [MACHINE[name] for name in ("SHELL", "PIN", "HOME")] + ["word0 ", "word39", "said"]
LISTED = repr(MACHINE)


@pytest.fixture
def machine() -> MachineEnvironment:
    return MachineEnvironment(MACHINE, declared="SITE OTHER")


@pytest.mark.parametrize(
    "text",
    [
        LISTED,
        f"assert {LISTED} == {{}}",
        pprint.pformat(MACHINE),
        "\n".join(f"E     -  {line}" for line in pprint.pformat(MACHINE, width=40).splitlines()),
        repr({name.encode(): value.encode() for name, value in MACHINE.items()}),
        repr(list(MACHINE.items())),
    ],
    ids=["repr", "assertion", "pretty", "diff", "bytes", "pairs"],
)
def test_values_of_the_machine_are_hidden(machine: MachineEnvironment, text: str) -> None:
    """Trivial values stay, and those that the workspace sets."""
    hidden = machine.hide(text)

    assert [value for value in HIDDEN if value in hidden] == []
    assert [word for word in ("SHELL", "HOME", "true", "12", "http://shop.example") if word not in hidden] == []


def test_nothing_shows_wherever_a_listing_is_cut(machine: MachineEnvironment) -> None:
    """pytest leaves out the middle, and messages have an end."""
    for kept in range(25, 180):
        middle = machine.hide(f"assert {LISTED[:kept]}...{LISTED[-kept:]} == {{}}")
        short = machine.hide(f"assert {{'COUNT': '12', ...{LISTED[-kept:]} == {{}}")
        end = machine.hide(LISTED[:kept])

        assert [value for value in HIDDEN if value in middle + short + end] == [], (kept, middle, short, end)


@pytest.mark.parametrize(
    "text",
    [
        "SHELL is /usr/bin/fish, and HOME /users/ada",
        "assert {'HOME': '/users/bob'} == {'HOME': '/users/eve'}",
        "assert {'house': '/users/ada'} == {}",
        "locator('#HOME') ... 'fish' of '/usr/bin/fish' ... '/users/ada'",
        "{'SITE': 'http://shop.example', 'FLAG': 'true'}",
    ],
)
def test_other_words_stay(machine: MachineEnvironment, text: str) -> None:
    """A value outside a listing, or one that is not the machine's."""
    assert machine.hide(text) is text


def test_an_environment_shows_nothing_of_itself() -> None:
    """It is used like any other."""
    environment = UnlistedEnvironment({b"A": b"word"}, bytes, bytes, bytes, bytes)

    assert (repr(environment), environment[b"A"]) == ("environ(...)", b"word")
