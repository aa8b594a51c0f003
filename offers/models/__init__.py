"""Offers with immutable versions, the ledger of what they gave, and the stored quotes."""

from offers.models.adjustments import Adjustment, AdjustmentKind
from offers.models.backtests import BacktestRun
from offers.models.codes import MOST_CODES, CodeAlphabet, CodeBatch, CodeGuess, CodeState, SingleUseCode
from offers.models.columns import MONEY
from offers.models.consents import ConsentChannel, SurgeConsent
from offers.models.definitions import (
    BenefitKindChoice,
    BookRevision,
    CampaignKind,
    DiscountBaseChoice,
    Offer,
    OfferState,
    OfferStateChange,
    OfferVersion,
    ValueTypeChoice,
)
from offers.models.giving import ItemUnitChoice
from offers.models.imports import OfferImport, OfferImportState
from offers.models.ledger import (
    CustomerCounter,
    LedgerCheck,
    LedgerEntry,
    LedgerKind,
    OfferCounter,
    Redemption,
    RedemptionState,
)
from offers.models.periods import CustomerPeriodCounter, DayCounter
from offers.models.policy import BasisChoice, ObjectiveChoice, OfferPolicy
from offers.models.proofs import OfferSnapshot
from offers.models.quotes import Quote, QuoteOffer
from offers.models.receipts import BillTax
from offers.models.referrals import Referral, ReferralCode, ReferralState
from offers.models.shared import GroupCounter, GroupPeriodCounter

__all__ = [
    "Adjustment",
    "AdjustmentKind",
    "BacktestRun",
    "BasisChoice",
    "BenefitKindChoice",
    "BillTax",
    "BookRevision",
    "CampaignKind",
    "CodeAlphabet",
    "CodeBatch",
    "CodeGuess",
    "CodeState",
    "ConsentChannel",
    "CustomerCounter",
    "CustomerPeriodCounter",
    "DayCounter",
    "DiscountBaseChoice",
    "GroupCounter",
    "GroupPeriodCounter",
    "ItemUnitChoice",
    "LedgerCheck",
    "LedgerEntry",
    "LedgerKind",
    "MONEY",
    "MOST_CODES",
    "ObjectiveChoice",
    "Offer",
    "OfferCounter",
    "OfferImport",
    "OfferImportState",
    "OfferPolicy",
    "OfferSnapshot",
    "OfferState",
    "OfferStateChange",
    "OfferVersion",
    "Quote",
    "QuoteOffer",
    "Redemption",
    "Referral",
    "ReferralCode",
    "ReferralState",
    "RedemptionState",
    "SingleUseCode",
    "SurgeConsent",
    "ValueTypeChoice",
]
