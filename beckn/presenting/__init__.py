"""From our rows to the views that every dialect renders: one place decides what a buyer app is told."""
