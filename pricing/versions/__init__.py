"""What tariffs and surges have in common: drafts, publication, and versions that lie on each other in time."""
