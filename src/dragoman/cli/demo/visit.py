"""The demo with a visitor's own API: read its description, show what a model would see, ask."""

from __future__ import annotations

from dragoman.app import Dragoman
from dragoman.cli.demo.stage import Stage, title
from dragoman.cli.terminal import note
from dragoman.operation import Effect

__all__ = ["visit"]


async def visit(stage: Stage, url: str, question: str | None) -> int:
    """Run the first commands of a newcomer on a document; return the exit code of the last."""
    title("Read the description")
    code = await stage.run("init", url)
    if code:
        return code
    title("Reach it with its credential")
    if code := await stage.run("check"):
        note("Set what is missing in the shell, and run the same command again.")
        return code
    asked = question or await _a_question(stage)
    if asked is None:
        note("It has no read that needs no argument. Ask with: make demo URL=… ASK='…'")
        return 0
    title("Ask it")
    return await stage.run("ask", asked)


async def _a_question(stage: Stage) -> str | None:
    """Return the summary of a read that needs no argument, as a question."""
    async with Dragoman(stage.folder / "dragoman.yaml") as d:
        for operation in d.parts.catalog.operations.values():
            contract = operation.contract
            needs = contract.input_schema.get("required") or contract.unsupported
            if operation.effect is Effect.READ and operation.summary and not needs:
                return operation.summary
    return None
