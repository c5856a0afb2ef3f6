"""What Dragoman stands among: the way to the network, Redis, who is told of what, telemetry."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dragoman.config.model import Model
from dragoman.config.values import Lifetime, Secret, SecretOrText, Text, TextList

__all__ = ["ApprovalsSettings", "NetworkSettings", "NotifySettings", "TelemetrySettings"]

EventName = Literal[
    "approval.asked", "approval.answered", "approval.expired", "call.unknown", "breaker.opened"
]


class NetworkSettings(Model):
    """The way to everything outside: for the APIs and the model alike."""

    proxy: SecretOrText | None = None
    """An HTTP proxy: http://host:3128; with a password as a reference. HTTP_PROXY is not read."""
    no_proxy: TextList = []
    """Hosts that are reached without it: corp.example (and all below it), 10.0.0.7."""
    ca: Text | None = None
    """A file (PEM) with authorities that are trusted beside those of the system."""


class ApprovalsSettings(Model):
    """How long a question to a person stands, where its rule does not say."""

    expire: Lifetime = 86_400.0


class NotifySettings(Model):
    """Somebody who is told of events: by a webhook, by mail, or in Slack."""

    webhook: SecretOrText | None = None
    """Its address; what is posted there is signed (standardwebhooks.com)."""
    secret: Secret | None = None
    """What the webhook is signed with: whsec_ and base64, or text of 24 characters and more."""
    email: TextList = []
    """Addresses that mail goes to."""
    smtp: SecretOrText | None = None
    """The mail server: smtp://user:password@host:587 (STARTTLS), or smtps:// (TLS at once)."""
    sender: Text | None = None
    """The address that mail comes from."""
    slack: Secret | None = None
    """The address of an incoming webhook of Slack: who knows it may post."""
    answers_as: Text | None = None
    """In whose name its links answer; by default links are sent to nobody."""
    events: list[EventName] = []
    """What it is told of; by default everything."""

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        kinds = [kind for kind in ("webhook", "email", "slack") if getattr(self, kind)]
        if len(kinds) != 1:
            raise ValueError("needs one of: webhook, email, slack")
        if kinds == ["webhook"] and self.secret is None:
            raise ValueError("needs the secret that the webhook is signed with")
        if kinds == ["email"] and (self.smtp is None or self.sender is None):
            raise ValueError("needs smtp, the mail server, and sender, the address it comes from")
        return self


class TelemetrySettings(Model):
    """Where logs and measurements go."""

    logs: Literal["text", "json", "off"] = "text"
    """The form of the log on stderr."""
    level: Literal["debug", "info", "warning", "error"] = "warning"
    otlp: Text | None = None
    """The address of an OpenTelemetry collector (OTLP over HTTP): http://localhost:4318."""
    headers: dict[str, Secret] = {}
    """Headers that the collector wants."""
    sample: Annotated[float, Field(ge=0, le=1)] = 1.0
    """The share of traces that is sent."""
