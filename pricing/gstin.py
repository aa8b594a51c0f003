"""GSTIN, India's tax number: state, PAN, registration, a Z and a check character (CGST Rules, form REG-06)."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHAPE = re.compile(r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]")


def check_gstin(text: str) -> None:
    """Refuse what has not the form of a GSTIN, or whose last character does not check."""
    if not has_form(text):
        raise ValidationError(f"“{text}” is no GSTIN: it has 15 characters, such as 27AAPFU0939F1ZV.")
    if text[-1] != check_character(text[:-1]):
        raise ValidationError(f"“{text}” is no GSTIN: its last character does not check; compare it once more.")


def has_form(text: str) -> bool:
    """Tell whether it has the form of a GSTIN, whatever its last character is."""
    return _SHAPE.fullmatch(text) is not None


def check_character(body: str) -> str:
    """Return the last character that belongs to the first fourteen."""
    total = 0
    for position, char in enumerate(body):
        product = _ALPHABET.index(char) * (1 + position % 2)
        total += product // 36 + product % 36
    return _ALPHABET[-total % 36]
