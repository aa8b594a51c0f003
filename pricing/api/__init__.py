"""The staff API of tariffs, their calendars and ceilings, and of surges."""
