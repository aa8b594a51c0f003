"""What charging systems and payment gateways send, and what they are answered."""

from __future__ import annotations

from typing import Any

from django.db.models import DateTimeField
from rest_framework import serializers

from cpo_portal.charging.models import ChargingSession, SessionState
from cpo_portal.charging.payments.notices import STATUSES
from cpo_portal.charging.payments.reports import NoticeOutcome
from cpo_portal.charging.sessions.commands import CommandKind
from cpo_portal.charging.sessions.readings import MAX_READINGS
from cpo_portal.network.api_fields import BoundedListField, InstantField, OneOfField
from cpo_portal.network.models import BECKN_ID, StatusChoice

#: A cumulative register of a terawatt-hour is no meter's.
MAX_REGISTER_WH = 10**12


class RegisterField(serializers.IntegerField):
    """The meter's cumulative register in Wh."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=MAX_REGISTER_WH, **kwargs)


class IdField(serializers.CharField):
    """An id that can stand in an address."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, validators=[BECKN_ID], **kwargs)


class StatusReportSerializer(serializers.Serializer[Any]):
    """A connector's state at an instant."""

    status = OneOfField(choices=StatusChoice.choices, help_text="OCPI's names.")
    at = InstantField()


class StatusAnswerSerializer(serializers.Serializer[Any]):
    """The connector's last known state; `kept` is false where a newer one was known."""

    item_id = serializers.CharField()
    status = OneOfField(choices=StatusChoice.choices)
    at = InstantField()
    kept = serializers.BooleanField()


class CommandSerializer(serializers.Serializer[Any]):
    """One thing to do; `session_id` is null for a start."""

    kind = OneOfField(choices=[(kind.value, kind.value.capitalize()) for kind in CommandKind])
    order_id = serializers.UUIDField()
    session_id = serializers.CharField(allow_null=True)
    item_id = serializers.CharField()
    evse_id = serializers.CharField()
    connector_id = serializers.CharField()
    since = InstantField()


class CommandsSerializer(serializers.Serializer[Any]):
    """Everything that is open."""

    commands = CommandSerializer(many=True)


class StartSerializer(serializers.Serializer[Any]):
    """A session that began; `session_id` is the charging system's own."""

    session_id = IdField()
    order_id = serializers.UUIDField()
    item_id = IdField()
    started_at = InstantField()
    register_wh = RegisterField()


class MeterReadingSerializer(serializers.Serializer[Any]):
    """The meter at an instant."""

    at = InstantField()
    register_wh = RegisterField()
    power_w = serializers.IntegerField(min_value=0, max_value=10_000_000, required=False, allow_null=True)
    soc_percent = serializers.IntegerField(min_value=0, max_value=100, required=False, allow_null=True)


class ReadingsSerializer(serializers.Serializer[Any]):
    """Readings in any order, all kept or none; `item_id`, where given, must be the session's connector."""

    item_id = IdField(required=False)
    readings = BoundedListField(child=MeterReadingSerializer(), min_length=1, max_length=MAX_READINGS)


class MomentSerializer(serializers.Serializer[Any]):
    """When it happened."""

    at = InstantField()


class StopSerializer(serializers.Serializer[Any]):
    """The end of a session with its last register."""

    at = InstantField()
    register_wh = RegisterField()
    reason = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")


class SessionSerializer(serializers.ModelSerializer[ChargingSession]):
    """A session as it is known now."""

    order_id = serializers.UUIDField(read_only=True)
    item_id = serializers.CharField(source="connector.item_id", read_only=True)
    state = OneOfField(choices=SessionState.choices, read_only=True)
    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {DateTimeField: InstantField}

    class Meta:
        model = ChargingSession
        fields = [
            "session_id",
            "order_id",
            "item_id",
            "state",
            "started_at",
            "stopped_at",
            "stop_requested_at",
            "stop_reason",
            "start_register_wh",
            "last_register_wh",
            "last_reading_at",
        ]
        read_only_fields = fields


class NoticeSerializer(serializers.Serializer[Any]):
    """A payment gateway's report; it is read from the signed bytes, this only describes it."""

    event_id = serializers.CharField(max_length=100)
    payment_id = serializers.UUIDField(required=False, help_text="The payment's id of on_init.")
    transaction_id = serializers.CharField(max_length=255, required=False, help_text="As in the payment link.")
    status = OneOfField(choices=sorted(STATUSES), help_text="Only PAID is money.")
    amount = serializers.DecimalField(max_digits=14, decimal_places=4)
    currency = serializers.CharField(max_length=3)
    reference = serializers.CharField(max_length=100, required=False)
    paid_at = InstantField(required=False)


class NoticeAnswerSerializer(serializers.Serializer[Any]):
    """What became of the report."""

    outcome = OneOfField(choices=[(outcome.value, outcome.value) for outcome in NoticeOutcome])
    event_id = serializers.CharField()
    payment_id = serializers.UUIDField(allow_null=True)
