"""The forms of the admin pages of offers, by what they are about."""
