"""The charging-system API and the payment webhook: read, call one function of this room, answer."""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.charging.api import serializers as forms
from cpo_portal.charging.models import ChargingSession
from cpo_portal.charging.payments.notices import MAX_NOTICE
from cpo_portal.charging.payments.reports import NoticeOutcome, gateway_of, record_notice
from cpo_portal.charging.refusals import ChargingRefusal, RefusalCode
from cpo_portal.charging.sessions.breakdowns import report_status
from cpo_portal.charging.sessions.checks import refuse_future
from cpo_portal.charging.sessions.commands import open_commands
from cpo_portal.charging.sessions.readings import Reading, record_readings
from cpo_portal.charging.sessions.reports import SessionStart, SessionStop, refuse_unknown, start_session, stop_session
from cpo_portal.charging.sessions.switches import interrupt, resume
from cpo_portal.network.api_fields import RefusedSerializer
from cpo_portal.network.api_limits import ChargingThrottle, GatewayThrottle, refuse_long_body
from cpo_portal.network.models import ChargingSystem, Connector, StatusChoice

log = structlog.get_logger(__name__)

REFUSED = {
    400: RefusedSerializer,
    401: RefusedSerializer,
    403: RefusedSerializer,
    404: RefusedSerializer,
    409: RefusedSerializer,
    413: RefusedSerializer,
}
#: No such payment yet, or no such gateway.
NOT_FOUND = PolymorphicProxySerializer(
    "NoticeNotFound", [forms.NoticeAnswerSerializer, RefusedSerializer], resource_type_field_name=None
)
_STATUS = {
    RefusalCode.UNKNOWN_CONNECTOR: 404,
    RefusalCode.UNKNOWN_ORDER: 404,
    RefusalCode.UNKNOWN_SESSION: 404,
    RefusalCode.UNKNOWN_GATEWAY: 404,
    RefusalCode.IN_THE_FUTURE: 400,
    RefusalCode.INVALID_NOTICE: 400,
    RefusalCode.BAD_SIGNATURE: 401,
}


class Refused(APIException):
    """A ChargingRefusal as an HTTP answer: 409 unless the code says otherwise."""

    def __init__(self, refusal: ChargingRefusal) -> None:
        super().__init__(refusal.message, refusal.code.value)
        self.status_code = _STATUS.get(refusal.code, status.HTTP_409_CONFLICT)


class RefusalsMixin:
    """Turns the domain's refusals into HTTP answers."""

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, ChargingRefusal):
            log.warning("report_refused", code=exc.code.value, reason=exc.message, **self.kwargs)  # type: ignore[attr-defined]
            exc = Refused(exc)
        response: Response = super().handle_exception(exc)  # type: ignore[misc]
        return response


class ChargingSystemView(RefusalsMixin, TokenScopedMixin, APIView):  # type: ignore[misc]
    """A route for charging systems: the token says for which one it speaks."""

    token_scopes = frozenset({TokenScope.CHARGING_SYSTEM})
    write_scopes = frozenset({TokenScope.CHARGING_SYSTEM})
    throttle_classes = [ChargingThrottle]
    system: ChargingSystem

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        system = ChargingSystem.objects.filter(token_links__token=self.request.auth).first()
        if system is None:
            raise PermissionDenied("This token belongs to no charging system; make one on the system's page.")
        if system.is_simulated and not settings.ALLOW_SIMULATED_CHARGING:
            raise Refused(
                ChargingRefusal(RefusalCode.SIMULATION_REFUSED, "Simulated charging systems are refused here.")
            )
        self.system = system

    def read(self, form: type[Any]) -> dict[str, Any]:
        """Return the body's checked values; raises 400 with the fields at fault."""
        serializer = form(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values

    def answer(self, session: ChargingSession, code: int = 200) -> Response:
        """Answer with the session as it is now."""
        return Response(forms.SessionSerializer(session).data, status=code)


class StatusView(ChargingSystemView):
    """A connector's state."""

    @extend_schema(
        operation_id="report_connector_status",
        request=forms.StatusReportSerializer,
        responses={200: forms.StatusAnswerSerializer, **REFUSED},
    )
    def post(self, request: Request, item_id: str) -> Response:
        """Report a connector's state; an older one never replaces a newer one. OUTOFORDER interrupts its session."""
        values, now = self.read(forms.StatusReportSerializer), timezone.now()
        refuse_future(self.system, values["at"], now)
        connector = Connector.objects.filter(item_id=item_id, charger__system=self.system).first()
        if connector is None:
            raise ChargingRefusal(RefusalCode.UNKNOWN_CONNECTOR, f"No connector of yours has the item id {item_id}.")
        kept = report_status(connector, StatusChoice(values["status"]), at=values["at"], now=now)
        row = connector.status_row
        body = {"item_id": item_id, "status": row.status, "at": row.reported_at, "kept": kept}
        return Response(forms.StatusAnswerSerializer(body).data)


class CommandsView(ChargingSystemView):
    """What the charging system is asked to do."""

    @extend_schema(operation_id="list_commands", responses={200: forms.CommandsSerializer, **REFUSED})
    def get(self, request: Request) -> Response:
        """List authorised starts and requested stops that were not reported as done; poll every few seconds."""
        return Response(forms.CommandsSerializer({"commands": open_commands(self.system)}).data)


class SessionsView(ChargingSystemView):
    """Sessions that begin."""

    @extend_schema(
        operation_id="start_session",
        request=forms.StartSerializer,
        responses={201: forms.SessionSerializer, 200: forms.SessionSerializer, **REFUSED},
    )
    def post(self, request: Request) -> Response:
        """Report that charging began for an order; the same report again answers 200."""
        session, is_new = start_session(
            self.system, SessionStart(**self.read(forms.StartSerializer)), now=timezone.now()
        )
        return self.answer(session, 201 if is_new else 200)


class ReadingsView(ChargingSystemView):
    """Meter readings."""

    longest_body = 262_144

    @extend_schema(
        operation_id="report_readings",
        request=forms.ReadingsSerializer,
        responses={200: forms.SessionSerializer, **REFUSED},
    )
    def post(self, request: Request, session_id: str) -> Response:
        """Report readings of the cumulative register, many at once, all of them kept or none."""
        refuse_unknown(self.system, session_id)
        values = self.read(forms.ReadingsSerializer)
        readings = [Reading(**reading) for reading in values["readings"]]
        recorded = record_readings(
            self.system, session_id, readings, item_id=values.get("item_id", ""), now=timezone.now()
        )
        return self.answer(recorded.session)


class InterruptView(ChargingSystemView):
    """An interruption."""

    @extend_schema(
        operation_id="interrupt_session",
        request=forms.MomentSerializer,
        responses={200: forms.SessionSerializer, **REFUSED},
    )
    def post(self, request: Request, session_id: str) -> Response:
        """Report that the connection was interrupted."""
        at = self.read(forms.MomentSerializer)["at"]
        return self.answer(interrupt(self.system, session_id, at=at, now=timezone.now()))


class ResumeView(ChargingSystemView):
    """The end of an interruption."""

    @extend_schema(
        operation_id="resume_session",
        request=forms.MomentSerializer,
        responses={200: forms.SessionSerializer, **REFUSED},
    )
    def post(self, request: Request, session_id: str) -> Response:
        """Report that an interrupted session charges again."""
        at = self.read(forms.MomentSerializer)["at"]
        return self.answer(resume(self.system, session_id, at=at, now=timezone.now()))


class StopView(ChargingSystemView):
    """The end of a session."""

    @extend_schema(
        operation_id="stop_session",
        request=forms.StopSerializer,
        responses={200: forms.SessionSerializer, **REFUSED},
    )
    def post(self, request: Request, session_id: str) -> Response:
        """Report that charging ended, with the last register."""
        stop = SessionStop(**self.read(forms.StopSerializer))
        return self.answer(stop_session(self.system, session_id, stop, now=timezone.now()))


class NoticeView(RefusalsMixin, APIView):
    """A payment gateway's reports."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    throttle_classes = [GatewayThrottle]

    @extend_schema(
        operation_id="report_payment",
        auth=[],
        parameters=[
            OpenApiParameter(
                "X-Signature",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                required=True,
                description="`sha256=` and the HMAC-SHA256 of the raw body with the gateway's secret, in hex.",
            )
        ],
        request=forms.NoticeSerializer,
        responses={
            200: forms.NoticeAnswerSerializer,
            404: NOT_FOUND,
            400: RefusedSerializer,
            401: RefusedSerializer,
            409: RefusedSerializer,
            413: RefusedSerializer,
        },
    )
    def post(self, request: Request, provider_id: str) -> Response:
        """Report a payment; a repeat answers the same. 404 with an outcome: no such payment yet, send it later."""
        refuse_long_body(request, MAX_NOTICE)
        gateway = gateway_of(provider_id)
        raw, signature = request._request.body, request.headers.get("X-Signature", "")
        result = record_notice(gateway, raw, signature, now=timezone.now())
        code = status.HTTP_404_NOT_FOUND if result.outcome is NoticeOutcome.UNKNOWN_PAYMENT else status.HTTP_200_OK
        return Response(forms.NoticeAnswerSerializer(result).data, status=code)
