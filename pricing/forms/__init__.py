"""The forms of the admin pages of tariffs and surges, by what they are about."""
