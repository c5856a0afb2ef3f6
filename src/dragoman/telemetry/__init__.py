"""Logs, metrics and traces: what is measured of calls and models, and where it goes."""
