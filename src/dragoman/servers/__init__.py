"""Doors through which calls come in: each turns its protocol into calls of the one path."""
