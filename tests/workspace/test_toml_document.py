"""TOML with the line of every key."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model import ConfigError
from outrider.workspace.toml_document import KeyPath, key_lines, read_document

EVERYTHING = '''# comment = 1
title = "one # two"
"quoted key" = 1
'literal.key' = 2
a.b."c.d" = 3 # comment ] }
text = """
[not.a.table]
escaped \\""" still inside""""
raw = \'\'\'
no = "key"\'\'\'
numbers = [
  1, # [
  2,
  [3, 4],
]
inline = { x = 1, y = { "z" = "}" } }
when = 1979-05-27T07:32:00Z
empty = []
none = {}

[table]
key = 1
[table.below.deep]
key = true
[[list]]
key = 1
[[list]]
key = 2
[list.sub]
key = 3
[[list.many]]
key = 4
[last]
"\\u0061bc" = 1e3'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("quoted key",), 3),
        (("literal.key",), 4),
        (("a", "b", "c.d"), 5),
        (("text",), 6),
        (("raw",), 9),
        (("numbers",), 11),
        (("numbers", 0), 12),
        (("numbers", 2, 1), 14),
        (("inline", "y", "z"), 16),
        (("empty",), 18),
        (("none",), 19),
        (("table",), 21),
        (("table", "below"), 23),
        (("table", "below", "deep", "key"), 24),
        (("list",), 25),
        (("list", 0, "key"), 26),
        (("list", 1), 27),
        (("list", 1, "sub", "key"), 30),
        (("list", 1, "many", 0, "key"), 32),
        (("last", "abc"), 34),
    ],
)
def test_every_key_has_its_line(path: KeyPath, line: int) -> None:
    """Strings of all kinds, dotted keys, nested arrays and inline tables do not lead astray."""
    tomllib.loads(EVERYTHING)

    assert key_lines(EVERYTHING)[path] == line


def _paths(value: object, path: KeyPath = ()) -> set[KeyPath]:
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return {path} | {deeper for key, item in items for deeper in _paths(item, (*path, key))}


def test_exactly_the_keys_that_the_parser_sees_have_lines() -> None:
    """The scanner invents no key and misses none."""
    assert set(key_lines(EVERYTHING)) | {()} == _paths(tomllib.loads(EVERYTHING))


_KEY = st.one_of(
    st.text(alphabet="abcXYZ019-_", min_size=1, max_size=5),
    st.text(alphabet="a #.[]{}='é", max_size=5).map(lambda key: f'"{key}"'),
)
_SCALAR = st.one_of(
    st.integers().map(str),
    st.booleans().map(lambda value: str(value).lower()),
    st.sampled_from(['"# [x]"', "'a\"b'", '"""a\n"b" = \\"""""', "'''x\n[y]\n'''", "1979-05-27 07:32:00", "-inf"]),
)
_VALUE = st.recursive(
    _SCALAR,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[\n# ]\n" + " ,\n ".join(items) + "]"),
        st.lists(st.tuples(_KEY, inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key} = {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=6,
)
_LINE = st.one_of(
    st.tuples(_KEY, _VALUE).map(lambda pair: f"{pair[0]} = {pair[1]} # note"),
    st.tuples(_KEY, _KEY, _SCALAR).map(lambda parts: f"{parts[0]} . {parts[1]} = {parts[2]}"),
    st.tuples(_KEY, _KEY).map(lambda keys: f"[{keys[0]}.{keys[1]}]"),
    _KEY.map(lambda key: f"[[ {key} ]]"),
    st.just("# comment"),
)


@given(st.lists(_LINE, max_size=6).map("\n".join))
def test_scanner_and_parser_agree_on_any_document(text: str) -> None:
    """Whatever the parser accepts, the scanner reads the same keys from it."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return

    assert set(key_lines(text)) | {()} == _paths(data)


@pytest.mark.parametrize(
    ("content", "slug", "line"),
    [
        (b'a = 1\nb = "x\n', "broken-toml", 2),
        (b"a = 1\na = 2\n", "broken-toml", 2),
        (b"a = 1\n\n[b\nc = 1", "broken-toml", 3),
        (b"a = ", "broken-toml", 1),
        (b"a = " + b"[" * 100_000, "broken-toml", 1),
        (b"a = " + b"9" * 5_000, "broken-toml", 1),
        (b"a = 1\nb = '\xe9'\n", "not-utf8", 2),
        (b"\xff\xfea\x00", "not-utf8", 1),
    ],
)
def test_a_broken_file_says_where(tmp_path: Path, content: bytes, slug: str, line: int) -> None:
    """The parser's own place, or that of the byte that is not UTF-8."""
    (tmp_path / "x.toml").write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        read_document(tmp_path / "x.toml", "x.toml")

    assert (caught.value.slug, str(caught.value.where)) == (slug, f"x.toml:{line}")
    assert caught.value.fix


def test_a_byte_order_mark_and_carriage_returns_are_harmless(tmp_path: Path) -> None:
    """Editors on Windows write both."""
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbfa = 1\r\n\r\nb = 2\r\n")

    document = read_document(tmp_path / "x.toml", "x.toml")

    assert document.data == {"a": 1, "b": 2}
    assert str(document.place(("b",))) == "x.toml:3"


def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    """A folder in the place of the file is a problem of the workspace, not a traceback."""
    with pytest.raises(ConfigError, match="cannot be read"):
        read_document(tmp_path, "x.toml")


def test_a_number_with_too_many_digits_is_called_that(tmp_path: Path) -> None:
    """In the words of the file, not of Python."""
    (tmp_path / "x.toml").write_text(f"a = {'1' * 5_000}\n")

    with pytest.raises(ConfigError, match="a number has too many digits"):
        read_document(tmp_path / "x.toml", "x.toml")


def test_an_unknown_path_has_the_place_of_what_is_around_it(tmp_path: Path) -> None:
    """A missing key is reported at its table."""
    (tmp_path / "x.toml").write_text("\n[a]\nb = 1\n")

    document = read_document(tmp_path / "x.toml", "x.toml")

    assert str(document.place(("a", "missing", 3))) == "x.toml:2"
    assert str(document.place(("missing",))) == "x.toml"
