"""Figures by name, the goals they are held against, and how both are printed."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Goal:
    """At least or at most so much."""

    limit: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


#: How many live offers prices are measured among.
SIZES = (10, 1_000, 10_000, 100_000)
GOALS = {
    "ack.ratio_to_null_drf": Goal(0.30, at_least=True),
    "ack.p99_ratio_to_null_drf": Goal(3),
    "callback.ratio_to_null_task.items10": Goal(4),
    "callback.ratio_to_null_task.items200": Goal(6),
    "select.sql_queries_spread": Goal(0),
    "redeem.ratio_to_bare_sql.capped": Goal(0.5, at_least=True),
    "redeem.ratio_to_bare_sql.uncapped": Goal(0.4, at_least=True),
    "explain.ms.n10000": Goal(50),
    "backtest.sessions_per_s": Goal(5000, at_least=True),
    "network.search_ms": Goal(20),
    "metered.p50_ms": Goal(1),
    "rebill.sessions_per_s": Goal(1200, at_least=True),
    "controller.replay_s": Goal(20),
    **{f"price.p50_us.n{size}{lines}": Goal(100) for size in SIZES for lines in ("", ".lines3")},
    **{f"price.p99_us.n{size}{lines}": Goal(1000) for size in SIZES for lines in ("", ".lines3")},
    **{f"price.sql_queries.n{size}": Goal(2) for size in SIZES},
    "service.p50_ms.n10000": Goal(5),
    "book.build_s.n10000": Goal(2),
    "book.change_ms.n10000": Goal(50),
    "sick.p99_ratio.hang": Goal(2),
    "sick.p99_ratio.reset": Goal(2),
    "sick.p99_ratio.500": Goal(2),
    "soak.errors": Goal(0),
    "soak.drain_s": Goal(10),
    "soak.rss_growth_percent": Goal(5),
    "idle.cpu_percent": Goal(3),
}


def p50(values: Sequence[float]) -> float:
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[94]


def p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98]


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """Return the median of the ratios of what was measured side by side."""
    return p50([a / b for a, b in zip(numerators, denominators, strict=True)])


def interleaved(rounds: int, **measures: Callable[[], Any]) -> dict[str, list[Any]]:
    """Return what each measure gave in each round: A B A B …, so that a slow minute of the machine meets all alike."""
    found: dict[str, list[Any]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def is_of_a_window(name: str) -> bool:
    """Whether this is one of a series over time, which its group prints as a table."""
    return re.search(r"\.at\d+s\.", name) is not None


def row(name: str, value: float) -> str:
    """Return one line of the table; a missed goal is marked."""
    shown = f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" if value < 100 else f"{value:.1f}"
    goal = GOALS.get(name)
    if goal is None:
        return f"  {name:<44}{shown:>12}"
    return f"  {name:<44}{shown:>12}   goal {goal}{'' if goal.met(value) else '  MISSED'}"
