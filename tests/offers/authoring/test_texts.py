"""What drivers read of an offer: names, descriptions, terms and an image, refused where nobody can read them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from tests.people import weekend
from tests.world import World

pytestmark = pytest.mark.django_db


NOBODY_SEES = "The {} holds a sign that nobody sees: type it anew."


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"name": "A\x01B"}, {"name": [NOBODY_SEES.format("name")]}, id="a-control"),
        pytest.param({"name": "A\u202eB"}, {"name": [NOBODY_SEES.format("name")]}, id="text-turned-round"),
        pytest.param({"name": "\u200b"}, {"name": ["Give the offer a name."]}, id="nothing-to-see"),
        pytest.param({"name": "\u3164\u2800"}, {"name": ["Give the offer a name."]}, id="fillers"),
        pytest.param({"name": "A\u00adB"}, {"name": [NOBODY_SEES.format("name")]}, id="a-soft-hyphen"),
        pytest.param({"name": " \ufeff "}, {"name": ["Give the offer a name."]}, id="spaces-and-a-mark"),
        pytest.param({"short_desc": "A\nB"}, {"short_desc": [NOBODY_SEES.format("short description")]}, id="lines"),
        pytest.param({"short_desc": "A\nB\x07"}, {"short_desc": [NOBODY_SEES.format("short description")]}, id="short"),
        pytest.param({"long_desc": "\x1b[31m"}, {"long_desc": [NOBODY_SEES.format("long description")]}, id="long"),
        pytest.param({"terms_text": "A\x00"}, {"terms_text": [NOBODY_SEES.format("terms")]}, id="terms"),
        pytest.param({"name": "N" * 201}, {"name": ["Shorten the name from 201 to 200 characters."]}, id="a-long-name"),
        pytest.param(
            {"long_desc": "L" * 5001, "terms_text": "T" * 5001},
            {
                "long_desc": ["Shorten the long description from 5,001 to 5,000 characters."],
                "terms_text": ["Shorten the terms from 5,001 to 5,000 characters."],
            },
            id="one-character-too-many",
        ),
        pytest.param(
            {"name": "N" * 200, "short_desc": "S" * 300, "long_desc": "L" * 5000, "terms_text": "T" * 5000},
            {},
            id="as-long-as-they-may-be",
        ),
        pytest.param({"name": "क्\u200dष 👩\u200d🔧", "long_desc": "A\r\n\tB"}, {}, id="joiners-and-lines"),
        pytest.param({"name": "\U0001fae9"}, {}, id="an-emoji-that-is-newer-than-this-portal"),
    ],
)
def test_texts_hold_what_can_be_read(world: World, said: dict[str, str], expected: dict[str, list[str]]) -> None:
    if not expected:
        authoring.create_offer(world.cpo, "readable", weekend(**said))
        return
    with pytest.raises(ValidationError) as refused:
        authoring.create_offer(world.cpo, "readable", weekend(**said))
    assert refused.value.message_dict == expected


def test_lines_end_as_everywhere_whatever_a_browser_sends(world: World) -> None:
    text = "A" * 2499
    made = authoring.create_offer(
        world.cpo, "lines", weekend(long_desc="a\r\nb\rc", terms_text=f"{text}\r\n{text}\r\n")
    )
    with cpo_scope(world.cpo):
        version = made.versions.get()
    assert (version.long_desc, version.terms_text) == ("a\nb\nc", f"{text}\n{text}\n")


@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        pytest.param("https://cpo1.com/a.png", True, id="https"),
        pytest.param("HTTPS://cpo1.com/a.png", True, id="in-capitals"),
        pytest.param("http://cpo1.com/a.png", False, id="http"),
        pytest.param("ftp://cpo1.com/a.png", False, id="ftp"),
    ],
)
def test_an_image_is_loaded_by_https_alone(world: World, address: str, is_taken: bool) -> None:
    if is_taken:
        authoring.create_offer(world.cpo, "image", weekend(image_url=address))
        return
    with pytest.raises(ValidationError) as refused:
        authoring.create_offer(world.cpo, "image", weekend(image_url=address))
    sentence = "Give an address that begins with https://: buyer apps load no other."
    assert refused.value.message_dict == {"image_url": [sentence]}
