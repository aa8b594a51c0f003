"""Offers with immutable versions, the ledger of what they gave, and the stored quotes."""

from offers.models.backtests import BacktestRun, BacktestState
from offers.models.columns import MONEY
from offers.models.definitions import (
    BasisChoice,
    BenefitKindChoice,
    BookRevision,
    CampaignKind,
    DiscountBaseChoice,
    ObjectiveChoice,
    Offer,
    OfferPolicy,
    OfferState,
    OfferStateChange,
    OfferVersion,
    ValueTypeChoice,
)
from offers.models.ledger import (
    CustomerCounter,
    LedgerCheck,
    LedgerEntry,
    LedgerKind,
    OfferCounter,
    Redemption,
    RedemptionState,
)
from offers.models.quotes import Quote, QuoteOffer

__all__ = [
    "BacktestRun",
    "BacktestState",
    "BasisChoice",
    "BenefitKindChoice",
    "BookRevision",
    "CampaignKind",
    "CustomerCounter",
    "DiscountBaseChoice",
    "LedgerCheck",
    "LedgerEntry",
    "LedgerKind",
    "MONEY",
    "ObjectiveChoice",
    "Offer",
    "OfferCounter",
    "OfferPolicy",
    "OfferState",
    "OfferStateChange",
    "OfferVersion",
    "Quote",
    "QuoteOffer",
    "Redemption",
    "RedemptionState",
    "ValueTypeChoice",
]
