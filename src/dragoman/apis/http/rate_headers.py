"""The headers in which APIs speak of their limits, as data: one row a convention, with its source.

Where several vendors use one name with different units, the unit is `WHEN`: told from the value.
Names are in lower case. A convention that stands in no public documentation has no row.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

__all__ = ["CONVENTIONS", "WAITS", "Convention", "Unit"]


class Unit(Enum):
    """What the value of a header is.

    `SECONDS` and `MILLISECONDS` from now, which may be a fraction; `EPOCH` seconds since 1970;
    `DURATION` as Go prints it (6m0s, 12ms); `DATE` of HTTP (RFC 9110, 5.6.7) or ISO 8601. `WHEN`
    is a date, or a number: below 10^9 seconds from now, below 10^11 since 1970, and from there on
    milliseconds since 1970.
    """

    SECONDS = auto()
    MILLISECONDS = auto()
    EPOCH = auto()
    DURATION = auto()
    DATE = auto()
    WHEN = auto()


@dataclass(frozen=True, slots=True)
class Convention:
    """How a vendor says how much may be used, how much is left, and when that begins anew.

    `used` holds what is used and the whole, as 32/40. `bucket` names what the numbers are of,
    where that is not all of the API.
    """

    vendors: str
    source: str
    limit: str = ""
    remaining: str = ""
    used: str = ""
    reset: str = ""
    unit: Unit = Unit.SECONDS
    bucket: str = ""


CONVENTIONS: tuple[Convention, ...] = (
    Convention(
        "The drafts 00 to 06 (seconds), Zendesk, GitLab (since 1970)",
        "https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/06/ "
        "https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/",
        limit="ratelimit-limit",
        remaining="ratelimit-remaining",
        reset="ratelimit-reset",
        unit=Unit.WHEN,
    ),
    Convention(
        "Discord",
        "https://docs.discord.com/developers/topics/rate-limits",
        limit="x-ratelimit-limit",
        remaining="x-ratelimit-remaining",
        reset="x-ratelimit-reset-after",
        bucket="x-ratelimit-bucket",
    ),
    Convention(
        "GitHub, Intercom, Smartsheet (since 1970), Atlassian (ISO 8601), MailerLite (a date)",
        "https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api "
        "https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting "
        "https://developers.smartsheet.com/api/resource_management/getting-started/"
        "throttling-and-rate-limiting https://developer.atlassian.com/cloud/migration/rest/intro/ "
        "https://developers-classic.mailerlite.com/docs/api-rate-limits",
        limit="x-ratelimit-limit",
        remaining="x-ratelimit-remaining",
        reset="x-ratelimit-reset",
        unit=Unit.WHEN,
        bucket="x-ratelimit-resource",
    ),
    Convention(
        "X",
        "https://docs.x.com/fundamentals/rate-limits",
        limit="x-rate-limit-limit",
        remaining="x-rate-limit-remaining",
        reset="x-rate-limit-reset",
        unit=Unit.EPOCH,
    ),
    Convention(
        "Zendesk",
        "https://developer.zendesk.com/documentation/api-basics/best-practices/"
        "best-practices-for-avoiding-rate-limiting",
        limit="x-rate-limit",
        remaining="x-rate-limit-remaining",
        reset="ratelimit-reset",
    ),
    Convention(
        "HubSpot",
        "https://developers.hubspot.com/docs/api/usage-details",
        limit="x-hubspot-ratelimit-max",
        remaining="x-hubspot-ratelimit-remaining",
        reset="x-hubspot-ratelimit-interval-milliseconds",
        unit=Unit.MILLISECONDS,
    ),
    Convention(
        "HubSpot, of a day",
        "https://developers.hubspot.com/changelog/"
        "2018-11-06-rate-limit-information-headers-will-be-included-in-http-responses",
        limit="x-hubspot-ratelimit-daily",
        remaining="x-hubspot-ratelimit-daily-remaining",
    ),
    Convention(
        "OpenAI and those that speak as it does: requests",
        "https://platform.openai.com/docs/guides/rate-limits",
        limit="x-ratelimit-limit-requests",
        remaining="x-ratelimit-remaining-requests",
        reset="x-ratelimit-reset-requests",
        unit=Unit.DURATION,
    ),
    Convention(
        "OpenAI and those that speak as it does: tokens",
        "https://platform.openai.com/docs/guides/rate-limits",
        limit="x-ratelimit-limit-tokens",
        remaining="x-ratelimit-remaining-tokens",
        reset="x-ratelimit-reset-tokens",
        unit=Unit.DURATION,
    ),
    Convention(
        "Brevo",
        "https://developers.brevo.com/docs/limit-headers",
        limit="x-sib-ratelimit-limit",
        remaining="x-sib-ratelimit-remaining",
        reset="x-sib-ratelimit-reset",
    ),
    Convention(
        "Shopify, of a bucket that always leaks",
        "https://shopify.dev/docs/api/usage/limits",
        used="x-shopify-shop-api-call-limit",
    ),
    Convention(
        "Salesforce, of a day",
        "https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/"
        "headers_api_usage.htm",
        used="sforce-limit-info",
    ),
)
"""Of two rows with the same `remaining`, the first counts whose `reset` is there."""

WAITS: tuple[tuple[str, Unit], ...] = (
    ("retry-after-ms", Unit.MILLISECONDS),  # OpenAI; finer than the header below beside it
    ("retry-after", Unit.SECONDS),  # RFC 9110, 10.2.3: Slack, Stripe, Zendesk, Shopify, Atlassian
    ("retry-after", Unit.DATE),
    ("x-ratelimit-retry-after", Unit.SECONDS),  # developers-classic.mailerlite.com/docs
)
"""The headers by which an answer asks to wait, the finest first."""
