"""Who may do what at every address of the portal: the one table that the matrix is checked against.

A new page, button, action, autocomplete or API route fails the suite until it has a line here.
"""

from __future__ import annotations

from dataclasses import dataclass

from cpo_portal.accounts.models import TokenScope

NOBODY: frozenset[str] = frozenset()
OPERATOR = frozenset({"operator"})
OWNERS = OPERATOR | {"owner"}
AUTHORS = OWNERS | {"manager"}
VIEWERS = AUTHORS | {"analyst"}


@dataclass(frozen=True, slots=True)
class Access:
    """Who may look at a model's pages, add, change and delete; `all_cpos`: operators see the rows of every CPO."""

    view: frozenset[str] = VIEWERS
    add: frozenset[str] = AUTHORS
    change: frozenset[str] = AUTHORS
    delete: frozenset[str] = AUTHORS
    all_cpos: bool = False
    #: The list leads to the CPO's one row.
    single: bool = False

    def of(self, page: str) -> frozenset[str]:
        """Return who may open one of the pages that every model has."""
        return {"add": self.add, "delete": self.delete}.get(page, self.view)


LOOK_ONLY = Access(add=NOBODY, change=NOBODY, delete=NOBODY)
ENDED_NOT_DELETED = Access(delete=NOBODY)
#: Codes that whoever reads them can use.
SECRETS = Access(view=AUTHORS, add=NOBODY, change=NOBODY, delete=NOBODY)
SETTINGS = Access(add=NOBODY, delete=NOBODY, single=True)
MESSAGES = Access(add=NOBODY, change=NOBODY, delete=NOBODY, all_cpos=True)

MODELS: dict[str, Access] = {
    "accounts.membership": Access(add=OWNERS, change=OWNERS, delete=OWNERS),
    "accounts.apitoken": Access(add=OWNERS, change=NOBODY, delete=NOBODY),
    "accounts.user": Access(view=OPERATOR, add=OPERATOR, change=OPERATOR, delete=NOBODY, all_cpos=True),
    "accounts.cpo": Access(add=OPERATOR, change=OWNERS, delete=NOBODY, all_cpos=True),
    "axes.accessattempt": Access(view=OPERATOR, add=NOBODY, change=NOBODY, delete=NOBODY, all_cpos=True),
    "network.location": Access(),
    "network.charger": Access(),
    "network.connector": Access(),
    "network.product": Access(),
    "network.chargingsystem": Access(),
    "charging.order": LOOK_ONLY,
    "charging.customer": LOOK_ONLY,
    "charging.segment": Access(),
    "charging.namedlist": Access(),
    "charging.balance": ENDED_NOT_DELETED,
    "charging.balanceentry": LOOK_ONLY,
    "charging.customergroup": Access(),
    "charging.payment": LOOK_ONLY,
    "charging.refund": LOOK_ONLY,
    "charging.refundterm": Access(),
    "charging.paymentgateway": Access(),
    "pricing.tariff": ENDED_NOT_DELETED,
    "pricing.taxprofile": SETTINGS,
    "pricing.surgeschedule": ENDED_NOT_DELETED,
    "pricing.surgepolicy": SETTINGS,
    "pricing.signal": ENDED_NOT_DELETED,
    "pricing.priceceiling": Access(),
    "pricing.holidaycalendar": ENDED_NOT_DELETED,
    "pricing.demandpolicy": ENDED_NOT_DELETED,
    "pricing.demandreplay": LOOK_ONLY,
    "offers.offer": ENDED_NOT_DELETED,
    "offers.offerpolicy": SETTINGS,
    "offers.codebatch": SECRETS,
    "offers.singleusecode": SECRETS,
    "offers.backtestrun": LOOK_ONLY,
    "offers.offerimport": LOOK_ONLY,
    "offers.referralcode": LOOK_ONLY,
    "offers.referral": LOOK_ONLY,
    "beckn.subscriber": Access(view=OPERATOR, add=OPERATOR, change=OPERATOR, delete=NOBODY, all_cpos=True),
    "beckn.networkprofile": SETTINGS,
    "beckn.deliveryhold": Access(view=OPERATOR, add=NOBODY, change=NOBODY, delete=NOBODY, all_cpos=True),
    "beckn.inboundmessage": MESSAGES,
    "beckn.outboundcallback": MESSAGES,
}

#: The pages that the admin gives to every model.
USUAL_PAGES = frozenset({"changelist", "add", "change", "delete", "history", "short"})

#: Exports and buttons: pages of one model alone.
OWN_PAGES: dict[str, frozenset[str]] = {
    "accounts.membership export": VIEWERS,
    "accounts.membership new_link": OWNERS,
    "accounts.apitoken revoke": OWNERS,
    "accounts.user new_link": OPERATOR,
    "axes.accessattempt unlock": OPERATOR,
    "network.location export": VIEWERS,
    "network.connector export": VIEWERS,
    "network.chargingsystem make_token": AUTHORS,
    "charging.customer export": AUTHORS,
    "charging.customer import_customers": AUTHORS,
    "charging.customer find_by_contact": AUTHORS,
    "charging.segment export": VIEWERS,
    "charging.namedlist export": VIEWERS,
    "charging.namedlist upload": AUTHORS,
    "charging.order export": VIEWERS,
    "charging.order cancel_order": AUTHORS,
    "charging.order bill_held": AUTHORS,
    "charging.order end_session": AUTHORS,
    "charging.order take_offer_back": AUTHORS,
    "charging.order refund_order": AUTHORS,
    "charging.order value_exchange": AUTHORS,
    "charging.balance export": VIEWERS,
    "charging.balance top_up": AUTHORS,
    "charging.balance pay_back": AUTHORS,
    "charging.balance expire": AUTHORS,
    "charging.balance import_top_ups": AUTHORS,
    "charging.balanceentry export": VIEWERS,
    "charging.customergroup add_members": AUTHORS,
    "charging.payment export": VIEWERS,
    "charging.refund export": VIEWERS,
    "charging.refund mark_paid_back": AUTHORS,
    "charging.paymentgateway new_secret": AUTHORS,
    "pricing.tariff export": VIEWERS,
    "pricing.tariff end_tariff": AUTHORS,
    "pricing.demandpolicy levels": VIEWERS,
    "pricing.demandpolicy switch_on": AUTHORS,
    "pricing.demandpolicy switch_off": AUTHORS,
    "pricing.demandpolicy backtest_policy": AUTHORS,
    "pricing.surgeschedule export": VIEWERS,
    "pricing.surgeschedule submit_surge": AUTHORS,
    "pricing.surgeschedule approve_surge": AUTHORS,
    "pricing.surgeschedule reject_surge": AUTHORS,
    "pricing.surgeschedule publish_surge": AUTHORS,
    "pricing.surgeschedule pause_surge": AUTHORS,
    "pricing.surgeschedule resume_surge": AUTHORS,
    "pricing.surgeschedule end_surge": AUTHORS,
    "pricing.surgeschedule archive_surge": AUTHORS,
    "pricing.signal export": VIEWERS,
    "pricing.signal withdraw_signal": AUTHORS,
    "offers.offer export": VIEWERS,
    "offers.offer templates": AUTHORS,
    "offers.offer import_offers": AUTHORS,
    "offers.offer offers_file": VIEWERS,
    "offers.offer example": VIEWERS,
    "offers.offerimport import_checked": AUTHORS,
    "offers.offer publish_offer": AUTHORS,
    "offers.offer backtest_offer": AUTHORS,
    "offers.offer republish_offer": AUTHORS,
    "offers.offer pause_offer": AUTHORS,
    "offers.offer resume_offer": AUTHORS,
    "offers.offer end_offer": AUTHORS,
    "offers.offer withdraw_offer": AUTHORS,
    "offers.offer archive_offer": AUTHORS,
    "offers.offer make_codes": AUTHORS,
    "offers.referralcode make_code": AUTHORS,
    "offers.referral export": VIEWERS,
    "offers.codebatch cancel_batch": AUTHORS,
    "offers.codebatch download": AUTHORS,
    "offers.offer submit_offer": AUTHORS,
    "offers.offer approve_offer": AUTHORS,
    "offers.offer reject_offer": AUTHORS,
    "offers.offer reuse_version": AUTHORS,
    "offers.offer duplicate_offer": AUTHORS,
    "offers.offer offers_compare": VIEWERS,
    "offers.offer offers_lint": VIEWERS,
    "offers.offer offers_try_offer": VIEWERS,
    "offers.offer offers_try_hours": VIEWERS,
    "pricing.tariff hours": VIEWERS,
    "offers.offer offers_try_tariff": VIEWERS,
    "beckn.outboundcallback send_again": AUTHORS,
    "beckn.subscriber send_dead_again": OPERATOR,
    "beckn.subscriber stop_sending": OPERATOR,
    "beckn.subscriber probe": OPERATOR,
    "beckn.deliveryhold release": OPERATOR,
}

#: Pages that lead elsewhere: a history to the section of the row's own page, and to that page the delete of what is in
#: use and a move that would be refused.
ELSEWHERE = frozenset(
    {
        "pricing.tariff history",
        "pricing.surgeschedule history",
        "pricing.surgeschedule resume_surge",
        "pricing.surgeschedule archive_surge",
        "pricing.surgeschedule submit_surge",
        "pricing.surgeschedule approve_surge",
        "pricing.surgeschedule reject_surge",
        "offers.offer history",
        "offers.offer submit_offer",
        "offers.offer approve_offer",
        "offers.offer reject_offer",
        "charging.namedlist delete",
        "charging.customergroup delete",
        "network.location delete",
        "network.charger delete",
        "network.connector delete",
        "network.chargingsystem delete",
    }
)
#: Panels below an admin whose rows are another model's.
TRIED = {"offers_try_tariff": "pricing.tariff"}

#: Actions on chosen rows of a list.
ACTIONS: dict[str, dict[str, frozenset[str]]] = {
    "accounts.membership": {"export_admin_action": VIEWERS},
    "network.location": {"export_admin_action": VIEWERS},
    "network.connector": {"export_admin_action": VIEWERS},
    "network.chargingsystem": {"delete_selected": AUTHORS},
    "charging.customer": {"export_admin_action": AUTHORS},
    "charging.segment": {"export_admin_action": VIEWERS, "delete_selected": AUTHORS},
    "charging.namedlist": {"export_admin_action": VIEWERS, "delete_selected": AUTHORS},
    "charging.order": {"export_admin_action": VIEWERS},
    "charging.balance": {"export_admin_action": VIEWERS},
    "charging.balanceentry": {"export_admin_action": VIEWERS},
    "charging.customergroup": {"delete_selected": AUTHORS},
    "charging.payment": {"export_admin_action": VIEWERS},
    "charging.refund": {"export_admin_action": VIEWERS},
    "charging.refundterm": {"delete_selected": AUTHORS},
    "charging.paymentgateway": {"delete_selected": AUTHORS},
    "pricing.tariff": {"export_admin_action": VIEWERS},
    "pricing.surgeschedule": {"export_admin_action": VIEWERS},
    "pricing.signal": {"export_admin_action": VIEWERS},
    "pricing.priceceiling": {"delete_selected": AUTHORS},
    "offers.offer": {
        "export_admin_action": VIEWERS,
        "file_of_chosen": VIEWERS,
        "pause_chosen": AUTHORS,
        "resume_chosen": AUTHORS,
    },
    "offers.referral": {"export_admin_action": VIEWERS},
    "offers.singleusecode": {"cancel_chosen": AUTHORS},
    "beckn.outboundcallback": {"send_chosen_again": AUTHORS},
}

#: Who may search a model's rows where a relation leads to them (the admin's autocomplete); others are refused to all.
AUTOCOMPLETES: dict[str, frozenset[str]] = {
    "accounts.cpo": VIEWERS,  # members find their own alone
    "accounts.user": OPERATOR,
    "network.location": VIEWERS,
    "network.charger": VIEWERS,
    "network.connector": VIEWERS,
    "network.product": VIEWERS,
    "network.chargingsystem": VIEWERS,
    "charging.balance": VIEWERS,
    "charging.customer": VIEWERS,
    "charging.customergroup": VIEWERS,
    "charging.order": VIEWERS,
    "pricing.tariff": VIEWERS,
    "pricing.demandpolicy": VIEWERS,
    "pricing.surgeschedule": VIEWERS,
    "offers.offer": VIEWERS,
    "offers.codebatch": AUTHORS,
    "offers.referralcode": VIEWERS,
    "beckn.subscriber": OPERATOR,
    "beckn.inboundmessage": VIEWERS,
}

#: Pages of the site that belong to no model: what each person gets, in the order of `PEOPLE`.
ANY_SITE_PAGE = (200, 200, 200, 403, 200, 302)
SITE: dict[str, tuple[int, ...]] = {
    "admin:index": ANY_SITE_PAGE,
    "admin:search": ANY_SITE_PAGE,
    "admin:app_list": ANY_SITE_PAGE,
    "admin:autocomplete": (403, 403, 403, 403, 403, 302),  # without a relation; see AUTOCOMPLETES
    "admin:switch_cpo": (405, 405, 405, 403, 405, 302),  # POST alone
    "admin:login": (302, 302, 302, 302, 302, 200),
    "admin:logout": (405, 405, 405, 405, 405, 302),  # POST alone
    "admin:password_change": (200, 200, 200, 200, 200, 302),
    "admin:password_change_done": (200, 200, 200, 200, 200, 302),
    "admin:jsi18n": (200, 200, 200, 200, 200, 302),
    "admin:set_password": (200, 200, 200, 200, 200, 200),  # says that the link is not valid
    "admin:admin/(?P<url>.*)$": (404, 404, 404, 403, 404, 302),
    "": (302, 302, 302, 302, 302, 302),
}

#: Addresses for machines that need no token: the reason stands beside each, and a test of its own proves it.
OPEN: dict[str, str] = {
    "schema": "the description of the APIs names no row",
    "payment-notices": "signed with the gateway's secret",
    "beckn-receive": "signed with the participant's key",
    "healthz": "says yes or no",
    "public-surge": "what a published surge or demand policy says to everybody, at one CPO's own address",
    "public-offer": "what a published offer says to everybody, at one CPO's own address",
    "receipt": "one order's receipt, to whoever has its signed link",
    "readyz": "says yes or no, and ages of queues",
    "metrics": "loopback or the metrics' own token, and figures of the platform",
}

STAFF, READ, SYSTEM = TokenScope.STAFF.value, TokenScope.STAFF_READ.value, "SYSTEM"
READERS, WRITERS, SYSTEMS = frozenset({STAFF, READ}), frozenset({STAFF}), frozenset({SYSTEM})


@dataclass(frozen=True, slots=True)
class Api:
    """Which tokens may call it, and what they are answered for an own row and an empty body."""

    tokens: frozenset[str]
    answer: int


API: dict[str, Api] = {
    "location-list GET": Api(READERS, 200),
    "location-list POST": Api(WRITERS, 400),
    "location-detail GET": Api(READERS, 200),
    "location-detail PUT": Api(WRITERS, 400),
    "location-detail PATCH": Api(WRITERS, 200),
    "location-detail DELETE": Api(WRITERS, 409),
    "charger-list GET": Api(READERS, 200),
    "charger-list POST": Api(WRITERS, 400),
    "charger-detail GET": Api(READERS, 200),
    "charger-detail PUT": Api(WRITERS, 400),
    "charger-detail PATCH": Api(WRITERS, 200),
    "charger-detail DELETE": Api(WRITERS, 409),
    "connector-list GET": Api(READERS, 200),
    "connector-list POST": Api(WRITERS, 400),
    "connector-detail GET": Api(READERS, 200),
    "connector-detail PUT": Api(WRITERS, 400),
    "connector-detail PATCH": Api(WRITERS, 200),
    "connector-detail DELETE": Api(WRITERS, 409),
    "product-list GET": Api(READERS, 200),
    "product-list POST": Api(WRITERS, 400),
    "product-detail GET": Api(READERS, 200),
    "product-detail PUT": Api(WRITERS, 400),
    "product-detail PATCH": Api(WRITERS, 200),
    "product-detail DELETE": Api(WRITERS, 204),
    "tariff-list GET": Api(READERS, 200),
    "tariff-list POST": Api(WRITERS, 400),
    "tariff-detail GET": Api(READERS, 200),
    "tariff-detail PATCH": Api(WRITERS, 200),
    "tariff-history GET": Api(READERS, 200),
    "tariff-publish POST": Api(WRITERS, 409),
    "tariff-end POST": Api(WRITERS, 200),
    "price-ceiling-list GET": Api(READERS, 200),
    "price-ceiling-list POST": Api(WRITERS, 400),
    "price-ceiling-detail GET": Api(READERS, 200),
    "price-ceiling-detail PUT": Api(WRITERS, 400),
    "price-ceiling-detail PATCH": Api(WRITERS, 200),
    "price-ceiling-detail DELETE": Api(WRITERS, 204),
    "holiday-calendar-list GET": Api(READERS, 200),
    "holiday-calendar-list POST": Api(WRITERS, 400),
    "holiday-calendar-detail GET": Api(READERS, 200),
    "holiday-calendar-detail PUT": Api(WRITERS, 400),
    "holiday-calendar-detail PATCH": Api(WRITERS, 200),
    "surge-schedule-list GET": Api(READERS, 200),
    "surge-schedule-list POST": Api(WRITERS, 400),
    "surge-schedule-detail GET": Api(READERS, 200),
    "surge-schedule-detail PATCH": Api(WRITERS, 200),
    "surge-schedule-history GET": Api(READERS, 200),
    "surge-schedule-publish POST": Api(WRITERS, 200),
    "surge-schedule-submit POST": Api(WRITERS, 409),
    "surge-schedule-approve POST": Api(WRITERS, 409),
    "surge-schedule-reject POST": Api(WRITERS, 409),
    "surge-schedule-pause POST": Api(WRITERS, 200),
    "surge-schedule-resume POST": Api(WRITERS, 409),
    "surge-schedule-end POST": Api(WRITERS, 200),
    "surge-schedule-archive POST": Api(WRITERS, 409),
    "demand-policy-list GET": Api(READERS, 200),
    "demand-policy-list POST": Api(WRITERS, 400),
    "demand-policy-detail GET": Api(READERS, 200),
    "demand-policy-detail PATCH": Api(WRITERS, 200),
    "demand-policy-switch-on POST": Api(WRITERS, 409),
    "demand-policy-switch-off POST": Api(WRITERS, 200),
    "demand-policy-levels GET": Api(READERS, 200),
    "signal-list GET": Api(READERS, 200),
    "signal-detail GET": Api(READERS, 200),
    "signal-detail PUT": Api(WRITERS, 400),
    "signal-withdraw POST": Api(WRITERS, 200),
    "surge-policy GET": Api(READERS, 200),
    "surge-policy PATCH": Api(WRITERS, 200),
    "offer-list GET": Api(READERS, 200),
    "offer-list POST": Api(WRITERS, 400),
    "offer-detail GET": Api(READERS, 200),
    "offer-detail PATCH": Api(WRITERS, 200),
    "offer-history GET": Api(READERS, 200),
    "offer-lint GET": Api(READERS, 200),
    "offer-publish POST": Api(WRITERS, 400),
    "offer-pause POST": Api(WRITERS, 200),
    "offer-resume POST": Api(WRITERS, 409),
    "offer-end POST": Api(WRITERS, 200),
    "offer-withdraw POST": Api(WRITERS, 200),
    "offer-archive POST": Api(WRITERS, 409),
    "offer-policy GET": Api(READERS, 200),
    "offer-policy PATCH": Api(WRITERS, 200),
    "segment-list GET": Api(READERS, 200),
    "segment-list POST": Api(WRITERS, 400),
    "segment-detail GET": Api(READERS, 200),
    "segment-detail PUT": Api(WRITERS, 400),
    "segment-detail PATCH": Api(WRITERS, 200),
    "segment-detail DELETE": Api(WRITERS, 204),
    "segment-members GET": Api(READERS, 200),
    "named-list-list GET": Api(READERS, 200),
    "named-list-list POST": Api(WRITERS, 400),
    "named-list-detail GET": Api(READERS, 200),
    "named-list-detail PUT": Api(WRITERS, 400),
    "named-list-detail PATCH": Api(WRITERS, 200),
    "named-list-detail DELETE": Api(WRITERS, 409),
    "named-list-contacts POST": Api(WRITERS, 400),
    "customer-import POST": Api(WRITERS, 400),
    "import-state GET": Api(READERS, 200),
    "referral-code-list GET": Api(READERS, 200),
    "referral-code-list POST": Api(WRITERS, 400),
    "referral-code-detail GET": Api(READERS, 200),
    "code-batch-list GET": Api(WRITERS, 200),
    "code-batch-list POST": Api(WRITERS, 400),
    "code-batch-detail GET": Api(WRITERS, 200),
    "code-batch-codes GET": Api(WRITERS, 200),
    "code-batch-cancel POST": Api(WRITERS, 200),
    "offer-submit POST": Api(WRITERS, 409),
    "offer-approve POST": Api(WRITERS, 409),
    "offer-reject POST": Api(WRITERS, 409),
    "offer-restore POST": Api(WRITERS, 400),
    "offer-duplicate POST": Api(WRITERS, 400),
    "offer-diff GET": Api(READERS, 400),
    "offer-import-list GET": Api(READERS, 200),
    "offer-import-list POST": Api(WRITERS, 400),
    "offer-import-detail GET": Api(READERS, 200),
    "offer-file GET": Api(READERS, 200),
    "offer-templates GET": Api(READERS, 200),
    "backtest-list GET": Api(READERS, 200),
    "backtest-list POST": Api(WRITERS, 400),
    "backtest-detail GET": Api(READERS, 200),
    "price-check POST": Api(READERS, 400),
    "order-explain GET": Api(READERS, 200),
    "order-proof GET": Api(READERS, 200),
    "order-take-back POST": Api(WRITERS, 400),
    "order-refund POST": Api(WRITERS, 400),
    "order-exchange POST": Api(WRITERS, 400),
    "balance-list GET": Api(READERS, 200),
    "balance-list POST": Api(WRITERS, 400),
    "balance-detail GET": Api(READERS, 200),
    "balance-entries GET": Api(READERS, 200),
    "balance-top-up POST": Api(WRITERS, 400),
    "balance-pay-back POST": Api(WRITERS, 400),
    "balance-expire POST": Api(WRITERS, 200),
    "balance-import POST": Api(WRITERS, 400),
    "customer-group-list GET": Api(READERS, 200),
    "customer-group-list POST": Api(WRITERS, 400),
    "customer-group-detail GET": Api(READERS, 200),
    "customer-group-add POST": Api(WRITERS, 400),
    "customer-group-remove POST": Api(WRITERS, 400),
    "connector-status POST": Api(SYSTEMS, 400),
    "charging-commands GET": Api(SYSTEMS, 200),
    "charging-sessions POST": Api(SYSTEMS, 400),
    "readings POST": Api(SYSTEMS, 400),
    "interrupt POST": Api(SYSTEMS, 400),
    "resume POST": Api(SYSTEMS, 400),
    "stop POST": Api(SYSTEMS, 400),
}
