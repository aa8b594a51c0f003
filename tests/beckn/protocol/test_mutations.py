"""Golden requests, mutilated at random from fixed seeds: nothing but a ProtocolFault ever comes of them."""

from __future__ import annotations

import copy
import json
import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from beckn.protocol import envelope, jsontext
from beckn.protocol.deg_v1 import DIALECT
from beckn.protocol.values import ProtocolFault
from tests.beckn.protocol import samples, schemas

NAMES = sorted(path.stem for path in samples.GOLDEN.glob("*.json") if not path.stem.startswith("on_"))
ROUNDS = 2000
BATCHES = 10
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    10**17,
    Decimal("0.5"),
    Decimal("1E+18"),
    Decimal("1E-18"),
    "",
    " ",
    "x" * 5000,
    "₹",
    "-1",
    "1e400",
    "NaN",
    "9999-12-31T23:59:60Z",
    "P9999Y",
    "2025:09:24:10:00:00",
    "yes",
    "\u2028",
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": {}},
    {"id": None},
    {"descriptor": {"code": 5}},
)


def places(node: Any, found: list[tuple[Any, Any]] | None = None) -> list[tuple[Any, Any]]:
    """Return every (container, key or index) of a body."""
    found = [] if found is None else found
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        found.append((node, key))
        places(node[key], found)
    return found


def mutate(body: dict[str, Any], chance: random.Random) -> None:
    """Spoil up to four places: replace, remove, double or rename."""
    for _ in range(chance.randint(1, 4)):
        spots = places(body)
        if not spots:
            return
        container, key = chance.choice(spots)
        what = chance.randrange(4)
        if what == 0:
            del container[key]
        elif what == 1 and isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
        elif what == 2 and isinstance(container, dict):
            container[chance.choice([str(key).upper(), f"{key}s"])] = container.pop(key)
        else:
            container[key] = copy.deepcopy(chance.choice(ODD))


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_spoilt_request_is_read_or_refused_and_never_breaks_the_reader(batch: int) -> None:
    chance = random.Random(batch)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(ROUNDS // BATCHES):
        name = chance.choice(NAMES)
        body = samples.golden(name)
        action, now = body["context"]["action"], samples.at("04:02:00")
        mutate(body, chance)
        try:
            context = envelope.parse_context(body, action, now, default_ttl=timedelta(days=2))
            DIALECT.parse(context.action, body)
            # What is read is what we promise to read; the promise may be wider than the reader.
            assert schemas.complaints(schemas.ours("requests.json", action), body) == []
            outer = envelope.callback_context(context, bpp_id="b", bpp_uri="https://b.example", timestamp=now)
            jsontext.write_json({"context": outer})
            outcomes["read"] += 1
        except ProtocolFault as fault:
            assert fault.message.endswith(".")
            assert fault.paths
            outcomes["refused"] += 1
    assert sum(outcomes.values()) == ROUNDS // BATCHES
    assert all(outcomes.values())


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_spoilt_message_behind_a_sound_context_never_breaks_the_parser(batch: int) -> None:
    chance = random.Random(1000 + batch)
    for _ in range(ROUNDS // BATCHES):
        body = samples.golden(chance.choice(NAMES))
        mutate(body["message"], chance)
        try:
            DIALECT.parse(body["context"]["action"], body)
        except ProtocolFault as fault:
            assert fault.code == "30000"
            assert all(path.startswith("$.message") for path in fault.paths)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_spoilt_bytes_never_break_the_reader(batch: int) -> None:
    chance = random.Random(2000 + batch)
    for _ in range(ROUNDS // BATCHES):
        body = samples.golden(chance.choice(NAMES))
        name, raw = body["context"]["action"], bytearray(json.dumps(body, default=float).encode())
        for _ in range(chance.randint(1, 6)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        try:
            body = jsontext.read_json(bytes(raw), refuse_duplicates=True)
            context = envelope.parse_context(body, name, samples.at("04:02:00"), default_ttl=timedelta(days=2))
            DIALECT.parse(context.action, body)
        except ProtocolFault as fault:
            assert fault.message.endswith(".")
