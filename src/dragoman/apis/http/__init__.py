"""Requests over HTTP: a binding and arguments in, exact bytes out, and what came back read."""
