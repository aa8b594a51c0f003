"""Offers as files: a CSV whose columns are the labels of the form, taken in and given out."""
