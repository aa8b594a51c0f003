"""Whom a contact names: customers, their groups, and everything that is kept about one person."""
