"""Typed reading of environment variables: a missing or malformed value stops the start with one sentence."""

from __future__ import annotations

import base64
import binascii
import os
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """Return the variable, or `default`; without a default it must be set."""
    value = os.environ.get(name, "")
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return default


def choice(name: str, allowed: tuple[str, ...], default: str) -> str:
    """Return one of `allowed`."""
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; use one of {', '.join(allowed)}.")
    return value


def flag(name: str, default: bool) -> bool:
    """Return a yes/no variable."""
    value = text(name, "yes" if default else "no").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; use yes or no.")


def number(name: str, default: int) -> int:
    """Return a whole number."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}; use a whole number.") from None


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list without blanks."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def keys(name: str) -> list[bytes]:
    """Return one or several keys of 32 bytes, given in base64 with commas between them."""
    text(name)
    try:
        found = [base64.b64decode(word, validate=True) for word in words(name)]
    except binascii.Error:
        found = []
    if not found or any(len(key) != 32 for key in found) or len(set(found)) < len(found):
        raise ImproperlyConfigured(
            f"Set {name} to 32 random bytes in base64 (openssl rand -base64 32); while keys are changed, to several "
            "different ones with commas between them, the new one first."
        )
    return found


def database(name: str) -> dict[str, Any]:
    """Return Django's settings for `postgresql://user:password@host:port/name?host=/socket/folder`."""
    url = urlsplit(text(name))
    if url.scheme not in {"postgresql", "postgres"} or not url.path.strip("/"):
        raise ImproperlyConfigured(f"{name} must look like postgresql://user:password@host:5432/database.")
    query = parse_qs(url.query)
    options: dict[str, Any] = {key: values[-1] for key, values in query.items() if key != "host"}
    return {
        "ENGINE": "cpo_portal.database.postgresql",
        "NAME": unquote(url.path.strip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": query["host"][-1] if "host" in query else (url.hostname or ""),
        "PORT": str(url.port or ""),
        "OPTIONS": options,
    }
