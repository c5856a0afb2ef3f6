"""Providers of models: OpenAI, compatible servers; embeddings; usage and price."""
