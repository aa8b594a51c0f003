"""Back-tests: past sessions played again with an offer added."""

from offers.engine.backtest.membership import IN_NONE, SEGMENT
from offers.engine.backtest.replay import Backtest
from offers.engine.backtest.values import (
    BacktestResult,
    Displaced,
    KeptOut,
    OfDay,
    OfGroup,
    PastSession,
    Setting,
    Touched,
)

__all__ = [
    "IN_NONE",
    "SEGMENT",
    "Backtest",
    "BacktestResult",
    "Displaced",
    "KeptOut",
    "OfDay",
    "OfGroup",
    "PastSession",
    "Setting",
    "Touched",
]
