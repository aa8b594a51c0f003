"""What staff may write as the stock of a product, while orders hold and take of it."""

from __future__ import annotations

from typing import Any

from django import forms

from cpo_portal.network.models import Product, ProductStock


def locked_stock(product_id: int) -> ProductStock | None:
    """Return the stock of the product with this key as it is now, held until the transaction ends."""
    # The product first: whoever writes both saves it before its stock.
    Product.objects.select_for_update(no_key=True, of=("self",)).get(pk=product_id)
    return ProductStock.objects.select_for_update(no_key=True, of=("self",)).filter(pk=product_id).first()


def below_held(stock: ProductStock | None, units: int) -> str:
    """Return why so many units are too few for what orders hold, "" where they are enough."""
    held = stock.reserved if stock is not None else 0
    return f"Orders hold {held} of it: give {held} or more, or cancel orders first." if units < held else ""


class StockForm(forms.ModelForm):  # type: ignore[type-arg]
    """Units are written where staff changed what their page showed, and not over what orders have taken since."""

    class Meta:
        model = ProductStock
        fields = ["units"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "units" in self.fields:
            # What the page showed goes along with it: the row may be another one by the time it is sent.
            self.fields["units"].show_hidden_initial = True

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        units = data.get("units")
        is_new = self.instance._state.adding
        if units is None or "units" not in self.changed_data or (is_new and not self._shown()):
            return data
        now = None if is_new else locked_stock(self.instance.pk)
        if now is None:
            self.add_error("units", "Its stock is not counted any more: open the page again, and add it anew.")
        elif units != now.units and self._shown() != str(now.units):
            self._show_anew(now.units)
            self.add_error(
                "units",
                f"There are {now.units} now, for the stock has moved since you opened this page: correct your number, "
                "or save it again.",
            )
        elif sentence := below_held(now, units):
            self.add_error("units", sentence)
        return data

    def _shown(self) -> str:
        return str(self.data.get(self["units"].html_initial_name, ""))

    def _show_anew(self, units: int) -> None:
        """Let the page that is sent back hold what it now tells, so that it can be saved."""
        sent: Any = self.data
        shown = sent.copy()
        shown[self["units"].html_initial_name] = str(units)
        self.data = shown
