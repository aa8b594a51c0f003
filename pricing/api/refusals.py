"""Bodies in, refusals out: by field where one is at fault, else as a conflict with the state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from drf_spectacular.utils import OpenApiResponse
from rest_framework.exceptions import APIException
from rest_framework.exceptions import ValidationError as BadInput
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from cpo_portal.network.api_fields import RefusedSerializer

REFUSED = {
    400: OpenApiResponse(RefusedSerializer, description="The fields that are wrong, each with a sentence."),
    404: OpenApiResponse(RefusedSerializer, description="There is no such thing at this CPO."),
    409: OpenApiResponse(RefusedSerializer, description="The state does not allow it; the message says what to do."),
}


class Conflict(APIException):
    """The request is well formed, but the thing's state does not allow it."""

    status_code = 409
    default_code = "conflict"
    default_detail = "The state does not allow this."


@contextmanager
def refusals(paths: Mapping[str, tuple[str, ...]] | None = None) -> Iterator[None]:
    """Turn a ValidationError of the domain into DRF's; `paths` says where a field stands in the request."""
    try:
        yield
    except ValidationError as refusal:
        if not hasattr(refusal, "error_dict"):
            raise Conflict(" ".join(refusal.messages)) from refusal
        detail: dict[str, Any] = {}
        for name, messages in refusal.message_dict.items():
            if name == NON_FIELD_ERRORS:
                raise Conflict(" ".join(messages)) from refusal
            *above, last = (paths or {}).get(name, (name,))
            inner = detail
            for step in above:
                inner = inner.setdefault(step, {})
            inner[last] = messages
        raise BadInput(detail) from refusal


def token_prefix(request: Request) -> str:
    """Return the first characters of the token that asks: how the history names it."""
    token: Any = request.auth
    prefix: str = token.prefix
    return prefix


def body_of(serializer_class: type[Serializer[Any]], request: Request) -> Any:
    """Return the request's validated body, or raise BadInput by field; a PATCH may leave any field out."""
    serializer = serializer_class(data=request.data, partial=request.method == "PATCH")
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data
