"""The offline model: a planner, not a language model, and every answer of it says so.

It decides by counting words and reading schemas, in this order: `said` finds the values that a
question states, `rank` weighs each word of it for each tool, `fill` puts the values where a
schema has a place for them, `plan` picks a call, at most one look-up before it, or none, and
`table` shows what came back. It knows no word of any language, and no more than it is given.
"""
