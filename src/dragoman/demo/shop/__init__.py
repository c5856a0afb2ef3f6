"""The shop: OpenAPI 3.1, an API key, a token a customer. It doubles as a model to imitate."""
