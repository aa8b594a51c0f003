"""Validators for the tests: our strict schemas, and core 1.1.0's OpenAPI where the facts folder is at hand."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from beckn.protocol import times

_ROOT = Path(__file__).parents[3]
SCHEMAS = _ROOT / "beckn" / "protocol" / "deg_v1" / "schemas"
FACTS = Path(os.environ.get("PORTAL_FACTS", _ROOT / ".." / "shared" / "facts")).resolve() / "beckn-v1"
CORE = FACTS / "transaction-core-v1.1.0.yaml"

FORMATS = FormatChecker(formats=("uuid", "email"))


@FORMATS.checks("date-time")
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or times.is_rfc3339(value)


@FORMATS.checks("uri", raises=ValueError)
def _is_uri(value: object) -> bool:
    if not isinstance(value, str):
        return True
    parts = urlsplit(value)
    return bool(parts.scheme and parts.netloc) and " " not in value


@cache
def ours(document: str, name: str) -> Draft202012Validator:
    """Return the validator of one definition of `requests.json` or `callbacks.json`."""
    content = json.loads((SCHEMAS / document).read_text())
    return Draft202012Validator({**content, "$ref": f"#/$defs/{name}"}, format_checker=FORMATS)


@cache
def core(path: str) -> Draft202012Validator:
    """Return the validator of the body that core 1.1.0 asks for at this path ("on_search")."""
    content = yaml.safe_load(CORE.read_text())
    resource = DRAFT202012.create_resource(content)
    registry: Registry[Any] = Registry().with_resource("core", resource)
    pointer = f"core#/paths/~1{path}/post/requestBody/content/application~1json/schema"
    return Draft202012Validator({"$ref": pointer}, registry=registry, format_checker=FORMATS)


def complaints(validator: Draft202012Validator, body: object) -> list[str]:
    """Return what the validator has against a body, one line each."""
    errors: Iterator[Any] = validator.iter_errors(body)
    return [f"{error.json_path}: {error.message}" for error in errors]
