"""The staff API of offers and the price check."""
