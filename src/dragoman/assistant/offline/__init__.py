"""The offline model: a planner of words and schemas, not a language model; every answer says so."""
