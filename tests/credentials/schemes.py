"""Security schemes as descriptions declare them."""

from __future__ import annotations

from dragoman.operation import Scheme

BEARER = Scheme("bearerAuth", "http", scheme="bearer")
BASIC = Scheme("basicAuth", "http", scheme="Basic")
DIGEST = Scheme("digestAuth", "http", scheme="digest")
OTHER = Scheme("tokenAuth", "http", scheme="token")
HEADER_KEY = Scheme("ApiKey", "apiKey", place="header", name="X-Key")
TENANT = Scheme("Tenant", "apiKey", place="header", name="X-Tenant")
QUERY_KEY = Scheme("QueryKey", "apiKey", place="query", name="api_key")
COOKIE_KEY = Scheme("CookieKey", "apiKey", place="cookie", name="sid")
OAUTH = Scheme("oauth", "oauth2", token_url="https://shop.example/token", scopes=("read", "write"))
OPEN_ID = Scheme("oidc", "openIdConnect")
MUTUAL_TLS = Scheme("mtls", "mutualTLS")
