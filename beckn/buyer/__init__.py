"""The sandbox buyer app: a process of its own that shares no code, no keys and no crypto library with the portal."""
