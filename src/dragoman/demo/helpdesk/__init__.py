"""The helpdesk: OpenAPI 3.0 in YAML, OAuth 2 client credentials, pages by cursor."""
