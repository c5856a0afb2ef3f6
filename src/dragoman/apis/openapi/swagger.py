"""Swagger 2.0 in the form of OpenAPI 3.0, so that one reader reads both.

What differs between the two stands around the schemas: parameters, bodies, answers, servers and
security. These are rewritten. The schemas stay as they are, and where they are: `definitions` is
kept beside `components.schemas`, so that every reference into it still leads there.
"""

from __future__ import annotations

from dragoman.apis.openapi.document import Document, list_of, object_of, text_of
from dragoman.apis.openapi.references import HOLDER
from dragoman.apis.openapi.swagger_parameters import body_of, is_of_body, merged, parameter_of
from dragoman.errors import DescriptionError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["upgraded"]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_FLOWS = {
    "application": "clientCredentials",
    "accessCode": "authorizationCode",
    "implicit": "implicit",
    "password": "password",
}
_MAX_FINDINGS = 50

Node = dict[str, JsonValue]


def upgraded(document: JsonObject) -> tuple[JsonObject, tuple[str, ...]]:
    """Return the document in the form of 3.0, and findings about what could not be read.

    What is not as it should be is carried over as it is: the reader says what it costs.
    """
    work = _Upgrade(document)
    made: Node = {
        "openapi": "3.0.4",
        **{key: document[key] for key in ("info", "tags", "security", HOLDER) if key in document},
        "definitions": object_of(document, "definitions"),
        "paths": work.paths(),
        "components": {
            "schemas": object_of(document, "definitions"),
            "securitySchemes": work.schemes(),
        },
    }
    if servers := _servers(document):
        made["servers"] = servers
    return made, tuple(work.findings[:_MAX_FINDINGS])


def _servers(document: JsonObject) -> list[JsonValue]:
    """Return an address for each scheme, https first; without a host it is that of the document."""
    host, base = text_of(document, "host"), text_of(document, "basePath").strip("/")
    path = f"/{base}" if base else ""
    if not host:
        return [{"url": path or "/"}]
    schemes = [one for one in list_of(document, "schemes") if one in ("https", "http")]
    if not schemes:
        return [{"url": f"//{host}{path}"}]
    return [{"url": f"{scheme}://{host}{path}"} for scheme in sorted(map(str, schemes))[::-1]]


class _Upgrade:
    """One document on its way."""

    def __init__(self, document: JsonObject) -> None:
        self.root = document
        self.document = Document(document, is_3_0=True, location="")
        self.findings: list[str] = []

    def paths(self) -> Node:
        """Return the paths; parameters of a path are merged into its operations."""
        made: Node = {}
        for path, declared in object_of(self.root, "paths").items():
            if path.startswith("x-"):
                continue
            try:
                item = self.document.item(declared)
            except DescriptionError as error:
                self.findings.append(f"The path {path[:80]} cannot be read: {error.detail}.")
                continue
            made[path] = {
                method: self._operation(item, node) if isinstance(node, dict) else node
                for method, node in item.items()
                if method in _METHODS
            }
        return made

    def _operation(self, item: JsonObject, node: JsonObject) -> Node:
        made = {
            key: value
            for key, value in node.items()
            if key not in ("parameters", "consumes", "produces", "schemes", "responses")
        }
        # What cannot be read stays, so that the operation is unsupported and says why.
        parameters = merged(self.document, item, node)
        made["parameters"] = [parameter_of(one) for one in parameters if not is_of_body(one)]
        consumes = self._media_types(node, "consumes")
        if body := body_of([one for one in parameters if is_of_body(one)], consumes):
            made["requestBody"] = body
        made["responses"] = self._responses(node)
        return made

    def _media_types(self, node: JsonObject, key: str) -> list[str]:
        owner = node if isinstance(node.get(key), list) else self.root
        return [one for one in list_of(owner, key) if isinstance(one, str)]

    def _responses(self, node: JsonObject) -> Node:
        produces = self._media_types(node, "produces")
        made: Node = {}
        for status, declared in object_of(node, "responses").items():
            try:
                response = self.document.resolve(declared)
            except DescriptionError:
                made[status] = {}
                continue
            schema = response.get("schema")
            described: Node = {"description": text_of(response, "description")}
            if schema is not None:
                described["content"] = {
                    media_type: {"schema": schema} for media_type in produces or ["*/*"]
                }
            made[status] = described
        return made

    def schemes(self) -> Node:
        """Return the security schemes."""
        return {
            name: _scheme(one) if isinstance(one, dict) else one
            for name, one in object_of(self.root, "securityDefinitions").items()
        }


def _scheme(declared: JsonObject) -> Node:
    kind = text_of(declared, "type")
    if kind == "basic":
        return {"type": "http", "scheme": "basic"}
    if kind != "oauth2":
        return dict(declared)
    flow = _FLOWS.get(text_of(declared, "flow"), "implicit")
    urls = {"tokenUrl": "tokenUrl", "authorizationUrl": "authorizationUrl"}
    described: Node = {key: declared[key] for key in urls if key in declared}
    described["scopes"] = object_of(declared, "scopes")
    return {"type": "oauth2", "flows": {flow: described}}
