"""Moments as people write them: 14:00, 'tue 14:00', 2026-11-17, 2h."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from dragoman.cli.command import UsageError

__all__ = ["moment", "span"]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def moment(text: str, now: datetime) -> datetime:
    """Read a moment as people write it, in UTC; raises `UsageError` with the forms."""
    words = text.strip().lower()
    if match := re.fullmatch(r"(\d+)\s*([mhd])", words):
        unit = {"m": "minutes", "h": "hours", "d": "days"}[match[2]]
        try:
            return now - timedelta(**{unit: int(match[1])})
        except OverflowError:
            raise UsageError(f"'{text}' is before all time.") from None
    if match := re.fullmatch(r"(?:([a-z]{3})[a-z]*\s*)?(?:(\d{1,2}):(\d{2}))?", words):
        day, hour, minute = match.groups()
        if (day or hour) and (day is None or day in _DAYS):
            return _on_day(now, day, int(hour or 0), int(minute or 0))
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"'{text}' is no moment.",
            hint="Write 14:00, 'tue 14:00', 2026-11-17, 2026-11-17T14:00 or 2h.",
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def span(
    since: str | None, until: str | None, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Read from when on and until when; raises `UsageError` where nothing lies between them."""
    start = moment(since, now) if since else None
    end = moment(until, now) if until else None
    if start is not None and start >= (end or now):
        raise UsageError(f"{since} is not before {until or 'now'}, so there is nothing to find.")
    return start, end


def _on_day(now: datetime, day: str | None, hour: int, minute: int) -> datetime:
    """Return the last time that this was the hour, on that day of the week if one is named."""
    if hour > 23 or minute > 59:
        raise UsageError(f"{hour}:{minute:02} is no time of day.")
    at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    back = (at.weekday() - _DAYS.index(day)) % 7 if day else 0
    at -= timedelta(days=back)
    return at if at <= now else at - timedelta(days=7 if day else 1)
