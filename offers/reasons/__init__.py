"""Why an offer applied or did not, in words."""
