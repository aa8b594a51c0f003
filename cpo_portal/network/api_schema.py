"""How the API's description names the token; drf-spectacular finds this class once the module is imported."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class TokenScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer cpo_…`."""

    target_class = "cpo_portal.accounts.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token of the CPO with the route's scope."}


#: Every refusal of every route has this shape (`cpo_portal.accounts.tokens.explain_error`).
REFUSAL = {
    "type": "object",
    "description": "What was refused, and what to send instead.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "fields": {}},
        }
    },
}


def describe_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the refusal to every operation of the API's description, where it names none of its own."""
    result["components"].setdefault("schemas", {})["Refusal"] = REFUSAL
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"].setdefault("4XX", {"description": "Refused.", "content": content})
    return result
