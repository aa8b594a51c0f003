"""Surcharges that follow demand, live: rules as rows, observations, decisions by the minute, and what a price takes."""
