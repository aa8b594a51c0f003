"""The form of “Try it”: a connector, a time and an amount; products, a customer and codes where they matter."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.adminkit.display import sign
from cpo_portal.adminkit.rows import RowsField, RowsWidget
from cpo_portal.adminkit.widgets import DecimalInput, Select, TextInput
from cpo_portal.charging.models import Customer
from cpo_portal.charging.people.traces import Wanted, find_customers
from cpo_portal.network.catalogue import products_at
from cpo_portal.network.models import Location, Product
from offers.asking import SessionAsk, of_customer, of_newcomer
from offers.reasons.parts import joined
from pricing.engine.values import AmountMeasure, DurationMeasure, EnergyMeasure, Measure, ProductOrder
from pricing.engine.wording import money_text
from pricing.forms.places import connector_choices
from pricing.forms.rows import LocalDateTimeField

_UNITS = (("money", ""), ("kWh", "kWh"), ("min", "minutes"))
#: As many as the API's price check takes.
MOST_UNITS, MOST_PRODUCTS, MOST_CODES = 1000, 100, 100


class ProductRows(RowsWidget):
    """Rows of a product and how many of it."""

    template_name = "offers/admin/product_rows.html"
    parts = ("product_id", "count")
    most_rows = MOST_PRODUCTS
    choices: list[tuple[str, str]] = []

    def extra_context(self) -> dict[str, Any]:
        return {"products": self.choices}


class ProductsField(RowsField):
    """Units of products that the driver adds; a product without a number is one."""

    widget = ProductRows

    def offer(self, choices: list[tuple[str, str]]) -> None:
        """Let these products be chosen."""
        self.widget.choices = choices

    def clean(self, value: Any) -> tuple[ProductOrder, ...]:
        known = {key for key, _ in self.widget.choices}
        orders = []
        for number, row in enumerate(value or [], start=1):
            if row["product_id"] not in known:
                raise ValidationError(f"Row {number}: choose a product.")
            count = row["count"] or "1"
            if not (count.isdecimal() and len(count) <= 4 and 1 <= int(count) <= MOST_UNITS):
                raise ValidationError(f"Row {number}: give a whole number from 1 to {MOST_UNITS}.")
            orders.append(ProductOrder(row["product_id"], int(count)))
        return tuple(orders)


class TryForm(forms.Form):
    """A session to be priced. `may_find` says that who asks may look customers up by their contacts."""

    item_id = forms.ChoiceField(label="Connector", widget=Select)
    starts_at = LocalDateTimeField(label="Start")
    value = forms.DecimalField(
        label="How much", widget=DecimalInput, max_digits=10, decimal_places=3, min_value=Decimal("0.001")
    )
    unit = forms.ChoiceField(label="Of", widget=Select)
    customer = forms.CharField(label="Customer", required=False, max_length=254, widget=TextInput)
    codes = forms.CharField(
        label="Codes",
        required=False,
        max_length=4000,
        widget=TextInput,
        help_text="Those that the driver sends, with commas between them.",
    )
    products = ProductsField(label="Products", required=False, help_text="What the driver adds to the session.")

    def __init__(self, cpo: Cpo, data: Any = None, *, may_find: bool, codes: str = "") -> None:
        zone = ZoneInfo(cpo.time_zone)
        soon = timezone.now().astimezone(zone).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        initial = {"starts_at": soon, "value": "500", "unit": "money", "codes": codes}
        super().__init__(data, initial=initial, prefix="try")
        self._cpo, self._may_find = cpo, may_find
        self._first_contact: dict[str, str] = {}
        fields: Any = self.fields
        fields["starts_at"].zone = zone
        fields["item_id"].choices = connector_choices()
        fields["unit"].choices = [(key, label or sign(cpo.currency)) for key, label in _UNITS]
        fields["products"].offer(_products())
        wanted = "A phone number, an e-mail address or a customer's id" if may_find else "A customer's id"
        fields["customer"].help_text = f"{wanted}; empty for somebody who is not known yet."

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("unit") == "money" and "value" in data and data["value"] != round(data["value"], 2):
            self.add_error("value", "Give an amount with at most two decimals.")
        if data.get("unit") == "min" and "value" in data and data["value"] != int(data["value"]):
            self.add_error("value", "Give whole minutes.")
        if data.get("products") and data.get("item_id"):
            self._check_sold(data["item_id"], {order.product_id for order in data["products"]})
        return data

    def _check_sold(self, item_id: str, product_ids: set[str]) -> None:
        """Refuse products that are not sold where the connector is, by their names."""
        place = Location.objects.get(chargers__connectors__item_id=item_id)
        sold = {product.product_id for product in products_at([place])[place.pk]}
        missing = Product.objects.filter(product_id__in=product_ids - sold).order_by("name")
        if names := list(missing.values_list("name", flat=True)):
            are = "is" if len(names) == 1 else "are"
            self.add_error("products", f"{joined(names)} {are} not sold at {place.name}: leave out what is not.")

    def clean_customer(self) -> Customer | None:
        text = self.cleaned_data["customer"].strip()
        if not text:
            return None
        key = _key(text)
        if key is not None:
            found = Customer.objects.filter(pk=key).first()
        elif self._may_find:
            try:
                wanted = Wanted(email=text) if "@" in text else Wanted(phone=text)
                found = next(iter(find_customers(self._cpo, wanted)), None)
            except ValueError as fault:
                raise ValidationError(str(fault)) from fault
        else:
            raise ValidationError("Give a whole customer id, as orders show it.")
        if found is None and key is not None:
            raise ValidationError("You have no customer with this id: take it from an order, or leave it empty.")
        if found is None:
            self._first_contact = {"email": text} if "@" in text else {"phone": text}
        return found

    def clean_codes(self) -> tuple[str, ...]:
        codes = tuple(dict.fromkeys(re.split(r"[,;\s]+", self.cleaned_data["codes"].strip(" ,;")))) or ()
        codes = tuple(code for code in codes if code)
        if len(codes) > MOST_CODES or any(len(code) > 100 for code in codes):
            raise ValidationError(f"Give at most {MOST_CODES} codes of at most 100 characters.")
        return codes

    @property
    def is_first_purchase(self) -> bool:
        """Tell whether the driver is named by a contact that nobody has bought with."""
        return bool(self._first_contact)

    def ask(self, opted_in: tuple[str, ...]) -> SessionAsk:
        """Return the session as a buyer app would ask for it."""
        said = self.cleaned_data
        ask = SessionAsk(
            self._measure(), said["starts_at"], products=said["products"], opted_in=opted_in, codes=said["codes"]
        )
        if self._first_contact:
            return of_newcomer(ask, self._cpo, self._first_contact)
        return ask if said["customer"] is None else of_customer(ask, said["customer"])

    def _measure(self) -> Measure:
        value, unit = self.cleaned_data["value"], self.cleaned_data["unit"]
        if unit == "kWh":
            return EnergyMeasure(int(value * 1000))
        return DurationMeasure(int(value)) if unit == "min" else AmountMeasure(value, self._cpo.currency)


def _products() -> list[tuple[str, str]]:
    """Return the products that are sold, by id, with their price."""
    rows = Product.objects.filter(is_published=True).order_by("name", "product_id")
    return [(row.product_id, f"{row.name}, {money_text(row.price, row.currency)}") for row in rows]


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
