"""Beckn messages as values: JSON to frozen dataclasses and back, one folder per dialect, free of I/O and clocks."""
