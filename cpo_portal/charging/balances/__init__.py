"""Prepaid balances of money and energy: what moves them, what orders hold of them, and what proves them."""
