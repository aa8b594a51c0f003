"""The life cycle of an order: place, confirm, start, settle, cancel, reverse; each in one module.

Each function runs inside the caller's transaction and the CPO's scope, locks the order first, and writes an
OrderEvent with the fact. A Refusal that cancelled the order says so in its message, and the cancellation stands.
"""
