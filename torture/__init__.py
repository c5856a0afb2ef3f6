"""Fuzzing of what strangers can reach, for as long as one likes: `make torture SECONDS=60`."""
