"""The staff API of tariffs."""
