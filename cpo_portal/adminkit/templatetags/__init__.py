"""Template tags of the theme wrapper."""
