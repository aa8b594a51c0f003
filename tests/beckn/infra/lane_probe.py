"""A middleware that marks every answer that passed it."""

from __future__ import annotations

from typing import Any


def mark(get_response: Any) -> Any:
    def answer(request: Any) -> Any:
        response = get_response(request)
        response["X-Passed"] = "yes"
        return response

    return answer
