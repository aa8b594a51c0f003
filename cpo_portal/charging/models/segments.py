"""Whom a CPO tells apart: what it keeps of its customers, lists of contacts, and segments by rules."""

from __future__ import annotations

import uuid

from django.db import models

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.charging.models.customers import Customer
from cpo_portal.network.models import BECKN_ID


class CustomerRecord(TenantModel):
    """What a CPO itself keeps of a customer; personal data, which goes when the customer is forgotten."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True, related_name="record")
    tier = models.CharField(max_length=60, blank=True)
    organisation = models.CharField(max_length=200, blank=True)
    joined_on = models.DateField(null=True, blank=True)
    vehicle_make = models.CharField(max_length=200, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["cpo", "tier"], name="record_cpo_tier")]

    def __str__(self) -> str:
        return "what the CPO keeps of the customer"


class NamedList(TenantModel):
    """A list of contacts under a name, such as the drivers of one fleet."""

    list_id = models.CharField("list id", max_length=60, validators=[BECKN_ID])
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    filled_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["cpo", "list_id"], name="list_id_per_cpo")]

    def __str__(self) -> str:
        return self.name


class NamedListEntry(TenantModel):
    """One contact of a list as its keyed hash alone."""

    named_list = models.ForeignKey(NamedList, on_delete=models.CASCADE, related_name="entries")
    hmac_key_id = models.CharField(max_length=20)
    hmac = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["named_list", "hmac"], name="contact_once_per_list")]
        indexes = [models.Index(fields=["cpo", "hmac"], name="list_entry_of_contact")]

    def __str__(self) -> str:
        return f"{self.hmac_key_id}:{bytes(self.hmac).hex()[:8]}"


class NamedListChange(TenantModel):
    """What a contact was to a list before staff filled it anew, and until when surges go by it as well."""

    named_list = models.ForeignKey(NamedList, on_delete=models.CASCADE, related_name="changes")
    hmac_key_id = models.CharField(max_length=20)
    hmac = models.BinaryField(max_length=32)
    was_on = models.BooleanField()
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["named_list", "hmac", "was_on"], name="list_change_once")]
        indexes = [
            models.Index(fields=["cpo", "hmac"], name="list_change_of_contact"),
            models.Index(fields=["until"], name="list_change_until"),
        ]

    def __str__(self) -> str:
        return f"{self.hmac_key_id}:{bytes(self.hmac).hex()[:8]}"


class Segment(TenantModel):
    """Customers by a rule: all of its conditions, or any, in the form of `segment_rules.Condition`."""

    segment_id = models.CharField("segment id", max_length=60, validators=[BECKN_ID])
    name = models.CharField(max_length=200)
    match_all = models.BooleanField("all conditions must hold", default=True)
    conditions = models.JSONField(default=list)
    #: What it said before changes, with when it was replaced, until when surges go by it as well: `segment_past`.
    former = models.JSONField(default=list, db_default=[], editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["cpo", "segment_id"], name="segment_id_per_cpo")]

    def __str__(self) -> str:
        return self.name


class ImportKind(models.TextChoices):
    CUSTOMERS = "CUSTOMERS", "Customers"
    LIST = "LIST", "Named list"


class ImportState(models.TextChoices):
    WAITING = "WAITING", "Waiting"
    DONE = "DONE", "Done"
    FAILED = "FAILED", "Failed"


class ContactImport(TenantModel):
    """A file that was taken in: contacts only as keyed hashes, and those only until the rows are written."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=ImportKind)
    named_list = models.ForeignKey(NamedList, on_delete=models.CASCADE, null=True, related_name="imports")
    replaces = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=ImportState, default=ImportState.WAITING)
    lines = models.PositiveIntegerField()
    made = models.PositiveIntegerField(null=True)
    changed = models.PositiveIntegerField(null=True)
    rows = models.JSONField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    by_token = models.CharField(max_length=12, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["created_at"], condition=models.Q(state="WAITING"), name="import_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.lines} rows"
