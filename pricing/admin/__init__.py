"""The admin pages of tariffs, surges and what bounds them; Django finds them all here."""

from pricing.admin import calendars, ceilings, demand, demand_replays, signals, surge_policy, surges, tariffs

__all__ = ["calendars", "ceilings", "demand", "demand_replays", "signals", "surge_policy", "surges", "tariffs"]
