"""What an address must be so that a map and a buyer app find it; the same for the form and the API."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

#: ISO 3166-1 alpha-3.
_CODES = (
    "ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS BIH BLM "
    "BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB CUW CXR "
    "CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB "
    "GIN GLP GMB GNB GNQ GRC GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA "
    "JAM JEY JOR JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA "
    "MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR "
    "NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP SGS "
    "SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON "
    "TTO TUN TUR TUV TWN TZA UGA UKR UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE"
)
COUNTRIES = frozenset(_CODES.split())
_INDIA = "IND"
#: (south, north, west, east) of the countries whose bounds we know.
_BOUNDS = {_INDIA: (6, 38, 68, 98)}
_NAMES = {_INDIA: "India"}
_PIN = re.compile(r"[1-9]\d{5}")
_STD_CODE = re.compile(r"std:0\d{2,4}")
_CITY_CODE = re.compile(r"[a-z]{2,10}:[A-Za-z0-9-]{1,16}")


@dataclass(frozen=True, slots=True)
class Address:
    """The fields that are checked together; None and "" are not given."""

    country: str
    city_code: str = ""
    postal_code: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None


def faults_of(address: Address) -> dict[str, str]:
    """Return what is wrong, one sentence by field."""
    checks = {
        "country": _country_fault(address.country),
        "city_code": _city_fault(address),
        "postal_code": _postal_fault(address),
        "latitude": _point_fault(address),
    }
    return {name: sentence for name, sentence in checks.items() if sentence}


def _country_fault(country: str) -> str:
    if country in COUNTRIES:
        return ""
    return f"“{country}” is no country code: use the three capitals of ISO 3166, such as IND."


def _city_fault(address: Address) -> str:
    code = address.city_code
    if address.country == _INDIA and code and not _STD_CODE.fullmatch(code):
        return f"“{code}” is no city code: write std: and the area code with its 0, such as std:080 for Bengaluru."
    if code and not _CITY_CODE.fullmatch(code):
        return f"“{code}” is no city code: write the kind, a colon and the code, such as std:080."
    return ""


def _postal_fault(address: Address) -> str:
    if address.country != _INDIA or not address.postal_code or _PIN.fullmatch(address.postal_code.replace(" ", "")):
        return ""
    return f"“{address.postal_code}” is no PIN code: it has six digits, such as 560001."


def _point_fault(address: Address) -> str:
    latitude, longitude = address.latitude, address.longitude
    if latitude is None or longitude is None or address.country not in _BOUNDS:
        return ""
    if _inside(address.country, latitude, longitude):
        return ""
    where = f"{latitude:f}, {longitude:f} lies outside of {_NAMES[address.country]}"
    if _inside(address.country, longitude, latitude):
        return f"{where}: are latitude and longitude swapped?"
    return f"{where}: check the point and the country."


def _inside(country: str, latitude: Decimal, longitude: Decimal) -> bool:
    south, north, west, east = _BOUNDS[country]
    return south <= latitude <= north and west <= longitude <= east
