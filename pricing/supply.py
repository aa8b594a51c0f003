"""Where a supply takes place under India's GST, by the codes of the states (the first two digits of a GSTIN).

A registered buyer is supplied where it is registered; anybody else at the address on record, where there is none at the
station (IGST Act, section 12(2), and the supplier's place for what has no address).
"""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

from pricing.gstin import check_gstin, has_form

STATES = {
    "01": "Jammu and Kashmir",
    "02": "Himachal Pradesh",
    "03": "Punjab",
    "04": "Chandigarh",
    "05": "Uttarakhand",
    "06": "Haryana",
    "07": "Delhi",
    "08": "Rajasthan",
    "09": "Uttar Pradesh",
    "10": "Bihar",
    "11": "Sikkim",
    "12": "Arunachal Pradesh",
    "13": "Nagaland",
    "14": "Manipur",
    "15": "Mizoram",
    "16": "Tripura",
    "17": "Meghalaya",
    "18": "Assam",
    "19": "West Bengal",
    "20": "Jharkhand",
    "21": "Odisha",
    "22": "Chhattisgarh",
    "23": "Madhya Pradesh",
    "24": "Gujarat",
    "26": "Dadra and Nagar Haveli and Daman and Diu",
    "27": "Maharashtra",
    "29": "Karnataka",
    "30": "Goa",
    "31": "Lakshadweep",
    "32": "Kerala",
    "33": "Tamil Nadu",
    "34": "Puducherry",
    "35": "Andaman and Nicobar Islands",
    "36": "Telangana",
    "37": "Andhra Pradesh",
    "38": "Ladakh",
}
#: The same by their ISO 3166-2 codes, in the order of the states.
_ISO = "JK HP PB CH UK HR DL RJ UP BR SK AR NL MN MZ TR ML AS WB JH OD CG MP GJ DH MH KA GA LD KL TN PY AN TS AP LA"
#: What some apps write instead, former names and codes among it.
_ALSO = {
    "05": ("Uttaranchal", "UT"),
    "07": ("New Delhi", "NCT of Delhi", "National Capital Territory of Delhi"),
    "21": ("Orissa", "OR"),
    "22": ("Chattisgarh", "CT"),
    "26": ("Dadra and Nagar Haveli", "Daman and Diu"),
    "34": ("Pondicherry",),
    "35": ("Andaman and Nicobar",),
    "36": ("TG",),
}
_NOT_LETTERS = re.compile(r"[^a-z]+")
#: What people write between the characters of a tax id, and before it.
_BETWEEN = re.compile(r"[\s:.-]+")
_LABEL = "GSTIN"


def state_code(name: str) -> str:
    """Return the code of a state by its name, ISO or GST code, also after a city; "" where it is none of India's."""
    last = name.rpartition(",")[2].strip()
    return last if last in STATES else _CODES.get(_key(last), "")


def read_gstin(text: str) -> str:
    """Return the GSTIN in a buyer's tax id, such as "GSTIN29…"; "" where there is none."""
    gstin = _bare(text).removeprefix(_LABEL)
    try:
        check_gstin(gstin)
    except ValidationError:
        return ""
    return gstin


def is_wrong_gstin(text: str) -> bool:
    """Tell whether a buyer's tax id is meant as a GSTIN, by its form or by its name, and is none."""
    bare = _bare(text)
    meant = bare.startswith(_LABEL) or has_form(bare)
    return meant and not read_gstin(text)


def place_of_supply(*, buyer_gstin: str, buyer_state: str, station_state: str) -> str:
    """Return the code of the state that is supplied; "" where none is known."""
    return buyer_gstin[:2] or state_code(buyer_state) or state_code(station_state)


def _bare(tax_id: str) -> str:
    return _BETWEEN.sub("", tax_id.upper())


def _key(name: str) -> str:
    return _NOT_LETTERS.sub("", name.lower().replace("&", "and").removeprefix("in-"))


_CODES = (
    {_key(name): code for code, name in STATES.items()}
    | {_key(name): code for code, names in _ALSO.items() for name in names}
    | {_key(name): code for name, code in zip(_ISO.split(), STATES, strict=True)}
)
