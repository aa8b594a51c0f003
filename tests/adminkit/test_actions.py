"""The dialogs of buttons: asked by script they are a dialog, opened by their address a page with a way back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.test import RequestFactory
from django.urls import reverse

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.adminkit.forms import DialogForm, with_article
from cpo_portal.network.models import Location


class Reason(DialogForm):
    reason = forms.CharField()
    kind = forms.ChoiceField(choices=[("a", "One"), ("b", "Two")])


def test_a_field_without_a_widget_of_the_theme_is_drawn_by_the_theme() -> None:
    form = Reason(request=RequestFactory().get("/"))
    assert "border-base-200" in str(form["reason"])
    assert "border-base-200" in str(form["kind"])
    assert '<option value="b">Two</option>' in str(form["kind"])


def test_a_dialog_opened_in_a_tab_of_its_own_is_a_page_with_a_way_back(
    visit: Any, world: SimpleNamespace, shelf: Any
) -> None:
    page = visit("owner", reverse("admin:network_location_publish", args=[world.place.pk]))
    text = page.content.decode()
    assert page.status_code == 200
    assert "<title>" in text
    assert "Drivers no longer see it." in text
    assert f'href="{reverse("admin:network_location_change", args=[world.place.pk])}"' in text
    assert "hx-post" not in text
    with cpo_scope(world.voltway):
        assert Location.objects.get().is_published is True


def test_a_dialog_asked_by_script_is_the_dialog_alone(visit: Any, world: SimpleNamespace, shelf: Any) -> None:
    address = reverse("admin:network_location_publish", args=[world.place.pk])
    text = visit("owner", address, HTTP_HX_REQUEST="true").content.decode()
    assert '<div id="dialog">' in text
    assert "<title>" not in text
    assert "Go back" in text


NOUNS = {"offer": "An offer", "tariff": "A tariff", "user": "A user", "EVSE": "An EVSE"}


@pytest.mark.parametrize(("noun", "phrase"), NOUNS.items())
def test_a_noun_gets_its_article(noun: str, phrase: str) -> None:
    assert with_article(noun) == phrase
