"""Charging sessions and connectors as charging systems report them, and what these are asked to do."""
