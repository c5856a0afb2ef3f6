"""The one way by which a call reaches an API: `path.py`, and a module a stage."""
