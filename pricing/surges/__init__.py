"""Surge schedules: what staff write into them, when and where they hold, for whom, and what a price takes from them."""
