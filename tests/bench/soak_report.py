"""What came of a soak: its figures as a whole, and over time."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.figures import Figures, p50, p99
from tests.bench.soak_client import PATIENCE_SECONDS, Outcome, Sent
from tests.bench.soak_watch import Look

WINDOW_SECONDS = 30.0
#: Windows until every thread has its connection and every cache its rows; memory is held against what it is then.
WARM_UP_WINDOWS = 2
PROGRAMS = ("web", "worker")


@dataclass(frozen=True, slots=True)
class Run:
    """What the buyer apps saw, what was looked at meanwhile, and the processor time that each program took."""

    outcome: Outcome
    looks: list[Look]
    cpu_seconds: dict[str, float]

    @property
    def drain_seconds(self) -> float:
        """How long after the last message the last callback came; where one is missing, how long it was waited for."""
        if any(one.callback is None for one in self.outcome.sent):
            return PATIENCE_SECONDS
        ends = [one.due + (one.callback or 0) for one in self.outcome.sent]
        return max(max(ends) - self.outcome.ended, 0.0)

    @property
    def per_second(self) -> float:
        """How many messages a second came through to their callbacks; raise RuntimeError where one did not."""
        if self.outcome.errors:
            raise RuntimeError(f"{self.outcome.errors} messages were not answered: {self.outcome.wrong[:3]}")
        return len(self.outcome.sent) / (self.outcome.ended + self.drain_seconds)


@dataclass(frozen=True, slots=True)
class Window:
    """Part of a run: its end in seconds, the messages that were due and the looks that were taken in it."""

    ends: float
    sent: list[Sent]
    looks: list[Look]

    def figures(self) -> Figures:
        """Return its figures by their short names: times in milliseconds, memory in megabytes, the most of counts."""
        acks = [one.ack * 1000 for one in self.sent if one.ack is not None]
        callbacks = [one.callback * 1000 for one in self.sent if one.callback is not None]
        return {
            "p50_ms.ack": p50(acks),
            "p99_ms.ack": p99(acks),
            "p50_ms.callback": p50(callbacks),
            "p99_ms.callback": p99(callbacks),
            **{f"rss_mb.{name}": p50([look.used[name].rss_mb for look in self.looks]) for name in PROGRAMS},
            **{f"open_files.{name}": p50([look.used[name].files for look in self.looks]) for name in PROGRAMS},
            "connections": max(look.connections for look in self.looks),
            "queue_depth": max(look.queued for look in self.looks),
            "broker_files": max(look.broker_files for look in self.looks),
        }


def report(run: Run) -> Figures:
    """Print the windows and what went wrong; return the figures by name."""
    for wrong in run.outcome.wrong[:10]:
        print(f"  {wrong}")
    windows = _windows(run)
    over_time = [window.figures() for window in windows]
    _show(windows, over_time)
    whole = Window(run.outcome.ended, run.outcome.sent, run.looks).figures()
    figures: Figures = {
        "soak.sent": len(run.outcome.sent),
        "soak.errors": run.outcome.errors,
        "soak.delivered_again": run.outcome.again,
        "soak.drain_s": run.drain_seconds,
    }
    figures |= {f"soak.{name}": value for name, value in whole.items() if "_ms." in name}
    figures |= {f"soak.{name}_max": whole[name] for name in ("connections", "queue_depth", "broker_files")}
    figures |= {
        f"soak.{name}_worst_window": max(found[name] for found in over_time)
        for name in ("p99_ms.ack", "p99_ms.callback")
    }
    figures |= _growth(over_time)
    each = len(run.outcome.sent)
    figures |= {f"soak.cpu_ms_each.{name}": seconds * 1000 / each for name, seconds in run.cpu_seconds.items()}
    for window, found in zip(windows, over_time, strict=True):
        figures |= {f"soak.at{window.ends:03.0f}s.{name}": value for name, value in found.items()}
    return figures


def _growth(over_time: list[Figures]) -> Figures:
    """Return how memory and open files grew from the end of the warm-up to the last window."""
    first, last = over_time[min(WARM_UP_WINDOWS, len(over_time) - 1)], over_time[-1]
    found: Figures = {}
    for name in PROGRAMS:
        found[f"soak.rss_mb.{name}"] = last[f"rss_mb.{name}"]
        found[f"soak.rss_growth_percent.{name}"] = (last[f"rss_mb.{name}"] / first[f"rss_mb.{name}"] - 1) * 100
        found[f"soak.open_files_growth.{name}"] = last[f"open_files.{name}"] - first[f"open_files.{name}"]
    return found | {"soak.rss_growth_percent": max(found[f"soak.rss_growth_percent.{name}"] for name in PROGRAMS)}


def _windows(run: Run) -> list[Window]:
    """Cut a run into equal windows of about half a minute."""
    outcome = run.outcome
    count = max(1, round(outcome.ended / WINDOW_SECONDS))
    length = outcome.ended / count

    def of(seconds: float) -> int:
        return min(int(seconds / length), count - 1)

    return [
        Window(
            (number + 1) * length,
            [one for one in outcome.sent if of(one.due) == number],
            [look for look in run.looks if look.at >= outcome.began and of(look.at - outcome.began) == number],
        )
        for number in range(count)
    ]


def _show(windows: list[Window], over_time: list[Figures]) -> None:
    print("  until  ACK p50  p99 ms  callback p50  p99 ms  web MB  worker MB  connections  queued")
    for window, found in zip(windows, over_time, strict=True):
        print(
            f"  {window.ends:3.0f} s {found['p50_ms.ack']:9.1f}{found['p99_ms.ack']:8.0f}"
            f"{found['p50_ms.callback']:14.0f}{found['p99_ms.callback']:8.0f}{found['rss_mb.web']:8.0f}"
            f"{found['rss_mb.worker']:11.0f}{found['connections']:13.0f}{found['queue_depth']:8.0f}"
        )
