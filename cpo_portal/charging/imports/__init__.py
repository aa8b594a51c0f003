"""Files of customers, named lists and top-ups, taken in as a whole or not at all."""
