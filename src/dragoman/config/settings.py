"""dragoman.yaml as typed settings. They hold references to secrets, never values.

A key that stands here is enforced. One that DESIGN names and that nothing enforces yet stands in
`NOT_YET` and is refused by name, because a restriction accepted in silence is worse than none.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    ValidationInfo,
)

from dragoman.operation import Effect
from dragoman.secrets.reference import Template, parse_template
from dragoman.secrets.secrets import STORES

__all__ = [
    "ApiSettings",
    "AssistantSettings",
    "CallerSettings",
    "HttpMethod",
    "LimitSettings",
    "ModelSettings",
    "OperationSettings",
    "Secret",
    "Settings",
    "ToolsetSettings",
]

NOT_YET: dict[str, frozenset[str]] = {
    "Settings": frozenset({"client_confirms", "privacy", "public_url", "flows"}),
    "ApiSettings": frozenset(
        {"cache", "hide", "accounts", "idempotency", "graphql", "sql", "mcp", "python"}
    ),
    "OperationSettings": frozenset(
        {"cache", "hide", "owner", "idempotency", "rename", "python", "returns"}
    ),
    "CallerSettings": frozenset({"quota", "concurrency", "client_confirms"}),
}
"""By settings class, the keys of the plan that this version does not enforce."""


def _interpolate(value: object, info: ValidationInfo) -> object:
    """Put the values of variables into text that is no secret; names those that are unset."""
    if not isinstance(value, str) or "${" not in value:
        return value
    resolve = (info.context or {}).get("resolve")
    return resolve(parse_template(value)) if resolve else value


def _secret(value: object) -> Template:
    """Accept a reference, refuse a value: what stands in a file is no secret any more."""
    if isinstance(value, Template):
        return value
    if not isinstance(value, str):
        raise ValueError("must be text with a reference such as ${NAME}")
    template = parse_template(value)
    if not template.references:
        raise ValueError(
            "must be a reference such as ${NAME}: put the value into the environment or .env"
        )
    for reference in template.references:
        if reference.store not in STORES:
            raise ValueError(
                f"names the secret store '{reference.store}'; this version knows env and file"
            )
    return template


def _secret_or_text(value: object) -> object:
    if not isinstance(value, str | Template):
        raise ValueError("must be text, or a reference such as ${NAME}")
    return _secret(value) if isinstance(value, str) and "${" in value else value


def _without_reference(value: object) -> object:
    """Refuse references: what is filled in is shown to people, and stands in the records."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and "${" in one:
            raise ValueError(
                "holds a reference, and what is filled in is shown and recorded: "
                "a secret belongs under auth"
            )
        if isinstance(one, dict | list):
            waiting += one.values() if isinstance(one, dict) else one
    return value


def _auth_value(value: object, info: ValidationInfo) -> object:
    """Read one entry of `auth:`, by what stands in it."""
    if isinstance(value, Template | BasicAuth | OAuthAuth) or not isinstance(value, dict):
        return _secret(value) if not isinstance(value, BasicAuth | OAuthAuth) else value
    if "client_id" in value or "client_secret" in value:
        return _part(OAuthAuth, value, info)
    if "username" in value or "password" in value:
        return _part(BasicAuth, value, info)
    return {str(name): _secret(one) for name, one in value.items()}


def _part(
    kind: type[BasicAuth | OAuthAuth], value: dict[str, object], info: ValidationInfo
) -> BasicAuth | OAuthAuth:
    try:
        return kind.model_validate(value, context=info.context)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(map(str, fault["loc"]))
        what = {"missing": "is missing", "extra_forbidden": "is not known here"}.get(fault["type"])
        told = what or fault["msg"].removeprefix("Value error, ")
        raise ValueError(f"{name} {told}") from None


def _acts_for(value: object) -> object:
    if value in ("any", "none"):
        return value
    if isinstance(value, list | tuple) and all(isinstance(user, str) for user in value):
        return value
    raise ValueError("must be any, none, or a list of end users (ids as text, in quotes)")


def _seconds(value: object) -> object:
    """Read `10s`, `500ms`, `2m` or a number of seconds."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)", value.strip())
    if not match:
        raise ValueError("must be a time such as 500ms, 10s or 2m")
    return float(match[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}[match[2]]


def _single_to_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_interpolate)]
Secret = Annotated[Template, BeforeValidator(_secret, json_schema_input_type=str)]
SecretOrText = Annotated[
    Template | str, BeforeValidator(_secret_or_text, json_schema_input_type=str)
]
Seconds = Annotated[
    float,
    Field(gt=0, le=86_400),
    BeforeValidator(_seconds, json_schema_input_type=float | str),
]
Rate = Annotated[str, Field(pattern=r"^[1-9]\d*/(second|minute|hour|day)$")]
TextList = Annotated[
    list[Text], BeforeValidator(_single_to_list, json_schema_input_type=list[str] | str)
]
Filled = Annotated[JsonValue, BeforeValidator(_without_reference)]
Approval = Literal["never", "writes", "always"]
HttpMethod = Literal["get", "post", "put", "patch", "delete", "head", "options"]


class Model(BaseModel):
    """What all settings share: unknown keys are errors, and nothing changes after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, use_attribute_docstrings=True
    )


class BasicAuth(Model):
    """A user name and password (RFC 7617)."""

    username: SecretOrText
    password: Secret


class OAuthAuth(Model):
    """OAuth 2 client credentials (RFC 6749, section 4.4)."""

    client_id: SecretOrText
    client_secret: Secret
    token_url: Text | None = None
    scopes: TextList = []
    audience: Text | None = None


AuthValue = Annotated[
    Template | BasicAuth | OAuthAuth | dict[str, Template],
    BeforeValidator(
        _auth_value, json_schema_input_type=str | BasicAuth | OAuthAuth | dict[str, str]
    ),
]
"""Under `bearer`, `api_key` or a scheme's name a secret; under `basic` and `oauth` their parts;
under `header`, `query` and `cookie` a mapping of names to secrets."""


class LimitSettings(Model):
    """Bounds on the use of an API, operation or caller."""

    rate: Rate | None = None
    timeout: Seconds | None = None
    max_bytes: Annotated[int, Field(gt=0)] | None = None
    """The largest answer that is read, in bytes."""


class OperationSettings(Model):
    """What the owner says of one operation, or, under `http:`, all that describes it."""

    description: Text | None = None
    effect: Effect | None = None
    require_approval: Approval | None = None
    fill: dict[str, Filled] = {}
    omit: TextList = []
    select: Text | None = None
    limits: LimitSettings = LimitSettings()
    repeatable: bool = False
    auth: Literal[True] | None = None
    get: Text | None = None
    post: Text | None = None
    put: Text | None = None
    patch: Text | None = None
    delete: Text | None = None
    head: Text | None = None
    path: dict[str, JsonValue] = {}
    query: dict[str, JsonValue] = {}
    header: dict[str, JsonValue] = {}
    body: dict[str, JsonValue] = {}


class ApiSettings(Model):
    """One API: where it is, what it is for, how it is entered, and the owner's rules for it."""

    openapi: Text | None = None
    overlays: TextList = []
    """OpenAPI Overlays, by path or address: changes to the document, applied in their order."""
    http: Text | None = None
    base_url: Text | None = None
    servers: TextList = []
    """Servers of a fetched document that the owner accepts: they may be shown the credential."""
    description: Text = ""
    instructions: Text = ""
    when_missing: Text = ""
    auth: dict[str, AuthValue] = {}
    include: TextList = []
    exclude: TextList = []
    require_approval: Approval = "writes"
    limits: LimitSettings = LimitSettings()
    fill: dict[str, Filled] = {}
    omit: TextList = []
    allow_private: TextList = []
    operations: dict[str, OperationSettings] = {}


class ToolsetSettings(Model):
    """A named selection of tools with instructions, for one use."""

    tools: TextList
    instructions: Text = ""
    """Text, or the path of a file (beginning with `./`, `../` or `/`)."""


class CallerSettings(Model):
    """Whose key or token it is, and what it may do. Default: nothing."""

    scopes: TextList = []
    toolset: Text | None = None
    acts_for: Annotated[Literal["any", "none"] | list[str], BeforeValidator(_acts_for)] = "none"
    rate: Rate | None = None


class ModelSettings(Model):
    """The model that answers: OpenAI's, a compatible server's, or the offline planner."""

    name: Text
    base_url: Text | None = None
    api_key: Secret | None = None
    api: Literal["responses", "chat"] | None = None
    """Which interface it speaks; by default Responses at OpenAI, Chat Completions elsewhere."""
    embeddings: Text = "text-embedding-3-small"
    store: bool = False
    """Whether OpenAI may keep the conversation."""
    send_end_user: bool = True
    """Whether OpenAI is given a keyed hash of the end user as `safety_identifier`."""


class AssistantSettings(Model):
    """The bounds of one answer."""

    steps: Annotated[int, Field(gt=0, le=200)] = 12
    timeout: Seconds = 120.0
    tokens: Annotated[int, Field(gt=0)] = 200_000
    result_bytes: Annotated[int, Field(ge=200)] = 16_000
    """How much of one result a model is shown."""


class Settings(Model):
    """The whole of dragoman.yaml."""

    version: Literal[1] = 1
    model: ModelSettings | None = None
    apis: dict[str, ApiSettings] = {}
    toolsets: dict[str, ToolsetSettings] = {}
    callers: dict[str, CallerSettings] = {}
    assistant: AssistantSettings = AssistantSettings()
    store: SecretOrText = "sqlite:///dragoman.db"
    key: Secret | None = None
    read_only: bool = False
