"""The loop between a model and the call path, its prompts, and the containment of outside text."""
