"""The pages of balances and their entries: what moves money is a button with a note."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import current_cpo
from cpo_portal.adminkit.actions import ActionVariant, object_action
from cpo_portal.adminkit.bases import ReadOnlyMixin, TenantAdmin, TenantExportMixin
from cpo_portal.adminkit.display import EMPTY, Tone, chip, column, table, when
from cpo_portal.adminkit.filters import ChoicesDropdownFilter
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.instants import LocalDateTimeField
from cpo_portal.adminkit.rules import cpo_of
from cpo_portal.adminkit.widgets import Select, TextInput
from cpo_portal.charging.admin.top_ups import TopUpImportMixin
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances.moves import BalanceRefused, Moved, is_over
from cpo_portal.charging.balances.plans import fault_of_plan
from cpo_portal.charging.balances.units import ENERGY, from_people, in_words
from cpo_portal.charging.export_columns import BALANCE_COLUMNS, BALANCE_ENTRY_COLUMNS
from cpo_portal.charging.models import (
    Balance,
    BalanceEntry,
    EntryKind,
)
from cpo_portal.charging.people.groups import customer_by_contact

SHOWN = 50
MONEY = "money"


class BalanceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new balance says what it is in, and whose it is, by a contact or a group; later that is settled."""

    of = forms.ChoiceField(
        label="Of",
        choices=((MONEY, "Money"), (ENERGY, "Energy of a subscription, in kWh")),
        required=False,
        widget=Select,
        help_text="Money pays for any session; energy is included in sessions on a tariff of the model Subscription.",
    )

    contact = forms.CharField(
        label="Phone or e-mail",
        widget=TextInput,
        max_length=254,
        required=False,
        help_text="Of the driver whose own balance it is.",
    )
    expires_at = LocalDateTimeField(label="Expires", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, cpo = self.fields.get("expires_at"), current_cpo()
        if isinstance(field, LocalDateTimeField) and cpo is not None:
            field.zone = ZoneInfo(cpo.time_zone)
            field.help_text = f"On the clock of {cpo.time_zone}. Empty: it does not expire on a day."

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.instance._state.adding:
            energy = data.get("of") == ENERGY
            self.instance.currency = ENERGY if energy else self.instance.cpo.currency
            self._name_owner(data)
        # What is kept for a tariff stays so where that tariff has become another since.
        fault = fault_of_plan(data.get("plan", ""), self.instance.currency) if "plan" in self.changed_data else ""
        if fault:
            self.add_error("plan", fault)
        return data

    def _name_owner(self, data: dict[str, Any]) -> None:
        contact, group = data.get("contact", "").strip(), data.get("group")
        if bool(contact) == bool(group):
            self.add_error("contact", "Give the driver's phone or e-mail, or choose a group, and not both.")
        elif contact:
            try:
                self.instance.customer = customer_by_contact(self.instance.cpo, contact)
            except ValueError as error:
                self.add_error("contact", str(error))


class MovedForm(DialogForm):
    """How much, under which reference of the books, and why."""

    amount = forms.DecimalField(
        max_digits=14, decimal_places=3, help_text="Of the currency; of a balance of energy in kWh."
    )
    reference = forms.CharField(max_length=100, help_text="Of the receipt or transfer: it counts once.")
    note = forms.CharField(max_length=300, required=False)


class NoteForm(DialogForm):
    """Why it is done."""

    note = forms.CharField(max_length=300)


@admin.register(Balance)
class BalanceAdmin(TopUpImportMixin, TenantExportMixin, TenantAdmin):
    """What customers and groups have paid ahead."""

    form = BalanceForm
    list_display = ("name", "owner", "left", "on_hold", "state", "expires_when")
    list_select_related = ("cpo", "customer", "group")
    search_fields = ("id__iexact", "name", "customer__id__iexact", "group__name")
    search_help_text = "A name, a group, or a whole id of a balance or customer."
    export_columns = BALANCE_COLUMNS
    readonly_fields = ("owner", "left", "on_hold", "state", "entries")
    actions_detail = ("top_up", "pay_back", "expire")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("name", ("of", "plan"), ("contact", "group"), "expires_at", "valid_days")
        figures = (("owner", "state"), ("left", "on_hold"))
        plan = ("plan",) if obj.currency == ENERGY else ()
        return ("name", *plan, *figures, "expires_at", "valid_days", "entries")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if change:
            form.base_fields.pop("contact", None)
            form.base_fields.pop("of", None)
            for field in form.base_fields.values():
                # What the page showed: a top-up may have given the balance a later date since.
                field.show_hidden_initial = True
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
        elif obj.cpo == cpo_of(request) and form.changed_data:
            # The rest is as it was when the page was asked for: an order or a top-up may have moved it since.
            obj.save(update_fields=form.changed_data)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # an account is ended, never deleted

    @object_action(
        description="Top up",
        confirm="Adds to the balance what the customer has paid.",
        icon="add_card",
        form_class=MovedForm,
    )
    def top_up(self, request: HttpRequest, obj: Balance, data: dict[str, Any]) -> str:
        moved = _moved(request, data, obj)
        with _refusals():
            done = balances.top_up(obj, moved, now=timezone.now())
        return _said(done, "added")

    @object_action(
        description="Pay back",
        confirm="Notes what was paid back to the customer; it is taken off the balance.",
        icon="undo",
        form_class=MovedForm,
        offered=lambda balance: balance.amount > 0,
    )
    def pay_back(self, request: HttpRequest, obj: Balance, data: dict[str, Any]) -> str:
        moved = _moved(request, data, obj)
        with _refusals():
            done = balances.pay_back(obj, moved)
        return _said(done, "taken off")

    @object_action(
        description="Expire now",
        confirm="Ends the balance: what is left, and not held for an order, is lost to the customer.",
        icon="event_busy",
        variant=ActionVariant.DANGER,
        form_class=NoteForm,
        offered=lambda balance: not is_over(balance, timezone.now()),
    )
    def expire(self, request: HttpRequest, obj: Balance, data: dict[str, Any]) -> str:
        gone = balances.expire(obj, now=timezone.now(), by=_person(request), note=data["note"])
        return f"The balance has ended; {in_words(gone, obj.currency)} was taken off."

    @column(description="Owner")
    def owner(self, obj: Balance) -> str:
        return str(obj.group or obj.customer or EMPTY)

    @column(description="Left", ordering="amount")
    def left(self, obj: Balance) -> str:
        return in_words(obj.amount, obj.currency)

    @column(description="Held for orders", ordering="held")
    def on_hold(self, obj: Balance) -> str:
        return in_words(obj.held, obj.currency)

    @column(description="State")
    def state(self, obj: Balance) -> SafeString:
        if is_over(obj, timezone.now()):
            return chip("Expired", Tone.NEUTRAL)
        return chip("In use", Tone.GOOD) if obj.amount or obj.held else chip("Empty", Tone.WARN)

    @column(description="Expires", ordering="expires_at")
    def expires_when(self, obj: Balance) -> str:
        return when(obj.expires_at, obj.cpo.time_zone)

    @column(description="Last entries")
    def entries(self, obj: Balance) -> SafeString:
        rows = [
            (
                when(x.at, obj.cpo.time_zone),
                x.get_kind_display(),
                in_words(x.amount, obj.currency),
                _reference(x),
                _who(x),
                x.note,
            )
            for x in obj.entries.select_related("by")[:SHOWN]
        ]
        return table(("When", "What", "How much", "Reference", "By", "Note"), rows, numbers=(2,))


@admin.register(BalanceEntry)
class BalanceEntryAdmin(ReadOnlyMixin, TenantExportMixin, TenantAdmin):
    """Every movement of every balance."""

    list_display = ("at_when", "balance", "kind", "moved", "of_books", "order", "who")
    list_filter = (("kind", ChoicesDropdownFilter),)
    list_select_related = ("cpo", "balance__customer", "balance__group", "order", "by")
    search_fields = ("balance__id__iexact", "order__id__iexact", "reference__iexact")
    search_help_text = "A whole reference, or a whole id of a balance or order."
    export_columns = BALANCE_ENTRY_COLUMNS
    export_related = ("balance", "by")
    fields = ("balance", ("kind", "moved"), "reference", ("order", "who"), "note", "at_when")
    readonly_fields = ("moved", "at_when", "who")

    @column(description="At", ordering="id")
    def at_when(self, obj: BalanceEntry) -> str:
        return when(obj.at, obj.cpo.time_zone)

    @column(description="Amount", ordering="amount")
    def moved(self, obj: BalanceEntry) -> str:
        return in_words(obj.amount, obj.balance.currency)

    @column(description="Reference", ordering="reference")
    def of_books(self, obj: BalanceEntry) -> str:
        return _reference(obj)

    @column(description="By")
    def who(self, obj: BalanceEntry) -> str:
        return _who(obj)


@contextmanager
def _refusals() -> Iterator[None]:
    """Show a refused movement as the page's error."""
    try:
        yield
    except BalanceRefused as refused:
        raise ValidationError(str(refused)) from refused


def _moved(request: HttpRequest, data: dict[str, Any], balance: Balance) -> Moved:
    amount = from_people(data["amount"], balance.currency)
    return Moved(amount, data["reference"], _person(request), data["note"])


def _said(entry: BalanceEntry, did: str) -> str:
    """Say what became of a movement; written before, it moved nothing now."""
    amount = in_words(entry.amount, entry.balance.currency)
    if not entry.repeated:
        return f"{amount} was {did}."
    then = when(entry.at, entry.cpo.time_zone)
    return f"Nothing was {did}: {entry.reference} had been written before, {amount} on {then}."


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _reference(entry: BalanceEntry) -> str:
    """Return the reference of the books; what the portal moves by itself has one for its own use alone."""
    if entry.kind in {EntryKind.TOP_UP, EntryKind.REFUND}:
        return entry.reference
    return f"Order {entry.order_id}" if entry.order_id else EMPTY


def _who(entry: BalanceEntry) -> str:
    return str(entry.by) if entry.by else EMPTY
