"""The carrier: no description at all, an API key in a header of its own, and slow."""
