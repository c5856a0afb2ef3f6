"""GPT Actions: documents that the GPT editor accepts, the checks on them, and what to paste."""
