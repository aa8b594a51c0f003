"""Goods and services that a driver may add, and how many of them are left."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django_scopes import ScopedManager

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.network.item_ids import id_fault
from cpo_portal.network.models.columns import BECKN_ID, MOST_PRICE
from cpo_portal.network.models.locations import Location


class ProductKind(models.TextChoices):
    GOOD = "GOOD", "Goods"
    SERVICE = "SERVICE", "Service"


class Product(TenantModel):
    """A good or service that a driver may add: coffee, a car wash, valet, priority access."""

    product_id = models.CharField("product id", max_length=100, validators=[BECKN_ID])
    name = models.CharField(max_length=200)
    short_desc = models.CharField("short description", max_length=300, blank=True)
    kind = models.CharField(max_length=10, choices=ProductKind, default=ProductKind.GOOD)
    category = models.CharField(max_length=60, blank=True)
    price = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        validators=[
            MinValueValidator(0),
            MaxValueValidator(MOST_PRICE, f"One unit can cost at most {MOST_PRICE:,}: lower the price."),
        ],
    )
    currency = models.CharField(max_length=3, default="INR")
    locations = models.ManyToManyField(
        Location, blank=True, related_name="products", help_text="Where it is sold; none means everywhere."
    )
    is_published = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["cpo", "product_id"], name="product_id_per_cpo"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="product_price_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse an id that is taken, and a currency in which no session of the CPO is sold: nobody could add it."""
        super().clean()
        faults = id_fault(self)
        if self.cpo_id is not None and self.currency != self.cpo.currency:
            faults["currency"] = f"Sessions are sold in {self.cpo.currency}: give the price in it."
        if faults:
            raise ValidationError(faults)  # type: ignore[arg-type]


class ProductStock(models.Model):
    """How many units are on the shelf, and how many of them orders hold; no row means that nobody counts them."""

    product = models.OneToOneField(Product, on_delete=models.CASCADE, primary_key=True, related_name="stock_row")
    units = models.PositiveIntegerField()
    reserved = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    objects = ScopedManager(cpo="product__cpo")

    def __str__(self) -> str:
        return f"{self.left} left"

    def save(self, **kwargs: Any) -> None:
        """Save what staff count; what orders hold has moved on since the row was read, and is moved by them alone."""
        if not self._state.adding and kwargs.get("update_fields") is None:
            kwargs["update_fields"] = ["units", "changed_at"]
        super().save(**kwargs)

    @property
    def left(self) -> int:
        """Return how many can still be sold; fewer may be on the shelf than were promised."""
        return max(0, self.units - self.reserved)
