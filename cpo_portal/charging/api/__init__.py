"""The APIs of charging systems, payment gateways and staff: thin shells around the room's functions."""
