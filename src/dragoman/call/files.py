"""The name of a file that an API answers with, as it may be written down."""

from __future__ import annotations

import re
import unicodedata
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import TypeAlias, cast

from dragoman.operation import Received

__all__ = ["name_of"]

_LONGEST = 100

_LONGEST_FIELD = 4096
"""Characters; the time that the library takes grows with the square of a longer one."""

Encoded: TypeAlias = tuple[str | None, str | None, str]
Parameters: TypeAlias = list[tuple[str, str | Encoded]]
_SPECIAL = re.compile(r'[<>:"|?*]')


def name_of(received: Received) -> str:
    """Return the name in Content-Disposition (RFC 6266, `filename*` by RFC 8187), or "".

    It is a name alone (RFC 6266, section 4.3): no folder, nothing invisible, no dot at its ends.
    """
    given = next((v for name, v in received.headers if name.lower() == "content-disposition"), "")
    try:
        name = _given(" ".join(given[:_LONGEST_FIELD].splitlines()))
    except ValueError:  # a charset that decodes nothing, a number of too many digits
        return ""
    name = re.split(r"[\\/]", name)[-1]
    visible = "".join(
        c for c in name if not unicodedata.category(c).startswith(("C", "Z")) or c == " "
    )
    return _SPECIAL.sub("_", visible).strip(" .")[:_LONGEST]


def _given(field: str) -> str:
    message = Message()
    message["Content-Disposition"] = field
    found = cast("Parameters", message.get_params(failobj=[], header="content-disposition"))
    names = [value for parameter, value in found if parameter.lower() == "filename"]
    # Of two the encoded one is meant (section 4.3); it comes in three parts.
    chosen = next((one for one in names if isinstance(one, tuple)), names[0] if names else "")
    return collapse_rfc2231_value(chosen)
