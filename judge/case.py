"""One complaint of Prism with all that is needed to judge it: request, arguments, document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from dragoman.operation import Prepared
from judge.decode import form_fields, query_fields
from judge.prism import Complaint, Refusal

__all__ = ["Case"]


@dataclass(frozen=True, slots=True)
class Case:
    """One complaint with what it is about."""

    complaint: Complaint
    refusal: Refusal
    root: Mapping[str, Any]

    @property
    def member(self) -> str:
        """The parameter or the member of the body that is complained of, in Prism's spelling."""
        _, _, rest = self.complaint.place.partition(".")
        return rest.partition(".")[0]

    @property
    def prepared(self) -> Prepared:
        """The request that was sent."""
        if self.refusal.argued.prepared is None:
            raise ValueError("nothing was sent")
        return self.refusal.argued.prepared

    def argument(self, name: str) -> Any:
        """Return the argument of that name; `KeyError` where it was not given."""
        return self.refusal.argued.arguments[name]

    def resolve(self, node: Any) -> Any:
        """Return what a reference of the document leads to, as Prism and we read it."""
        while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
            found: Any = self.root
            for part in node["$ref"].removeprefix("#/").split("/"):
                name = unquote(part).replace("~1", "/").replace("~0", "~")
                found = found[int(name) if isinstance(found, list) else name]
            node = found
        return node

    def parameter(self, place: str) -> Mapping[str, Any]:
        """Return the description of the parameter that is complained of; empty where none is."""
        path = self.refusal.route.partition(" ")[2]
        declared = [*self.refusal.node.get("parameters", ())]
        declared += self.root["paths"][path].get("parameters", ())
        for one in map(self.resolve, declared):
            if one.get("in") == place and one["name"].lower() == self.member.lower():
                return dict(one)
        return {}

    def schema(self, place: str) -> Mapping[str, Any]:
        """Return the schema of that parameter; in Swagger 2.0 it is the parameter itself."""
        parameter = self.parameter(place)
        return dict(self.resolve(parameter.get("schema", parameter)))

    def body(self) -> tuple[str, Mapping[str, Any]]:
        """Return the media type that was sent, and the schema that the document has for it."""
        content = self.resolve(self.refusal.node.get("requestBody", {})).get("content", {})
        sent = self.content_type.partition(";")[0]
        described: Any = content.get(sent) or next(iter(content.values()), {})
        return sent, described.get("schema", {})

    def is_deep(self, name: str) -> bool:
        """Whether the document asks for brackets (deepObject) for a parameter or a member."""
        if self.complaint.place.startswith("query."):
            return self.parameter("query").get("style") == "deepObject"
        content = self.resolve(self.refusal.node.get("requestBody", {})).get("content", {})
        described: Any = content.get(self.content_type.partition(";")[0], {})
        return bool(described["encoding"][name]["style"] == "deepObject")

    @property
    def content_type(self) -> str:
        """The Content-Type that was sent."""
        return dict(self.prepared.headers).get("Content-Type", "")

    def fields(self) -> dict[str, list[str]]:
        """Return the fields of the form that was sent."""
        return form_fields(self.content_type, self.prepared.body or b"")

    def query(self) -> dict[str, list[str]]:
        """Return the fields of the query that was sent."""
        return query_fields(urlsplit(self.prepared.target).query)
