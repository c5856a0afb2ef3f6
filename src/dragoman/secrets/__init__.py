"""References to secrets, the stores that hold them, and redaction by their values."""
