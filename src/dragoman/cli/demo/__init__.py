"""`dragoman demo`: three sample APIs on this machine, and real questions through the whole path."""

from __future__ import annotations

import asyncio
import os
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dragoman.cli.command import FAILED, verb
from dragoman.cli.demo.apis import SampleApis, sample_apis
from dragoman.cli.demo.poisoned import poisoned_ticket
from dragoman.cli.demo.receipt import receipt
from dragoman.cli.demo.scene import OFFLINE_SCENE, ONE_SENTENCE, QUESTIONS_AFTER, play
from dragoman.cli.demo.stage import Stage
from dragoman.cli.demo.visit import visit
from dragoman.cli.terminal import note

app = verb("demo", "Three sample APIs, and real questions through the whole path.")

__all__ = ["app"]


@app.default
async def demo(
    *,
    url: str | None = None,
    ask: str | None = None,
    keep: Annotated[bool, Parameter(name="--keep", negative="")] = False,
) -> int:
    """Start three sample APIs and ask real questions, or try an API of your own.

    Works without any key. With OPENAI_API_KEY set, OpenAI answers the first question.

    Parameters
    ----------
    url
        The address of an OpenAPI document of your own, to try in place of the samples.
    ask
        With --url: the question to ask. [default: the summary of one of its reads]
    keep
        Leave the sample APIs running for questions of your own, until Ctrl-C.
    """
    with tempfile.TemporaryDirectory(prefix="dragoman-demo-") as folder:
        stage = Stage(Path(folder))
        if url is not None:
            return await visit(stage, url, ask)
        async with sample_apis() as apis:
            with_openai = bool(os.environ.get("OPENAI_API_KEY"))
            _lay_out(stage, apis, "gpt-5.4-mini" if with_openai else "offline")
            code = await _play(stage, apis, with_openai=with_openai)
            if keep:
                await _stay(stage)
    return code


def _lay_out(stage: Stage, apis: SampleApis, model: str) -> None:
    """Write the configuration that the commands use, and the variables beside it."""
    source = files("dragoman.demo").joinpath("dragoman.yaml")
    (stage.folder / "dragoman.yaml").write_text(source.read_text("utf-8"), "utf-8")
    variables = {**apis.variables, "DEMO_MODEL": model}
    lines = [f"{name}={value}" for name, value in variables.items()]
    (stage.folder / ".env").write_text("\n".join([*lines, ""]), "utf-8")


async def _play(stage: Stage, apis: SampleApis, *, with_openai: bool) -> int:
    note("Three APIs run on this machine, each a program of its own:")
    note(f"  shop      {apis.shop}   OpenAPI 3.1, an API key")
    note(f"  helpdesk  {apis.helpdesk}   OpenAPI 3.0 in YAML, OAuth client credentials")
    note(f"  carrier   {apis.carrier}   no description: its calls are written by hand")
    if with_openai:
        note("OPENAI_API_KEY is set: OpenAI answers.")
    else:
        note("No key is set: a planner finds the operation for each question. It is no LLM.")
    played = [
        await play(stage, ONE_SENTENCE if with_openai else OFFLINE_SCENE),
        await play(stage, QUESTIONS_AFTER[:2]),
        await poisoned_ticket(stage, apis),
        await play(stage, QUESTIONS_AFTER[2:]),
        await receipt(stage, apis),
    ]
    return 0 if all(played) else FAILED


async def _stay(stage: Stage) -> None:
    """Leave the APIs running; the folder goes when they go."""
    note("\nThe three APIs keep running. In another terminal:")
    print(f"  cd {stage.folder}")
    print('  dragoman ask "Which tickets are open?"')
    note("Ctrl-C ends them and takes the folder away.")
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        note("ended")
