"""Programs of others that judge what Dragoman sends; a part of the workshop, not of the package."""
