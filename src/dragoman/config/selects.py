"""What is wrong with a `select:`, told at load: syntax, and functions that there are not."""

from __future__ import annotations

from collections.abc import Mapping

from dragoman.nearest import did_you_mean

__all__ = ["select_fault"]


def select_fault(expression: str) -> str:
    """Return what is wrong with a JMESPath expression, empty where nothing is."""
    import jmespath  # noqa: PLC0415 - only where the owner selects

    try:
        return _unknown_function(jmespath.compile(expression).parsed)
    except jmespath.exceptions.JMESPathError as error:
        return f"select is no JMESPath expression: {_pointed(expression, error)}"
    except RecursionError:
        return "select is nested too deeply."


def _unknown_function(tree: object) -> str:
    from jmespath.functions import Functions  # noqa: PLC0415 - only where the owner selects

    known: Mapping[str, object] = Functions.FUNCTION_TABLE
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Mapping):
            continue
        if node["type"] == "function_expression" and node["value"] not in known:
            near = did_you_mean(str(node["value"]), known, 1)
            return f"select: there is no function {node['value']}(). {near}".rstrip()
        waiting += node["children"]
    return ""


def _pointed(expression: str, error: Exception) -> str:
    """Return what is wrong with an expression, with a mark below the place where it is known."""
    said = str(error).splitlines()[0].removesuffix(", for expression:").removesuffix(":")
    column = getattr(error, "lex_position", None)
    if not isinstance(column, int) or len(expression) > 200 or "\n" in expression:
        return said
    return f"{said}\n  {expression}\n  {' ' * column}^"
