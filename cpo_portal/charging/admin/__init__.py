"""The admin pages of orders and of the people who charge; Django finds them all here."""

from cpo_portal.charging.admin import balances, customers, groups, imports, money, orders, segments

__all__ = ["balances", "customers", "groups", "imports", "money", "orders", "segments"]
