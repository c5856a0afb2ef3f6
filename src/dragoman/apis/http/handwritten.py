"""Operations that the owner wrote down by hand, for an API without a description (`http:`).

They are bound like those of an OpenAPI document. Where the file says nothing, the defaults of
OpenAPI hold: queries are written by `form` exploded, a body is JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from dragoman.apis.description import Description
from dragoman.apis.http.binding import Binding, Body, Hole, Parameter, Place, Style, Template
from dragoman.apis.http.effect import effect_of
from dragoman.apis.http.field_name import header_fault
from dragoman.apis.http.schema_by_hand import closed, schema_fault
from dragoman.apis.http.target import parse_template
from dragoman.config.consistency import METHODS
from dragoman.config.parameters import parameter_schema
from dragoman.config.settings import ApiSettings, OperationSettings
from dragoman.errors import AddressRefusedError, ConfigurationError
from dragoman.nearest import did_you_mean
from dragoman.network.address import parse_address
from dragoman.operation import WHOLE_AUTH, Contract, JsonSchema, JsonValue, Operation

__all__ = ["read"]

_ACCEPT = "application/json, */*;q=0.8"
_STYLES: Mapping[str, tuple[Style, bool]] = {
    "path": ("simple", False),
    "query": ("form", True),
    "header": ("simple", False),
}
_MAX_NAME = 128


def read(name: str, api: ApiSettings) -> Description:
    """Return the operations under `apis.NAME.operations`.

    Raises `ConfigurationError` with every fault, each with the place where it stands.
    """
    faults: list[str] = []
    server = _server(name, api, faults)
    operations: dict[str, Operation] = {}
    omitted: set[str] = set()
    for key, own in api.operations.items():
        draft = _Draft(f"apis.{name}.operations.{key}", api, own)
        operation = draft.operation(name, key, server)
        faults.extend(draft.faults)
        omitted |= draft.omitted
        if operation is not None:
            operations[key] = operation
    faults.extend(
        f"apis.{name}.omit: no operation has an argument '{argument}'."
        for argument in api.omit
        if argument not in omitted
    )
    if faults:
        raise ConfigurationError(*faults)
    return Description(
        api=name,
        title=name,
        version="",
        description=api.description,
        operations=operations,
        servers=(server,),
        findings=() if operations else (f"{name} has no operations: write them under it.",),
    )


def _server(name: str, api: ApiSettings, faults: list[str]) -> str:
    """Return scheme, host and base path, encoded and without a slash at the end."""
    key = "http" if api.base_url is None else "base_url"
    written = (api.base_url or api.http or "").rstrip("/")
    scheme, _, rest = written.partition("://")
    host, _, path = rest.partition("/")
    try:
        address = parse_address(f"{scheme}://{host}")
        template = parse_template(f"/{path}") if path else ("",)
    except (AddressRefusedError, ValueError) as error:
        faults.append(f"apis.{name}.{key}: {written[:200]} is no address to call: {error}")
        return ""
    if len(template) != 1 or address.target != "/":
        faults.append(f"apis.{name}.{key}: {written[:200]} holds more than host and path.")
    return f"{address.scheme}://{address.netloc}{template[0]}"


@dataclass(slots=True)
class _Draft:
    """One operation while it is read; `faults` says what is wrong with it, each with its place."""

    place: str
    api: ApiSettings
    own: OperationSettings
    faults: list[str] = field(default_factory=list)
    properties: dict[str, JsonValue] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    omitted: set[str] = field(default_factory=set)
    changes: list[str] = field(default_factory=list)

    def operation(self, api: str, key: str, server: str) -> Operation | None:
        """Return the operation, or None where a fault was found."""
        if not key.isprintable() or " " in key or not 0 < len(key) <= _MAX_NAME:
            self._fault("", f"'{key[:_MAX_NAME]}' is no name for an operation")
        method, written = self._method()
        path, _, query = written.partition("?")
        template = self._template(path, query)
        parameters = [
            *self._parameters("path", self.own.path),
            *self._parameters("query", self.own.query),
            *self._parameters("header", self.own.header),
        ]
        body = self._body()
        self._check_holes(template, {p.name for p in parameters if p.place == "path"})
        self._check_omit()
        if self.faults:
            return None
        accepts = any(p.place == "header" and p.name.lower() == "accept" for p in parameters)
        binding = Binding(
            method=method.upper(),
            server=server,
            path=template,
            parameters=tuple(parameters),
            body=body,
            query=query,
            accept="" if accepts else _ACCEPT,
            credentials=frozenset(name for kind, name in self._shown() if kind == "query"),
        )
        contract = Contract(
            input_schema=self._schema(),
            security=((WHOLE_AUTH,),) if self.api.auth else (),
            binding=binding,
            changes=tuple(self.changes),
        )
        return Operation(
            id=f"{api}.{key}",
            api=api,
            name=key,
            kind="http",
            effect=self.own.effect or effect_of(method),
            route=f"{method.upper()} {path}",
            description=self.own.description or "",
            takes=" ".join(self.properties),
            read=lambda: contract,
        )

    def _fault(self, below: str, what: str) -> None:
        end = "" if what.endswith("?") else "."
        self.faults.append(f"{self.place}{below}: {what}{end}")

    def _method(self) -> tuple[str, str]:
        written = [
            (m, str(getattr(self.own, m))) for m in METHODS if getattr(self.own, m) is not None
        ]
        if len(written) == 1:
            return written[0]
        self._fault("", 'it needs one method and path, such as get: "/parcels/{id}"')
        return "get", "/"

    def _template(self, path: str, query: str) -> Template:
        if "{" in query or "}" in query:
            self._fault("", "a value in the query is written under query:, not into the path")
        elif "#" in query or not query.isascii() or not query.isprintable() or " " in query:
            self._fault("", "the text behind ? must be encoded, and holds no #")
        try:
            return parse_template(path)
        except ValueError as error:
            self._fault("", f"the path {path[:200]} cannot be called: {error}")
            return ()

    def _check_holes(self, template: Template, described: set[str]) -> None:
        holes = [piece.name for piece in template if isinstance(piece, Hole)]
        for hole in dict.fromkeys(holes):
            if hole not in described and hole not in self.own.path:
                self._fault("", f"say what {{{hole}}} is: path: {{{hole}: string}}")
        for name in self.own.path:
            if name not in holes:
                self._fault(".path", f"the path has no place {{{name}}}")

    def _parameters(self, place: Place, described: Mapping[str, JsonValue]) -> Iterator[Parameter]:
        style, explode = _STYLES[place]
        for name, written in described.items():
            below = f".{place}.{name}"
            if place == "header" and (why := header_fault(name)):
                self._fault(below, f"no argument may write this header: {why}")
            if self._is_shown(place, name):
                self.changes.append(f"{place} {name} is no argument: it is the credential")
                continue
            argument = self._argument(place, name, written)
            if argument is not None:
                yield Parameter(
                    argument, name, place, style, explode, required=argument in self.required
                )

    def _body(self) -> Body | None:
        if not self.own.body:
            return None
        members: dict[str, str] = {}
        for name, written in self.own.body.items():
            argument = self._argument("body", name, written)
            if argument is not None:
                members[argument] = name
        return Body("application/json", required=True, members=members)

    def _argument(self, place: str, name: str, written: JsonValue) -> str | None:
        """Give a parameter its name among the arguments; None where it is omitted or wrong.

        The first of path, query, header and body keeps its name, the others end in their place.
        """
        try:
            schema, required = parameter_schema(written)
        except ValueError as error:
            self._fault(f".{place}.{name}", str(error))
            return None
        if fault := schema_fault(schema):
            self._fault(f".{place}.{name}", fault)
            return None
        if self._is_key(place, name):
            return None  # We set it, so it is no argument.
        argument = name
        while argument in self.properties:
            argument = f"{argument}_{place}"
        if place == "path" and not required:
            self._fault(f".path.{name}", "what stands in the path cannot be left out")
        if {name, argument} & {*self.api.omit, *self.own.omit}:
            self.omitted |= {name, argument}
            if place == "path":
                self._fault(".omit", f"the path needs {name}: fill it instead")
            return None
        self.properties[argument] = cast("JsonValue", closed(schema))
        if required:
            self.required.append(argument)
        return argument

    def _is_key(self, place: str, name: str) -> bool:
        key = self.own.idempotency or self.api.idempotency
        if key is None:
            return False
        in_header = place == "header" and name.lower() == (key.header or "").lower()
        return in_header or (place == "body" and name == key.body)

    def _check_omit(self) -> None:
        for name in self.own.omit:
            if name not in self.omitted:
                near = did_you_mean(name, list(self.properties), 1)
                self._fault(".omit", f"there is no argument '{name}'. {near}".rstrip(". "))

    def _shown(self) -> set[tuple[str, str]]:
        """Return the places and names that the owner's credential takes."""
        shown: set[tuple[str, str]] = set()
        for key, value in self.api.auth.items():
            if key in _STYLES and isinstance(value, Mapping):
                shown |= {(key, name.lower() if key == "header" else name) for name in value}
        return shown

    def _is_shown(self, place: str, name: str) -> bool:
        return (place, name.lower() if place == "header" else name) in self._shown()

    def _schema(self) -> JsonSchema:
        schema: dict[str, JsonValue] = {
            "type": "object",
            "properties": self.properties,
            "additionalProperties": False,
        }
        if self.required:
            schema["required"] = self.required
        return schema
