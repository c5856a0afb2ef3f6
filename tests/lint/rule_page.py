"""Write `docs/lint.md` from the rules: `python tests/lint/rule_page.py`. A test compares it."""

from __future__ import annotations

from pathlib import Path

from dragoman.lint.rules import RULES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "lint.md"

_HEAD = """\
# Is an API fit for models?

<!-- made by: python tests/lint/rule_page.py -->

```
dragoman lint openapi.json                     # a path or an address; no configuration is needed
dragoman lint openapi.json --json              # every finding, for programs
dragoman lint openapi.json --fix               # writes fix.overlay.yaml; --out names another file
dragoman lint openapi.json --overlay fix.overlay.yaml     # what is left with it
```

It tells what becomes of each operation (full, changed, unsupported), then what eleven rules find:
where, what that does to a model, and what a fix saves. It ends with a score and a line such as
`452 tools, 171,224 tokens, 164,822 after fixes`. Tokens are counted with the extra
`dragoman[tokens]`, and are an estimate, marked `~`, without it. The exit code is 0 whenever the
document could be read.

What it finds in public descriptions is in [evidence/lint.md](evidence/lint.md).

## The rules

"""

_TAIL = """\
## The score

From 100 each rule takes its weight times the share of the operations that it makes worse. An
operation counts once for a rule, by the worst of its findings: a tool of twice its budget counts
half, one of ten times nine tenths; a description that we made counts half. A finding in a shared
schema counts for every operation that reaches it. `hidden-text` takes at least half of its weight
for any finding, since one is enough.

    score = 100 - sum of weight * max(least, sum over operations of share / operations)

It is rounded down to a hundredth. A document without operations has 0.

## What `--fix` does, and what not

It writes an [OpenAPI Overlay](https://spec.openapis.org/overlay/v1.0.0.html) 1.0, which `overlays:`
of an API in `dragoman.yaml` applies: `overlays: [./fix.overlay.yaml]`. Only texts change:
descriptions, summaries, titles and operationIds. Operations keep their names and routes, and what
they accept and send stays the same; applying it twice changes nothing, and a second `--fix` finds
nothing to do. A file that is there is not written over without `--force`.

No fact is invented: a description is shortened at the end of a sentence, or made of method and path
and marked as made. What is in another file that the document refers to, deeper than 100 levels, or
in one object that two paths share, is found and not mended. A tool that was cut because it was too
large may get larger when its prose gets shorter: more of it fits.

## How far to trust it

Rules go by the form of a document and by method; there is no list of good or bad words but for
terms of the field, such as `limit` and `cursor`. That a text addresses the model is a guess by how
such sentences are built: what is said in other words, or in another language, is not found. A
finding is advice; `dragoman lint` never fails a build by itself.

`dragoman check` tells the owner of hidden text and of look-alikes among the operations that a file
serves, and of APIs that imitate each other: those with one name but for case, separators or
plural, and those with operations of one name.
"""


def rule_page() -> str:
    """Return the page."""
    rules = [
        f"### {rule.name}\n\n{rule.effect} Weight {rule.weight}.\n\n"
        f"```\n{rule.example}\n```\n\n{rule.advice}\n"
        for rule in RULES
    ]
    return _HEAD + "\n".join(rules) + "\n" + _TAIL


if __name__ == "__main__":
    PAGE.write_text(rule_page(), "utf-8")
