"""The description of the API, OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0), made from its operations. Pure."""

from __future__ import annotations

import types
from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a request, or with the server (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation.

    Attributes:
        schema: Its JSON Schema.
        is_in_path: Whether it is a part of the path, and not of the query.
    """

    name: str
    description: str
    schema: Mapping[str, object]
    is_in_path: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of an operation: a GET of `path` that answers with `result`, a dataclass."""

    path: str
    summary: str
    result: type
    parameters: Sequence[Parameter] = ()


def openapi_document(operations: Sequence[Description], version: str) -> dict[str, Any]:
    """Return the document that describes operations."""
    components: dict[str, Any] = {}
    paths = {operation.path: {"get": _operation(operation, components)} for operation in operations}
    schema_of(Problem, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Outrider", "version": version, "description": "What Outrider knows, to read."},
        "paths": paths,
        "components": {"schemas": dict(sorted(components.items()))},
    }


def _operation(operation: Description, components: dict[str, Any]) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    body = {"application/json": {"schema": schema_of(operation.result, components)}}
    return {
        "summary": operation.summary,
        "operationId": operation.path.strip("/").replace("/", "_").replace("{", "").replace("}", ""),
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": {
            "200": {"description": "It.", "content": body},
            "304": {"description": "It is the same as the one whose ETag was sent as If-None-Match."},
            "400": {"description": "A parameter cannot be read.", "content": problem},
            "404": {"description": "There is no such thing.", "content": problem},
            "503": {"description": "The store cannot be read now.", "content": problem},
        },
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "path" if parameter.is_in_path else "query",
        "required": parameter.is_in_path,
        "description": parameter.description,
        "schema": dict(parameter.schema),
    }


def schema_of(kind: Any, components: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of a type; dataclasses are added to `components` and referred to.

    Raises:
        TypeError: If the type has no schema.
    """
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if kind is type(None):
        return {"type": "null"}
    arguments = get_args(kind)
    if get_origin(kind) in {Union, types.UnionType}:
        return {"anyOf": [schema_of(argument, components) for argument in arguments]}
    if get_origin(kind) is tuple and arguments[1:] == (...,):
        return {"type": "array", "items": schema_of(arguments[0], components)}
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": schema_of(arguments[1], components)}
    if is_dataclass(kind) and isinstance(kind, type):
        return _object(kind, components)
    raise TypeError(f"{kind} has no schema")


def _object(kind: type, components: dict[str, Any]) -> dict[str, Any]:
    if kind.__name__ not in components:
        components[kind.__name__] = {}  # its place, while it is made
        fields = {name: schema_of(hint, components) for name, hint in get_type_hints(kind).items()}
        components[kind.__name__] = {
            "type": "object",
            "description": " ".join((kind.__doc__ or "").split()),
            "properties": fields,
            "required": list(fields),
            "additionalProperties": False,
        }
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
