"""Two programs that change one draft: whoever says what they read overwrites nothing unseen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.offers.api.asking import CONTENT, fields, send
from tests.people import api_client
from tests.pricing.api.test_strict import TARIFF
from tests.pricing.api.test_surge_refusals import NEW
from tests.world import make_world

pytestmark = pytest.mark.django_db
PLACES = [{"location_id": "cp-station"}]
#: What is made, where it is then, what is changed in it, and to which values.
KINDS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "offer": ("offers", {"offer_id": "one", "content": CONTENT}, "offers/one", "value"),
    "tariff": ("tariffs", TARIFF | {"tariff_id": "one", "assignments": PLACES}, "tariffs/one", "rate"),
    "surge schedule": ("surge-schedules", NEW | {"schedule_id": "one"}, "surge-schedules/one", "value"),
}


@pytest.mark.parametrize(("path", "body", "one", "name"), KINDS.values(), ids=KINDS)
def test_a_draft_that_somebody_else_changed_is_not_overwritten(
    path: str, body: dict[str, Any], one: str, name: str, request: pytest.FixtureRequest
) -> None:
    staff, kind = api_client(make_world().cpo), request.node.callspec.id
    made = send(staff, path, body).json()["draft"]

    def change(value: str, **said: Any) -> Any:
        return send(staff, one, {"content": {name: value}} | said, "patch")

    first = change("21", based_on_revision=made["revision"]).json()["draft"]
    assert (first["number"], first["revision"] == made["revision"]) == (1, False)
    refused = change("22", based_on_revision=made["revision"])
    assert (refused.status_code, refused.json()["error"]["message"]) == (
        409,
        f"Someone else has changed this {kind}'s draft since you read it: reload and try again.",
    )
    assert send(staff, one, None, "get").json()["draft"] == first
    # Who says the number alone means the version, whatever stands in its draft.
    assert change("21.00", based_on_version=1).json()["draft"]["revision"] == first["revision"]
    assert change("21", based_on_revision=first["revision"], based_on_version=9).status_code == 200
    refused = send(staff, f"{one}/publish", {"based_on_revision": made["revision"]})
    assert (refused.status_code, refused.json()["error"]["message"]) == (
        409,
        f"Someone else has changed this {kind}'s draft since you read it: reload and try again.",
    )
    assert send(staff, one, None, "get").json()["draft"] == first
    published = send(staff, f"{one}/publish", {"based_on_revision": first["revision"]}).json()
    live = published["live"] or published["coming"][0]
    assert (live["revision"], published["draft"]) == (first["revision"], None)
    assert change("23", based_on_revision=live["revision"]).json()["draft"]["number"] == 2
    refused = change("24", based_on_revision=live["revision"])
    assert (refused.status_code, refused.json()["error"]["message"]) == (
        409,
        f"Someone else has published this {kind} since you opened it: reload and try again.",
    )
    assert fields(change("24", based_on_revision="2")) == {
        "based_on_revision": ["Send the `revision` of the version that you read, as it was."]
    }
