"""OpenAPI documents, read into operations of the kind `http`."""
