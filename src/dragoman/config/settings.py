"""dragoman.yaml as typed settings. They hold references to secrets, never values.

A key that stands here is enforced. One that DESIGN names and that nothing enforces yet stands in
`NOT_YET` and is refused by name, because a restriction accepted in silence is worse than none.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeVar, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from dragoman.config.values import (
    ActsFor,
    Approval,
    Days,
    Expression,
    FieldPattern,
    Filled,
    Freshness,
    HeaderName,
    HttpMethod,
    Rate,
    Seconds,
    Secret,
    SecretOrText,
    Text,
    TextList,
    expression_of,
    secret_of,
)
from dragoman.operation import Effect
from dragoman.secrets.reference import Template

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
    "Settings": frozenset({"client_confirms", "public_url", "flows"}),
    "ApiSettings": frozenset({"graphql", "sql", "mcp", "python"}),
    "OperationSettings": frozenset({"idempotency", "python", "returns"}),
    "CallerSettings": frozenset({"client_confirms"}),
}
"""By settings class, the keys of the plan that this version does not enforce."""


class Model(BaseModel):
    """What all settings share: unknown keys are errors, and nothing changes after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, use_attribute_docstrings=True
    )


P = TypeVar("P", bound=Model)


class BasicAuth(Model):
    """A user name and password (RFC 7617)."""

    username: SecretOrText
    password: Secret


class OAuthAuth(Model):
    """OAuth 2: client credentials (RFC 6749, 4.4), or a code for each end user (4.1)."""

    client_id: SecretOrText
    client_secret: Secret | None = None
    """A public client, which only `authorization_code` allows, has none."""
    grant: Literal["client_credentials", "authorization_code"] = "client_credentials"
    token_url: Text | None = None
    authorization_url: Text | None = None
    revocation_url: Text | None = None
    """Where tokens are given back (RFC 7009); with `authorization_code`."""
    issuer: Text | None = None
    """What the authorization server calls itself (RFC 9207); with `authorization_code`."""
    scopes: TextList = []
    audience: Text | None = None

    @model_validator(mode="after")
    def _fits_its_grant(self) -> Self:
        by_code = self.grant == "authorization_code"
        if not by_code and self.client_secret is None:
            raise ValueError("client_secret is missing")
        if not by_code and (self.authorization_url or self.issuer or self.revocation_url):
            raise ValueError(
                "authorization_url, revocation_url and issuer go with grant: authorization_code"
            )
        if by_code and self.audience:
            raise ValueError("audience goes with client credentials")
        return self


def _auth_value(value: object, info: ValidationInfo) -> object:
    """Read one entry of `auth:`, by what stands in it."""
    if isinstance(value, Template | BasicAuth | OAuthAuth) or not isinstance(value, dict):
        return secret_of(value) if not isinstance(value, BasicAuth | OAuthAuth) else value
    if "client_id" in value or "client_secret" in value:
        return _part(OAuthAuth, value, info)
    if "username" in value or "password" in value:
        return _part(BasicAuth, value, info)
    return {str(name): secret_of(one) for name, one in value.items()}


def _part(kind: type[P], value: dict[str, object], info: ValidationInfo) -> P:
    try:
        return kind.model_validate(value, context=info.context)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(map(str, fault["loc"]))
        what = {"missing": "is missing", "extra_forbidden": "is not known here"}.get(fault["type"])
        told = what or fault["msg"].removeprefix("Value error, ")
        raise ValueError(f"{name} {told}".lstrip()) from None


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


class ApprovalSettings(Model):
    """A question that depends on the call, or that not everybody may answer."""

    when: Expression | None = None
    """CEL over `args`, `caller.name`, `caller.user` and `effect`; what fails to say no asks."""
    by: TextList = []
    """Who may answer; by default the owner and callers with the scope `approve`."""


class IdempotencySettings(Model):
    """The header by which an API knows a write again (draft-ietf-httpapi-idempotency-key)."""

    header: HeaderName
    keep: Seconds = 86_400.0
    """How long the API remembers a key; after that a write is not sent again by it."""


class OwnerSettings(Model):
    """Whose a thing is, where another operation has to be read to know."""

    read: Text
    """The operation of the same API that is read first."""
    args: Annotated[dict[str, Expression], Field(alias="with")] = {}
    """Its arguments, each an expression over `args` and `caller`."""
    where: Expression
    """CEL over `result`, `args` and `caller`; true means that the end user may go on."""


def _asked(value: object, info: ValidationInfo) -> object:
    """Read a word, or the conditions of a question."""
    if isinstance(value, dict):
        return _part(ApprovalSettings, value, info)
    if isinstance(value, ApprovalSettings) or value in get_args(Approval):
        return value
    raise ValueError("must be never, writes or always, or {when: …, by: […]}")


def _ownership(value: object, info: ValidationInfo) -> object:
    """Read a condition, or an operation to read first and a condition on what it returns."""
    if isinstance(value, dict):
        return _part(OwnerSettings, value, info)
    return value if isinstance(value, OwnerSettings) else expression_of(value)


Asked = Annotated[
    Approval | ApprovalSettings,
    BeforeValidator(_asked, json_schema_input_type=Approval | ApprovalSettings),
]
Ownership = Annotated[
    str | OwnerSettings,
    BeforeValidator(_ownership, json_schema_input_type=str | OwnerSettings),
]


class OperationSettings(Model):
    """What the owner says of one operation, or, under `http:`, all that describes it.

    The key is its name in the description, as in `include` and `exclude`.
    """

    rename: Text | None = None
    """Its name everywhere else: in tools, toolsets, scopes, calls and the log."""
    description: Text | None = None
    effect: Effect | None = None
    require_approval: Asked | None = None
    owner: Ownership | None = None
    """CEL over `result`, `args` and `caller`: whose the result is; of a list, of each item."""
    hide: list[FieldPattern] = []
    fill: dict[str, Filled] = {}
    omit: TextList = []
    select: Text | None = None
    limits: LimitSettings = LimitSettings()
    cache: Freshness | None = None
    """In place of that of the API; `never` or `0s` asks anew each time."""
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
    accounts: dict[str, dict[str, AuthValue]] = {}
    """Several accounts of this API, each with what would stand under `auth`."""
    account: Text | None = None
    """The account that is used where a caller names none; by default the first."""
    include: TextList = []
    exclude: TextList = []
    require_approval: Asked = "writes"
    hide: list[FieldPattern] = []
    """Members of answers that no model ever sees: **.card_number."""
    limits: LimitSettings = LimitSettings()
    cache: Freshness = 0.0
    idempotency: IdempotencySettings | None = None
    """How old an answer to a read may be that is given again: to the same caller and end user,
    and until a write to the API. Kept in the memory of one process, and by default not at all."""
    fill: dict[str, Filled] = {}
    omit: TextList = []
    allow_private: TextList = []
    allow_refs: TextList = []
    """Other origins that a `$ref` of the document may lead to, such as https://schemas.example."""
    operations: dict[str, OperationSettings] = {}

    @property
    def own_account(self) -> str:
        """The account that is used where a caller names none; empty without accounts."""
        return self.account or next(iter(self.accounts), "")

    def auth_of(self, account: str) -> dict[str, AuthValue]:
        """Return what is shown for an account."""
        return self.accounts.get(account, self.auth)

    @model_validator(mode="after")
    def _is_seen_as_one(self) -> Self:
        """Let `auth` say which credentials there are, whatever account they are of."""
        first, *others = self.accounts.values() or [{}]
        if self.accounts and self.auth:
            raise ValueError("has auth and accounts: write what each account shows under accounts")
        if any(other.keys() != first.keys() for other in others):
            raise ValueError("has accounts with different keys: each shows the same, of its own")
        if self.account is not None and self.account not in self.accounts:
            raise ValueError(f"has no account '{self.account}'")
        if self.accounts:
            object.__setattr__(self, "auth", first)
        return self


class ToolsetSettings(Model):
    """A named selection of tools with instructions, for one use."""

    tools: TextList
    instructions: Text = ""
    """Text, or the path of a file (beginning with `./`, `../` or `/`)."""
    eager: TextList = []
    """Globs of operations, 80 at most, that a model is given at once where it is not given all."""


class CallerSettings(Model):
    """Whose key or token it is, and what it may do. Default: nothing."""

    scopes: TextList = []
    toolset: Text | None = None
    accounts: dict[str, Text] = {}
    """Which account of an API it uses: {crm: work}."""
    claims: dict[str, Text] = {}
    """Whose token of the identity provider has all of these is this caller."""
    acts_for: ActsFor = "none"
    rate: Rate | None = None
    concurrency: Annotated[int, Field(ge=1, le=10_000, strict=True)] | None = None
    """How many calls it may have under way at once, in one process; more are refused."""
    quota: Annotated[int, Field(ge=1, le=1_000_000_000, strict=True)] | None = None
    """How many calls it may make in a day (UTC), in all processes. A dry run is none, nor is what
    is refused before there is a request: for its scope, its arguments, or the caller's rate."""


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
    tool_tokens: Annotated[int, Field(ge=0)] = 8_000
    """Where all tools of a question take more, a few are given, and the others are found."""


class IdentitySettings(Model):
    """The identity provider whose tokens callers may come with (JWT, RFC 7519)."""

    issuer: Text
    audience: TextList
    jwks_url: Text | None = None
    """Where its keys are; by default what its OpenID configuration says."""
    user_claim: Text = "sub"
    """The claim that is the end user."""


class PrivacySettings(Model):
    """How much of what people and APIs said is kept in the audit log, and for how long."""

    bodies: Literal["full", "redacted", "nothing"] = "full"
    """Of arguments, requests, questions and answers; secrets are kept in no case."""
    keep: Days = 90.0
    """After which rows are deleted: 90d."""


class Settings(Model):
    """The whole of dragoman.yaml."""

    version: Literal[1] = 1
    model: ModelSettings | None = None
    apis: dict[str, ApiSettings] = {}
    toolsets: dict[str, ToolsetSettings] = {}
    callers: dict[str, CallerSettings] = {}
    identity: IdentitySettings | None = None
    assistant: AssistantSettings = AssistantSettings()
    privacy: PrivacySettings = PrivacySettings()
    store: SecretOrText = "sqlite:///dragoman.db"
    key: Secret | None = None
    read_only: bool = False
