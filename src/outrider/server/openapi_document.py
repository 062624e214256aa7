"""The description of the API, OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0), made from its operations. Pure."""

from __future__ import annotations

import types
from dataclasses import MISSING, dataclass, is_dataclass
from dataclasses import fields as dataclass_fields
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PLAIN: dict[Any, dict[str, str]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    object: {},
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a request, or with the server (RFC 9457); `column` is where in a query, 0 for all of it."""

    type: str
    title: str
    status: int
    detail: str
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation.

    Attributes:
        schema: Its JSON Schema.
        is_in_path: Whether it is a part of the path, and not of the query.
        is_required: Whether it must be there in the query.
    """

    name: str
    description: str
    schema: Mapping[str, object]
    is_in_path: bool = False
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of an operation that answers with `result`, a dataclass.

    Attributes:
        media_types: Of the answer.
        method: Of HTTP, in small letters.
        fields: Of the JSON object that is sent; those with a `minLength` must be there.
        conflict: When 409 is answered; empty if it never is.
    """

    path: str
    summary: str
    result: type
    parameters: Sequence[Parameter] = ()
    method: str = "get"
    fields: Sequence[Parameter] = ()
    media_types: Sequence[str] = ("application/json",)
    conflict: str = ""


class Components(dict[str, Any]):
    """Schemas by the names of their dataclasses, which must differ."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[str, type] = {}

    def is_new(self, kind: type) -> bool:
        """Return whether a dataclass was not there so far.

        Raises:
            TypeError: If another one has its name.
        """
        known = self._kinds.setdefault(kind.__name__, kind)
        if known is not kind:
            message = f"{known.__module__} and {kind.__module__} both have a {kind.__name__}"
            raise TypeError(message)
        return kind.__name__ not in self


def openapi_document(operations: Sequence[Description], version: str) -> dict[str, Any]:
    """Return the document that describes operations."""
    components = Components()
    paths: dict[str, Any] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, components)
    schema_of(Problem, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Outrider", "version": version, "description": "What Outrider knows, and what can be done."},
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


def _operation(operation: Description, components: Components) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    schema = schema_of(operation.result, components)
    body = {media_type: {"schema": schema} for media_type in operation.media_types}
    name = operation.path.strip("/").replace("/", "_").replace("{", "").replace("}", "")
    sent = {"requestBody": _sent(operation.fields)} if operation.fields else {}
    return {
        "summary": operation.summary,
        "operationId": name if operation.method == "get" else f"{operation.method}_{name}",
        **sent,
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": {
            "200": {"description": "It.", "content": body},
            "304": {"description": "It is the same as the one whose ETag was sent as If-None-Match."},
            "400": {"description": "A parameter cannot be read.", "content": problem},
            "401": {"description": "There is no session, or the token is not valid.", "content": problem},
            "403": {"description": "The role of the token or session is too low.", "content": problem},
            "404": {"description": "There is no such thing.", "content": problem},
            **({"409": {"description": operation.conflict, "content": problem}} if operation.conflict else {}),
            "503": {"description": "The store cannot be read now.", "content": problem},
        },
    }


def _sent(fields: Sequence[Parameter]) -> dict[str, Any]:
    required = [field.name for field in fields if "minLength" in field.schema]
    properties = {field.name: {"description": field.description, **field.schema} for field in fields}
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"required": bool(required), "content": {"application/json": {"schema": schema}}}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "path" if parameter.is_in_path else "query",
        "required": parameter.is_in_path or parameter.is_required,
        "description": parameter.description,
        "schema": dict(parameter.schema),
    }


def schema_of(kind: Any, components: Components) -> dict[str, Any]:
    """Return the JSON Schema of a type; dataclasses are added to `components` and referred to.

    Raises:
        TypeError: If the type has no schema.
    """
    if kind in _PLAIN:
        return {**_PLAIN[kind]}
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


def _object(kind: type, components: Components) -> dict[str, Any]:
    if components.is_new(kind):
        components[kind.__name__] = {}  # its place, while it is made
        fields = {name: schema_of(hint, components) for name, hint in get_type_hints(kind).items()}
        components[kind.__name__] = {
            "type": "object",
            "description": " ".join((kind.__doc__ or "").split()),
            "properties": fields,
            "required": [field.name for field in dataclass_fields(kind) if field.default is MISSING],
            "additionalProperties": False,
        }
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
