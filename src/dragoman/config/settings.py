"""dragoman.yaml as typed settings. They hold references to secrets, never values.

A key that stands here is enforced. One that DESIGN names and that nothing enforces yet stands in
`NOT_YET` and is refused by name, because a restriction accepted in silence is worse than none.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from dragoman.config.auth import AuthValue
from dragoman.config.model import Model
from dragoman.config.rules import (
    ApiLimitSettings,
    Asked,
    IdempotencySettings,
    LimitSettings,
    Ownership,
    Pages,
    ReconcileSettings,
)
from dragoman.config.surroundings import (
    ApprovalsSettings,
    NetworkSettings,
    NotifySettings,
    TelemetrySettings,
)
from dragoman.config.values import (
    ActsFor,
    Days,
    FieldPattern,
    Filled,
    Freshness,
    HttpMethod,
    Rate,
    Seconds,
    Secret,
    SecretOrText,
    Text,
    TextList,
)
from dragoman.operation import Effect

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
    "Settings": frozenset({"client_confirms", "flows"}),
    "ApiSettings": frozenset({"graphql", "sql", "mcp", "python"}),
    "OperationSettings": frozenset({"python", "returns"}),
    "CallerSettings": frozenset({"client_confirms"}),
}
"""By settings class, the keys of the plan that this version does not enforce."""


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
    pages: Pages | None = None
    """Fetch the pages of a list one after another: how many at the most. By default only one."""
    repeatable: bool = False
    idempotency: IdempotencySettings | None = None
    """In place of that of the API."""
    reconcile: ReconcileSettings | None = None
    """How to find out whether a write happened that ended nobody knows how."""
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
    limits: ApiLimitSettings = ApiLimitSettings()
    cache: Freshness | None = None
    """How long an answer to a read is fresh where the API says nothing (RFC 9111): it is given
    again to the same caller and end user, until a write to the API. `never` asks anew each time."""
    idempotency: IdempotencySettings | None = None
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
    result_tokens: Annotated[int, Field(ge=50)] | None = None
    """The same in tokens, where they are to be counted too."""
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
    network: NetworkSettings = NetworkSettings()
    approvals: ApprovalsSettings = ApprovalsSettings()
    notify: dict[str, NotifySettings] = {}
    """Who is told of what waits and what went wrong, by name."""
    telemetry: TelemetrySettings = TelemetrySettings()
    public_url: Text | None = None
    """Where people reach this Dragoman: links in messages begin with it."""
    redis: SecretOrText | None = None
    """Where the processes of a fleet count together: redis://host:6379/0."""
    store: SecretOrText = "sqlite:///dragoman.db"
    key: Secret | None = None
    read_only: bool = False
