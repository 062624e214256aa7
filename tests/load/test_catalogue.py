from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.load import Profile, read_profiles
from outrider.load.profile import AbortRule, Expectation
from outrider.load.shapes import Arrivals, Ramp, Soak, Spike, Steps
from outrider.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.load import Catalogue

VARIABLES = {"SHOP": "http://127.0.0.1:8700"}


def read(root: Path, text: str, settings: str = "") -> Catalogue:
    (root / "outrider.toml").write_text(settings)
    (root / "probes").mkdir()
    (root / "probes" / "shop_load.py").write_text("")
    (root / "probes" / "loads.toml").write_text(text)
    return read_profiles(load(root), VARIABLES)


def profile(root: Path, text: str) -> Profile:
    catalogue = read(root, f'[shop]\nkind = "load"\nfile = "probes/shop_load.py"\n{text}')
    assert [str(problem) for problem in catalogue.problems] == []
    return catalogue.profiles[catalogue.checks[0].id]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ('host = "${SHOP}/"\nusers = 7\nspawn_rate = 2.5',
         {"host": "http://127.0.0.1:8700/", "users": 7, "spawn_rate": 2.5}),
        ('arguments = ["--base", "${SHOP}"]', {"arguments": ("--base", "http://127.0.0.1:8700")}),
        ('processes = 4\nclasses = ["Buyer"]\nonly = ["a"]\nexcept = ["b"]',
         {"processes": 4, "classes": ("Buyer",), "tags": ("a",), "exclude_tags": ("b",)}),
        ('users = 9\nduration = "1m"\nshape = {kind = "ramp"}',
         {"users": 9, "duration_s": 60.0, "shape": Ramp(9, 30.0)}),
        ('users = 9\nduration = "1m"\nshape = {kind = "soak"}',
         {"users": 9, "duration_s": 60.0, "shape": Soak(9, 6.0, 60.0)}),
        ('shape = {kind = "steps", users = [1, 5]}', {"shape": Steps((1, 5), 30.0)}),
        ('users = 2\nshape = {kind = "spike", peak = 40, at = "10s", lasts = "5s"}',
         {"users": 2, "shape": Spike(2, 40, 10.0, 5.0)}),
        ('users = 30\nshape = {kind = "arrivals", rate = 20, ramp = "10s"}',
         {"users": 30, "shape": Arrivals(20.0, 30, 10.0)}),
        ('users = 3\nshape = {kind = "constant"}', {"users": 3}),
        ('expect = {failure_share = 0.05, p95 = "2s"}', {"expect": {"": Expectation(0.05, {0.95: 2000.0})}}),
        ('expect = {endpoint = {"GET /" = {p99 = "1s", requests_per_s = 5}}}',
         {"expect": {"": Expectation(0.01), "GET /": Expectation(None, {0.99: 1000.0}, 5.0)}}),
        ('abort = {failure_share = 0.5, window = "5s"}', {"abort": AbortRule(Expectation(0.5), 5.0)}),
    ],
)  # fmt: skip
def test_reads_a_profile(tmp_path: Path, text: str, expected: dict[str, object]) -> None:
    assert profile(tmp_path, text) == Profile("probes/shop_load.py", **expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('file = 5', 'shop.file = 5 is not text'),
        ('file = "probes/none.py"', 'shop.file = "probes/none.py" is not a file'),
        ('file = "../x.py"', "leads out of the workspace"),
        ('folder = "none"', "is not a folder"),
        ('user = 3', "shop.user is not a known key"),
        ('users = 0', "shop.users = 0 is out of range"),
        ('host = "shop"', 'shop.host = "shop" is not a URL'),
        ('host = "${NONE}"', "names NONE, which is not set"),
        ('host = "https://shop.example"', "is a host that no load may go to"),
        ('shape = {kind = "rmap"}', 'did you mean "ramp"?'),
        ('shape = {kind = "ramp"}', "shop.users is missing"),
        ('users = 3\nduration = "10s"\nshape = {kind = "ramp", ramp = "1m"}',
         "lasts longer than the load"),
        ('shape = {kind = "steps", users = []}', "is not a list of numbers"),
        ('expect = {p95 = 5}', "is not a duration"),
        ('expect = {endpoint = {"GET /" = {p98 = "1s"}}}', "is not a known key"),
        ('arguments = "--x"', "is not a list of texts"),
        ('workers_at = ["fra", "local"]', 'holds "local", which cannot be the name of a location'),
        ('workers_at = ["a b"]', 'holds "a b", which cannot be the name of a location'),
        ('workers_at = ["fra"]', "shop.workers_at needs an address at which workers find this host"),
    ],
)  # fmt: skip
def test_tells_what_is_wrong_and_where(tmp_path: Path, text: str, message: str) -> None:
    file = "" if text.startswith("file") else 'file = "probes/shop_load.py"\n'
    catalogue = read(tmp_path, f'[shop]\nkind = "load"\n{file}{text}\n')

    assert not [check for check in catalogue.checks if check.name == "shop"]
    assert message in str(catalogue.problems[0])
    assert str(catalogue.problems[0].where).startswith("probes/loads.toml:")


def test_workers_in_locations_are_as_many_as_are_named(tmp_path: Path) -> None:
    text = '[a]\nkind = "load"\nfile = "probes/shop_load.py"\nworkers_at = ["fra", "ber"]\n'
    table = text + text.replace("[a]", "[b]") + "processes = 2\n"

    catalogue = read(tmp_path, table, '[load]\nmaster = "10.0.0.5:5557"\n')

    (check, profile), *_ = catalogue.profiles.items()
    assert (check, profile.workers, profile.generators) == ("load:probes/loads.toml::a", 2, 2)
    assert [str(problem).split(" = ")[0].partition("\n")[0] for problem in catalogue.problems] == [
        "probes/loads.toml:9: b.processes stands beside workers_at, which says how many there are"
    ]


def test_a_load_runs_when_it_is_named_and_is_never_repeated_by_itself(tmp_path: Path) -> None:
    catalogue = read(tmp_path, '[a]\nkind = "load"\nfile = "probes/shop_load.py"\nduration = "10m"\n')

    (check,) = catalogue.checks
    assert check.id == "load:probes/loads.toml::a"
    assert not check.policy.enabled
    assert (check.policy.retries, check.policy.evidence, check.policy.timeout_s) == (0, False, 660.0)


def test_a_locustfile_that_no_table_names_is_a_profile_too(tmp_path: Path) -> None:
    catalogue = read(tmp_path, '[home]\nkind = "http"\nurl = "http://x/"\n')

    (check,) = catalogue.checks
    assert check.id == "load:probes/shop_load.py"
    assert catalogue.profiles[check.id] == Profile("probes/shop_load.py")


def test_a_profile_without_its_file_is_refused(tmp_path: Path) -> None:
    catalogue = read(tmp_path, '[shop]\nkind = "load"\n')

    assert "shop.file is missing" in str(catalogue.problems[0])


def test_hosts_that_the_workspace_allows_may_be_loaded(tmp_path: Path) -> None:
    text = '[a]\nkind = "load"\nfile = "probes/shop_load.py"\nhost = "https://shop.example"\n'

    assert read(tmp_path, text, '[load]\nallowed_hosts = ["shop.example"]\n').problems == ()
