"""What every API route keeps to: bodies of a bounded size, and so many calls per token or address."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle


class TooLarge(APIException):
    """A body that is not read."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too long; send less at once."
    default_code = "too_large"


def refuse_long_body(request: Any, longest: int) -> None:
    """Refuse by the announced length, before anything is read; a body of unknown length reads as empty."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdecimal() or int(announced) > longest:
        raise TooLarge(f"The body is longer than {longest} bytes; send less at once.")


class BoundedJSONParser(JSONParser):
    """JSON in UTF-8 of at most 64 KB, or of the view's `longest_body`, that can be read, kept and written again."""

    longest = 65_536
    deepest = 32

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        context = parser_context or {}
        refuse_long_body(context["request"], getattr(context.get("view"), "longest_body", self.longest))
        try:
            value = json.loads(stream.read().decode(), parse_constant=_no_number, parse_float=_finite)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error
        except ValueError as error:
            raise ParseError(f"The body is no JSON in UTF-8: {error}") from error
        self._refuse_unkept(value)
        return value

    def _refuse_unkept(self, value: Any) -> None:
        """Refuse what nests too deeply, and texts that no database and no answer can hold; goes level by level."""
        level = [value]
        for _ in range(self.deepest + 1):
            inner: list[Any] = []
            for node in level:
                if isinstance(node, dict):
                    inner += [*node, *node.values()]
                elif isinstance(node, list):
                    inner += node
                elif isinstance(node, str) and not _is_text(node):
                    raise ParseError("A text in the JSON has half a surrogate pair; send whole characters.")
            if not inner:
                return
            level = inner
        raise ParseError("The JSON is nested too deeply.")


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


class _TokenThrottle(SimpleRateThrottle):
    """Counts per token; each process counts for itself, so the figure is a brake and no quota."""

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        token = getattr(request.auth, "pk", None)
        return None if token is None else f"throttle:{self.scope}:{token}"


class StaffThrottle(_TokenThrottle):
    """The staff API."""

    scope = "staff"
    rate = "600/min"


class ChargingThrottle(_TokenThrottle):
    """Charging systems: hundreds of chargers report through one token."""

    scope = "charging"
    rate = "6000/min"


class GatewayThrottle(SimpleRateThrottle):
    """Payment gateways, which have no token, by address."""

    scope = "gateway"
    rate = "1200/min"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"throttle:{self.scope}:{self.get_ident(request)}"
