"""Let AI assistants use your APIs, safely.

    from dragoman import Dragoman

    async with Dragoman("dragoman.yaml") as d:
        answer = await d.ask("Where is order 1042?")

Names are loaded on first use (PEP 562), so that `import dragoman` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dragoman.app import Dragoman
    from dragoman.assistant.answer import Answer
    from dragoman.audit.approval import Approval
    from dragoman.errors import (
        AddressRefusedError,
        ApiError,
        ArgumentError,
        ConfigurationError,
        CredentialError,
        DescriptionError,
        DragomanError,
        LimitError,
        ModelError,
        NetworkError,
        NotFoundError,
        PolicyError,
        Problem,
        ResponseError,
        StoreError,
        UnsupportedError,
    )
    from dragoman.operation import Effect, Operation, Outcome, Prepared, Status, Tool

__all__ = [
    "AddressRefusedError",
    "Answer",
    "ApiError",
    "Approval",
    "ArgumentError",
    "ConfigurationError",
    "CredentialError",
    "DescriptionError",
    "Dragoman",
    "DragomanError",
    "Effect",
    "LimitError",
    "ModelError",
    "NetworkError",
    "NotFoundError",
    "Operation",
    "Outcome",
    "PolicyError",
    "Prepared",
    "Problem",
    "ResponseError",
    "Status",
    "StoreError",
    "Tool",
    "UnsupportedError",
]

_ROOMS = {
    "Answer": "dragoman.assistant.answer",
    "Approval": "dragoman.audit.approvals",
    "Dragoman": "dragoman.app",
    **dict.fromkeys(
        ("Effect", "Operation", "Outcome", "Prepared", "Status", "Tool"), "dragoman.operation"
    ),
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'dragoman' has no attribute '{name}'")
    return getattr(import_module(_ROOMS.get(name, "dragoman.errors")), name)


def __dir__() -> list[str]:
    return list(__all__)
