"""The command line: `dragoman VERB`, one module a verb.

The verbs are a table and their modules are imported when they are used, so that `--help` is
there at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

__all__ = ["VERBS", "main"]

_GROUPS: dict[str, dict[str, str]] = {
    "Start": {
        "demo": "three sample APIs, and real questions through the whole path",
        "init": "write dragoman.yaml for an API: a description's path or address",
        "add": "add an API to dragoman.yaml, or one call from a curl command",
        "check": "is my file right: syntax, secrets, each API and its credential",
    },
    "Use": {
        "ask": "ask a question, answered from your APIs",
        "chat": "ask, and go on asking",
        "call": "call one operation: call shop.getOrder order_id=1042",
        "search": "find operations by what they do",
        "tools": "what a model would see, and its size",
        "resume": "go on with an answer or a call that waited",
    },
    "Connect": {
        "mcp": "serve the tools to an MCP client, on standard input and output",
        "install": "tell a client how to start it: claude-code, cursor, codex, …",
        "export": "the OpenAPI document of a toolset for ChatGPT: export actions TOOLSET",
    },
    "Govern": {
        "keys": "make, list, revoke and rotate the keys of callers",
        "policy": "who may do what, and which line of the file decides",
        "approvals": "list, show, approve, edit or deny what waits for a yes",
        "events": "what nobody could be told of yet; events retry ID",
        "connect": "let an end user connect an API, to use it on their behalf",
        "pause": "stop an API, an operation, a caller or everything",
        "unpause": "let what was paused go on",
        "forget": "delete what is kept of an end user",
        "reconcile": "settle a write that nobody knows the end of",
        "log": "what was asked and called, and what came of it",
        "stats": "how they did: failures, times, tokens, money, and what broke since when",
    },
    "Improve": {
        "lint": "what becomes of each operation of a description, and why",
        "diff": "what changed of the descriptions since you accepted them",
    },
}

VERBS = tuple(verb for verbs in _GROUPS.values() for verb in verbs)


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 failed, 2 usage, 3 credentials, 4 waiting, 5 refused."""
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone (head, less): end quietly, and keep Python from writing at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def _run(argv: list[str]) -> int:
    if not argv or argv[0] in {"-h", "--help", "help"}:
        print(_help())
        return 0
    if argv[0] == "--version":
        from importlib.metadata import version  # noqa: PLC0415 - 30 ms that only this needs

        print(f"dragoman {version('dragoman')}")
        return 0
    verb, *rest = argv
    if verb not in VERBS:
        return _unknown(verb)
    from dragoman.cli.command import run  # noqa: PLC0415 - not for --help

    return run(import_module(f"dragoman.cli.{verb}").app, rest)


def _help() -> str:
    lines = ["Let AI assistants use your APIs, safely.", "", "Usage: dragoman VERB …"]
    for group, verbs in _GROUPS.items():
        lines += ["", group]
        lines += [f"  {verb:<10} {summary}" for verb, summary in verbs.items()]
    lines += ["", "dragoman VERB --help tells more. Exit codes: 0 done, 1 failed, 2 usage or"]
    lines += ["configuration, 3 credentials, 4 waiting for a person, 5 refused by policy."]
    return "\n".join(lines)


def _unknown(verb: str) -> int:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    near = get_close_matches(verb, VERBS, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else "dragoman --help lists what there is."
    print(f"✗ there is no verb '{verb}'. {hint}", file=sys.stderr)
    return 2
