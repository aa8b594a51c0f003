"""Prometheus' text exposition format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value under its labels."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gauge:
    """A metric: `samples` may be empty, then only its HELP and TYPE are told."""

    name: str
    help: str
    samples: tuple[Sample, ...]


def gauge(name: str, help_text: str, *samples: Sample | float | None) -> Gauge:
    """Return a gauge; a bare number is a sample without labels, None is none."""
    made = tuple(x if isinstance(x, Sample) else Sample(float(x)) for x in samples if x is not None)
    return Gauge(name, help_text, made)


def exposition(gauges: Iterable[Gauge]) -> str:
    """Return the page: each metric's HELP, TYPE and samples."""
    return "".join(line for made in gauges for line in _lines(made))


def _lines(made: Gauge) -> Iterable[str]:
    yield f"# HELP {made.name} {made.help.replace(chr(92), chr(92) * 2).replace(chr(10), chr(92) + 'n')}\n"
    yield f"# TYPE {made.name} gauge\n"
    for sample in made.samples:
        labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in sample.labels.items())
        yield (
            f"{made.name}{{{labels}}} {_number(sample.value)}\n" if labels else f"{made.name} {_number(sample.value)}\n"
        )


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 3))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
