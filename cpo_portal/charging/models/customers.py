"""Drivers, as far as they must be known, and the hashes by which one is recognised."""

from __future__ import annotations

import uuid

from django.db import models
from django_scopes import ScopedManager

from cpo_portal.accounts.tenancy import TenantModel


class Customer(TenantModel):
    """A driver of one CPO, known by keyed hashes of contacts only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    forgotten_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"customer {str(self.id)[:8]}"


class CustomerKey(TenantModel):
    """One keyed hash under which a customer is recognised; at a rotation the new key's is added beside the old."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="keys")
    hmac_key_id = models.CharField(max_length=20)
    hmac = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cpo", "hmac_key_id", "hmac"], name="customer_key_once")]

    def __str__(self) -> str:
        return f"{self.hmac_key_id}:{bytes(self.hmac).hex()[:8]}"


class CustomerContact(models.Model):
    """Personal data, apart from everything else so that it can be dropped."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True, related_name="contact")
    name = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.CharField(max_length=254, blank=True)
    organization = models.CharField(max_length=200, blank=True)
    tax_id = models.CharField(max_length=40, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedManager(cpo="customer__cpo")

    def __str__(self) -> str:
        return self.name or str(self.customer)
