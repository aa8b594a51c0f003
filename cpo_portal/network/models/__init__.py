"""Where charging is sold: locations, chargers, connectors, products, and what changes about them by the minute."""

from cpo_portal.network.models.chargers import (
    Charger,
    ChargingSystem,
    ChargingSystemToken,
)
from cpo_portal.network.models.columns import (
    BECKN_ID,
    CHARGING_CATEGORY,
)
from cpo_portal.network.models.connectors import (
    LEAST_WATTS,
    TOO_WEAK,
    ChargingSpeed,
    Connector,
    ConnectorFormat,
    ConnectorStatus,
    ConnectorType,
    PowerType,
    StatusChoice,
)
from cpo_portal.network.models.locations import (
    NO_LATITUDE,
    NO_LONGITUDE,
    Location,
    check_opening_hours,
    check_time_zone,
)
from cpo_portal.network.models.products import (
    Product,
    ProductKind,
    ProductStock,
)

__all__ = [
    "BECKN_ID",
    "CHARGING_CATEGORY",
    "Charger",
    "ChargingSpeed",
    "ChargingSystem",
    "ChargingSystemToken",
    "Connector",
    "ConnectorFormat",
    "ConnectorStatus",
    "ConnectorType",
    "LEAST_WATTS",
    "Location",
    "NO_LATITUDE",
    "NO_LONGITUDE",
    "PowerType",
    "Product",
    "ProductKind",
    "ProductStock",
    "StatusChoice",
    "TOO_WEAK",
    "check_opening_hours",
    "check_time_zone",
]
