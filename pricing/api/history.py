"""The history of what has versions, as the API answers it: who did what and when, with the token and who made it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cpo_portal.network.api_fields import InstantField
from pricing.api.refusals import REFUSED
from pricing.versions.who import Token, tokens_of


class StateChangeSerializer(serializers.Serializer[Any]):
    """One entry of a history; `many` only, by `answers_of`."""

    at = InstantField()
    from_state = serializers.CharField()
    to_state = serializers.CharField()
    version = serializers.IntegerField(source="version.number", allow_null=True, default=None)
    by = serializers.CharField(allow_null=True, default=None)
    by_token = serializers.CharField(help_text="The first characters of the token that did it.")
    token_name = serializers.SerializerMethodField(help_text="What that token is called; empty where a person did it.")
    token_made_by = serializers.SerializerMethodField(help_text="Who made that token, if anybody in particular.")
    note = serializers.CharField()
    move = serializers.CharField(
        help_text="What was done: edit, publish, submit, approve, reject, restore, limits, pause, …; empty in entries "
        "from before it was kept."
    )

    def get_token_name(self, change: Any) -> str:
        return self._token(change).name

    def get_token_made_by(self, change: Any) -> str:
        return self._token(change).made_by

    def _token(self, change: Any) -> Token:
        found: Token = self.context["tokens"].get(change.by_token, Token(""))
        return found


def answers_of(thing: Any) -> Any:
    """Return the whole history of a thing, the newest first; inside its CPO's scope."""
    changes = list(thing.state_changes.select_related("version", "by"))
    return StateChangeSerializer(changes, many=True, context={"tokens": tokens_of(changes)}).data


class HistoryRoute:
    """The route of the history."""

    @extend_schema(summary="Read the history", responses={200: StateChangeSerializer(many=True), 404: REFUSED[404]})
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def history(self: Any, request: Request, **key: str) -> Response:
        return Response(answers_of(self.get_object()))
