"""What the admin shows where: title, colours, navigation, start page. The settings read it before models exist."""

from __future__ import annotations

from typing import Any


def _static(path: str) -> Any:
    def address(request: Any) -> str:
        from django.templatetags.static import static

        return static(path)

    return address


def sidebar(request: Any) -> list[dict[str, Any]]:
    """Return the navigation of the person who asks."""
    from cpo_portal.adminkit.navigation import Entry, sidebar

    return sidebar(
        request,
        {
            "Offers": (
                Entry("Offers", "sell", "offers.offer"),
                Entry("Batches of codes", "confirmation_number", "offers.codebatch"),
                Entry("Single-use codes", "qr_code", "offers.singleusecode"),
                Entry("Referral codes", "group_add", "offers.referralcode"),
                Entry("Referrals", "handshake", "offers.referral"),
                Entry("Tariffs", "payments", "pricing.tariff"),
                Entry("Surges", "trending_up", "pricing.surgeschedule"),
                Entry("Signals", "sensors", "pricing.signal"),
                Entry("Surge policy", "gavel", "pricing.surgepolicy"),
                Entry("Demand policies", "ssid_chart", "pricing.demandpolicy"),
                Entry("Price ceilings", "vertical_align_top", "pricing.priceceiling"),
                Entry("Holiday calendars", "event", "pricing.holidaycalendar"),
                Entry("Back-tests", "history", "offers.backtestrun"),
                Entry("Back-tests of demand levels", "query_stats", "pricing.demandreplay"),
                Entry("Imports of offers", "upload_file", "offers.offerimport"),
                Entry("Quotes and offers", "tune", "offers.offerpolicy"),
                Entry("Tax", "percent", "pricing.taxprofile"),
            ),
            "Network": (
                Entry("Locations", "location_on", "network.location"),
                Entry("Chargers", "ev_station", "network.charger"),
                Entry("Connectors", "power", "network.connector"),
                Entry("Products", "local_cafe", "network.product"),
                Entry("Charging systems", "dns", "network.chargingsystem"),
            ),
            "Sales": (
                Entry("Orders", "receipt_long", "charging.order"),
                Entry("Customers", "group", "charging.customer"),
                Entry("Segments", "category", "charging.segment"),
                Entry("Named lists", "list_alt", "charging.namedlist"),
                Entry("Customer groups", "diversity_3", "charging.customergroup"),
                Entry("Balances", "savings", "charging.balance"),
                Entry("Balance entries", "swap_vert", "charging.balanceentry"),
                Entry("Payments", "account_balance_wallet", "charging.payment"),
                Entry("Refunds", "undo", "charging.refund"),
                Entry("Refund terms", "rule", "charging.refundterm"),
                Entry("Payment gateway", "credit_card", "charging.paymentgateway"),
            ),
            "Beckn": (
                Entry("Messages", "inbox", "beckn.inboundmessage"),
                Entry("Callbacks", "outbox", "beckn.outboundcallback"),
                Entry("Network profile", "badge", "beckn.networkprofile"),
                Entry("Subscribers", "hub", "beckn.subscriber"),
            ),
            "Team": (
                Entry("Members", "badge", "accounts.membership"),
                Entry("API tokens", "key", "accounts.apitoken"),
            ),
            "Platform": (
                Entry("CPOs", "domain", "accounts.cpo"),
                Entry("Users", "manage_accounts", "accounts.user"),
                Entry("Failed sign-ins", "lock", "axes.accessattempt"),
                Entry("Held callbacks", "pause_circle", "beckn.deliveryhold"),
            ),
        },
    )


def start_page(request: Any, context: dict[str, Any]) -> dict[str, Any]:
    """Add the cards of the start page."""
    from cpo_portal.adminkit.navigation import Step, steps
    from offers.authoring.review import REVIEWS as OFFER_REVIEWS
    from pricing.admin.reviews import reviews_waiting
    from pricing.surges.reviews import REVIEWS as SURGE_REVIEWS

    plan = (
        Step(
            "Make an offer",
            "Offers",
            "Who gets what discount, where and when; publish it to every buyer app.",
            "offers.offer",
        ),
        Step("Set tariffs", "Tariffs", "The price per kWh that every quote and bill starts from.", "pricing.tariff"),
        Step("Build the network", "Network", "Sites with their time zone, chargers, connectors.", "network.location"),
        Step("Orders", "Orders", "Quotes, sessions, bills and refunds as they happen.", "charging.order"),
        Step(
            "Invite the team",
            "The team",
            "Owners manage members, managers author, analysts look.",
            "accounts.membership",
        ),
        Step("Connect systems", "Systems", "Tokens for the staff API and the charging system.", "accounts.apitoken"),
    )
    waiting = [
        *reviews_waiting(request, OFFER_REVIEWS, "offers.offer"),
        *reviews_waiting(request, SURGE_REVIEWS, "pricing.surgeschedule"),
    ]
    return context | {"steps": steps(request, plan), "waiting": waiting}


UNFOLD: dict[str, object] = {
    "SITE_TITLE": "CPO portal",
    "SITE_HEADER": "CPO portal",
    "SITE_URL": None,
    "SITE_ICON": _static("portal/logo.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _static("portal/logo.svg")}],
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "STYLES": [_static("adminkit/portal.css")],
    "DASHBOARD_CALLBACK": "cpo_portal.admin_site.start_page",
    "COMMAND": {"search_models": True, "show_history": False},
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": sidebar},
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .018 172)",
            "100": "oklch(94.2% .045 170)",
            "200": "oklch(89.0% .080 169)",
            "300": "oklch(82.0% .110 168)",
            "400": "oklch(74.0% .125 168)",
            "500": "oklch(65.0% .120 168)",
            "600": "oklch(53.5% .105 168)",
            "700": "oklch(46.0% .090 169)",
            "800": "oklch(39.5% .074 170)",
            "900": "oklch(34.0% .060 172)",
            "950": "oklch(24.0% .044 174)",
        },
    },
}
