"""YAML of strangers, read within limits: no code, no bombs, no depth that ends the process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from outrider.model import ConfigError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEPTH: Final = 60
_NODES: Final = 200_000
"""Most nodes of a document, those that aliases repeat counted each time."""

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlTable(dict[Any, Any]):
    """A mapping that knows the lines of its keys."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[Any, int] = {}


class _Loader(_Parser):  # type: ignore[misc]  # which parser there is depends on libyaml
    """Makes plain values, and tables that know their lines."""


def _construct_table(loader: Any, node: yaml.MappingNode) -> Iterator[YamlTable]:
    table = YamlTable()
    yield table
    loader.flatten_mapping(node)
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int | float | bool | None):
            raise yaml.constructor.ConstructorError(None, None, "a key is no plain value", key_node.start_mark)
        table[key] = loader.construct_object(value_node, deep=True)
        table.lines[key] = key_node.start_mark.line + 1


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_table)


def parse_yaml(text: str, file: str) -> object:
    """Return the value of a document.

    Raises:
        ConfigError: bad-import if it is no YAML, or nests or repeats too much.
    """
    try:
        _check_depth(text, file)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check_size(node, file)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise refusal(file, f"is not YAML: {what}", None if mark is None else mark.line + 1) from None
    except (ValueError, RecursionError, OverflowError) as error:
        raise refusal(file, f"cannot be read: {error}") from None


def refusal(file: str, what: str, line: int | None = None) -> ConfigError:
    """Return the error that a file cannot be imported."""
    fix = "give the configuration file of the monitor that you name, as that monitor reads it"
    return ConfigError(
        f"{file} {what}", slug="bad-import", fix=fix, where=Place(file) if line is None else Place(file, line)
    )


def _check_depth(text: str, file: str) -> None:
    """Refuse nesting before anything follows it: what composes nodes calls itself."""
    depth = 0
    for event in yaml.parse(text, Loader=_Parser):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEPTH:
                raise refusal(file, f"nests more than {_DEPTH} levels deep", event.start_mark.line + 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _check_size(node: yaml.Node, file: str) -> None:
    """Refuse a document whose aliases repeat too much, or hold themselves."""
    sizes: dict[int, int] = {}
    under_way: set[int] = set()

    def size(of: yaml.Node) -> int:
        if id(of) in sizes:
            return sizes[id(of)]
        if id(of) in under_way:
            raise refusal(file, "has an alias that holds itself", of.start_mark.line + 1)
        under_way.add(id(of))
        total = 1 + sum(size(child) for child in _children(of))
        under_way.discard(id(of))
        sizes[id(of)] = total
        if total > _NODES:
            raise refusal(file, f"has more than {_NODES:,} values, aliases followed", of.start_mark.line + 1)
        return total

    size(node)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (key, value)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value
