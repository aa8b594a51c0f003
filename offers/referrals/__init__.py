"""Referrals: a customer's code, what a new customer's first completed session earns both, and its credit."""
