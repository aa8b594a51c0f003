"""What every API route keeps to: bodies of a bounded size, and so many calls per token or address."""

from __future__ import annotations

from typing import Any

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
    """JSON of at most 64 KB, or of the view's `longest_body`, and of a depth that can be read."""

    longest = 65_536

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        context = parser_context or {}
        refuse_long_body(context["request"], getattr(context.get("view"), "longest_body", self.longest))
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error


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
