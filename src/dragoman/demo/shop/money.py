"""Amounts: whole cents inside, euros with two decimals outside."""

from __future__ import annotations

from decimal import Decimal

from dragoman.demo.work import RefusalError

__all__ = ["CURRENCY", "cents", "euros"]

CURRENCY = "EUR"
_CENT = Decimal("0.01")


def euros(amount: int) -> Decimal:
    """Return cents as euros: 490 is 4.90."""
    return (Decimal(amount) / 100).quantize(_CENT)


def cents(amount: float) -> int:
    """Return euros as cents; raises `RefusalError` for a fraction of a cent."""
    exact = Decimal(str(amount)) * 100
    if exact != int(exact):
        raise RefusalError(
            400, "Arguments refused", f"amount: {amount} has more than two decimals."
        )
    return int(exact)
