"""The receipt page, for whoever has its link; without JavaScript, for phones and printers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils import timezone
from django.views.decorators.http import require_safe

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import Order
from offers.public.limits import too_often
from offers.receipts.links import order_of
from offers.receipts.page import ReceiptPage, receipt_page

#: Nobody but the reader keeps it, and no other site learns the link.
HEADERS = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@require_safe
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the page; 404 alike for what is no link, has expired or names no bill, 429 to who asks too often."""
    if refused := too_often(request):
        return refused
    page = page_of(token)
    template = "offers/receipt/receipt.html" if page is not None else "offers/receipt/none.html"
    # Without the request: context processors would read the session, and the page is the same for everybody.
    body = loader.get_template(template).render({"page": page})
    return HttpResponse(body, status=200 if page is not None else 404, headers=HEADERS)


def page_of(token: str) -> ReceiptPage | None:
    """Return what a link leads to, None where it leads to nothing."""
    order_id = order_of(token, timezone.now())
    if order_id is None:
        return None
    with every_cpo():
        orders = Order.objects.select_related("cpo", "connector__charger__location")
        order = orders.filter(pk=order_id).first()
    if order is None:
        return None
    with cpo_scope(order.cpo):
        return receipt_page(order)
