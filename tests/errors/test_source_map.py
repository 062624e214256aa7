"""Source maps: whatever they hold is decoded as the standard says, or refused, within bounds."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.errors import BadSourceMap, read_source_map, script_paths
from outrider.errors.source_map import source_path
from outrider.errors.source_map_limits import MOST_MAPPINGS
from outrider.errors.source_scopes import FunctionScopes

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def vlq(number: int) -> str:
    """Return a number as the standard writes it, digit by digit."""
    rest = (-number << 1) | 1 if number < 0 else number << 1
    text = ""
    while True:
        rest, digit = rest >> 5, rest & 31
        text += _ALPHABET[digit | (32 if rest else 0)]
        if not rest:
            return text


def encoded(lines: list[list[tuple[int, ...]]]) -> str:
    """Return mappings of (column, source, line, column), or (column,) alone, by line."""
    before = [0, 0, 0]
    texts = []
    for line in lines:
        column, parts = 0, []
        for mapping in line:
            steps = [mapping[0] - column, *(new - old for new, old in zip(mapping[1:], before, strict=False))]
            column, before = mapping[0], list(mapping[1:]) or before
            parts.append("".join(map(vlq, steps)))
        texts.append(",".join(parts))
    return ";".join(texts)


def document(mappings: Any = "AAAA", **changes: Any) -> bytes:
    return json.dumps({"version": 3, "sources": ["a.ts"], "names": [], "mappings": mappings, **changes}).encode()


_PLACE = st.one_of(
    st.tuples(st.integers(0, 10**6)),
    st.tuples(st.integers(0, 10**6), st.integers(0, 2), st.integers(0, 10**6), st.integers(0, 10**6)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(_PLACE, max_size=6, unique_by=lambda place: place[0]).map(sorted), max_size=6))
def test_every_place_of_a_map_is_found_where_its_writer_put_it(lines: list[list[tuple[int, ...]]]) -> None:
    source_map = read_source_map(document(encoded(lines), sources=["a", "b", "c"]))

    for number, line in enumerate(lines, 1):
        for column, *origin in line:
            place = source_map.find(number, column + 1)
            expected = (origin[0], origin[1] + 1, origin[2] + 1) if origin else None
            assert (tuple(place) if place else None) == expected
    assert source_map.mappings == sum(map(len, lines))


def test_a_place_between_two_mappings_belongs_to_the_one_before_and_a_line_has_its_own() -> None:
    source_map = read_source_map(document(encoded([[(4, 0, 7, 2)], [], [(0, 0, 9, 0)]])))

    assert source_map.find(1, 4) is None
    assert source_map.find(1, 500) == (0, 8, 3)
    assert source_map.find(2, 1) is None
    assert source_map.find(3, 1) == (0, 10, 1)
    assert source_map.find(0, 0) is None
    assert source_map.find(2**40, 2**40) is None


def test_sections_are_moved_to_where_they_begin() -> None:
    parts = [json.loads(document("AAAA", sources=[name], sourcesContent=[name])) for name in ("a", "b")]
    offsets = [{"line": 0, "column": 0}, {"line": 0, "column": 10}]
    sections = [{"offset": offset, "map": part} for offset, part in zip(offsets, parts, strict=True)]

    source_map = read_source_map(json.dumps({"version": 3, "sections": sections}).encode())

    assert source_map.paths == ("a", "b")
    assert (source_map.find(1, 10), source_map.find(1, 11)) == ((0, 1, 1), (1, 1, 1))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no JSON"),
        (b'{"version": 3, "mappings": "AAA', "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"<!doctype html>", "no JSON"),
        (b'{"version": 2}', "version 3"),
        (b'{"version": [3]}', "version 3"),
        (document(7), "no text"),
        (document("AA\u00e9A"), "hold what no mapping holds"),
        (document("AA A"), "hold what no mapping holds"),
        (document("AAAg"), "cut short"),
        (document("AAgA,A"), "number of fields"),
        (document("AA"), "number of fields"),
        (document("AAAAAA"), "number of fields"),
        (document("AEAA"), "names a source"),
        (document("D"), "column"),
        (document("gggggggggggggA"), "too large"),
        (document("A" * 2_000_000), "longer than mappings are"),
        (document("A," * MOST_MAPPINGS), "mappings"),
        (document(sources=["a"] * 100_001), "sources"),
        (json.dumps({"version": 3, "sections": [{"map": 1}]}).encode(), "section"),
        (json.dumps({"version": 3, "sections": [{"map": {}, "offset": {"line": -1}}]}).encode(), "where it begins"),
        (b" " * 64_000_001, "64,000,000 at most"),
    ],
)
def test_what_is_no_map_is_refused_with_a_reason(data: bytes, why: str) -> None:
    with pytest.raises(BadSourceMap, match=why):
        read_source_map(data)


def test_ten_million_mappings_are_refused_before_they_are_decoded() -> None:
    data = document("AAAA," * 10_000_000)

    tracemalloc.start()
    with pytest.raises(BadSourceMap, match="3,000,000 mappings"):
        read_source_map(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 3 * len(data)


@pytest.mark.parametrize(
    ("name", "root", "path"),
    [
        ("../src/cart.ts", "", "src/cart.ts"),
        ("../../../../etc/passwd", "", "etc/passwd"),
        ("webpack://shop/./src/cart.ts?a1b2", "", "src/cart.ts"),
        ("webpack:///./src/cart.ts", "", "src/cart.ts"),
        ("file:///home/ada/shop/cart.ts", "", "home/ada/shop/cart.ts"),
        ("cart.ts", "/src/", "src/cart.ts"),
        ("C:\\shop\\cart.ts", "", "C:/shop/cart.ts"),
        (None, None, "(unknown)"),
        (7, 7, "(unknown)"),
        ("a\x00\ud800b", "", "a\\x00\\ud800b"),
    ],
)
def test_a_source_has_the_path_that_its_author_knows_and_no_step_out_of_it(
    name: object, root: object, path: str
) -> None:
    assert source_path(name, root) == path


@pytest.mark.parametrize(
    ("address", "paths"),
    [
        ("https://shop.example/static/app.js?v=1#x", ("https://shop.example/static/app.js", "~/static/app.js")),
        ("app:///index.js", ("app:///index.js", "~/index.js")),
        ("/srv/shop/dist/app.js", ("/srv/shop/dist/app.js", "~/srv/shop/dist/app.js")),
        ("https://shop.example/", ("https://shop.example/",)),
        ("https://[bad/app.js", ("https://[bad/app.js",)),
    ],
)
def test_a_script_is_known_by_its_address_and_by_its_path_on_any_host(address: str, paths: tuple[str, ...]) -> None:
    assert script_paths(address) == paths


_SCOPES = """\
import { a } from "./a"; // }
const quoted = `${a ? "{" : '}'}`, pattern = /[{"'`]/;
export default class Cart extends Base<Item> {
  static limit = () => { HERE_1; };
  async add<T extends { id: string }>(item: T, n = 1): Promise<void> { if (n) { HERE_2 } }
  get total(): number { return this.items.reduce((sum, item) => sum + HERE_3, 0); }
  #secret() { HERE_4 }
}
function* walk(tree) { for (const node of tree) { HERE_5 } }
export const pay = async (cart: Cart): Promise<string> => {
  const shown = format(HERE_6);
  return shown.map(function (x) { return HERE_7; });
};
const price = (item) => item.price * HERE_8
const api = { load: async function () { HERE_9 }, save(x) { HERE_10 }, "k": { drop: () => HERE_11 } };
const typed: Handler<number> = (event) => { HERE_12 };
self.onmessage = (event) => { HERE_13 };
HERE_14;
function outer() { const inner = () => { HERE_15 }; return [1, 2].map((x) => ({ y: HERE_16 })); }
"""


def test_a_place_lies_in_the_function_that_its_author_would_name() -> None:
    scopes = FunctionScopes(_SCOPES)

    found = [scopes.at(_SCOPES.index(f"HERE_{number}")) for number in range(1, 17)]

    assert found == [
        "limit", "Cart.add", "Cart.total/<", "Cart.#secret", "walk", "pay", "pay/<", "price", "load", "save", "drop",
        "typed", "onmessage", "", "inner", "outer/<",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["function a() { HERE ", "}}} HERE", "(]) HERE", "", "`${" * 1_000, "(" * 50_000])
def test_where_brackets_do_not_balance_no_function_is_named(text: str) -> None:
    assert FunctionScopes(text).at(max(0, text.find("HERE"))) == ""
