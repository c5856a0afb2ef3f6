"""Reading what `d.metrics()` says, by the parser of `prometheus_client`."""

from __future__ import annotations

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

__all__ = ["Measured"]


class Measured:
    """The numbers of an exposition, by name and labels."""

    def __init__(self, text: str, *, is_openmetrics: bool = False) -> None:
        read = openmetrics if is_openmetrics else prometheus
        self.samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in read(text)
            for sample in family.samples
            if not sample.name.endswith("_created")
        }

    def __call__(self, name: str, **labels: str) -> float:
        """The number under exactly these labels; 0 where there is none yet."""
        return self.samples.get((f"dragoman_{name}", frozenset(labels.items())), 0.0)

    def total(self, name: str, **labels: str) -> float:
        """The sum of all numbers that have these labels among theirs."""
        wanted = frozenset(labels.items())
        return sum(
            value
            for (known, of), value in self.samples.items()
            if known == f"dragoman_{name}" and wanted <= of
        )
