"""The admin pages of offers, and what offers add to the pages of orders and people; Django finds them all here."""

from cpo_portal.charging.panels import ORDER_PANELS
from offers.admin import adjustments, groups, offers, order_actions, policy, referrals
from offers.admin.consents import consents
from offers.admin.order_panel import considered, held, ledger
from offers.admin.running import running, slices
from offers.receipts.panel import receipt, tax_id

__all__ = ["offers"]

ORDER_PANELS.extend((tax_id, running, slices, receipt, consents, considered, held, ledger, adjustments.adjusted))
order_actions.register()
adjustments.register()
groups.register()
policy.register()
referrals.register()
