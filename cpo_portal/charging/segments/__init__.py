"""Segments: their rules, who is in one, and what was known of a customer when."""
