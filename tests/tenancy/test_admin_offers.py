"""What the admin offers beside its pages: actions, autocompletes, choices, filters, popups, search, exports."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, ManyToManyField, Model
from django.urls import reverse

from cpo_portal.accounts.access import rights_of
from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import cpo_scope
from tests.tenancy.rules import ACTIONS, AUTOCOMPLETES, MODELS, NOBODY
from tests.tenancy.stage import MEMBERS, NO_NUMBER, NO_UUID, PEOPLE, Stage, all_tables, missing_key, text_of

ADMINS = [pytest.param(model, id=model._meta.label_lower) for model in admin.site._registry]
SIGNED_IN = tuple(person for person in PEOPLE if person != "anonymous")
EMAILS = {"stranger": "stranger@example.com", "operator": "operator@example.com"}


def url(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def leaks(stage: Stage, text: str) -> list[str]:
    return [secret for secret in stage.secrets if secret in text.lower()]


def request_of(stage: Stage, rf: Any, person: str) -> Any:
    """Return a request as the middleware makes it for a person who works for the own CPO, or for none."""
    request = rf.get("/admin/")
    request.user = User.objects.get(email=EMAILS.get(person, f"{person}@example.com"))
    request.cpo = None if person == "stranger" else stage.here.cpo
    request.cpos = [] if person == "stranger" else [stage.here.cpo]
    request.rights = rights_of(request.user, request.cpo)
    request.session = {}
    return request


@pytest.mark.parametrize("model", ADMINS)
def test_a_list_offers_each_person_the_actions_that_its_rule_names(stage: Stage, rf: Any, model: type[Model]) -> None:
    rules = ACTIONS.get(model._meta.label_lower, {})
    model_admin = admin.site._registry[model]
    found: dict[str, set[str]] = {}
    for person in SIGNED_IN:
        if person == "stranger":
            continue
        with cpo_scope(stage.here.cpo):
            for name in model_admin.get_actions(request_of(stage, rf, person)):
                found.setdefault(name, set()).add(person)
    missing = sorted(set(found) - set(rules))
    assert missing == [], (
        f"{model._meta.label_lower} has the actions {missing} without a rule: say in tests/tenancy/rules.py (ACTIONS) "
        "who may run them."
    )
    assert found == {name: set(people) for name, people in rules.items()}


@pytest.mark.parametrize("model", ADMINS)
def test_an_action_sent_by_those_who_may_not_or_for_another_cpos_rows_changes_nothing(
    stage: Stage, model: type[Model]
) -> None:
    rules = ACTIONS.get(model._meta.label_lower, {})
    own, theirs = (side.rows[model._meta.label_lower].pk for side in (stage.here, stage.there))
    for name in {*rules, "delete_selected", "export_admin_action"}:
        for person in (*MEMBERS, "stranger", "anonymous"):
            may = person in rules.get(name, NOBODY)
            form = {"action": name, "_selected_action": [str(theirs if may else own)], "post": "yes", "index": "0"}
            answer = stage.browser(person).post(url(model, "changelist"), form)
            assert answer.status_code in ({200, 302} if person in MEMBERS and answer.status_code != 403 else {302, 403})
            assert not leaks(stage, text_of(answer))
    assert all_tables() == stage.tables


def relations() -> list[Any]:
    """Return each relation of a model that has pages, and of the rows below it."""
    found = {}
    for model, model_admin in admin.site._registry.items():
        for owner in (model, *(inline.model for inline in model_admin.inlines)):
            for column in (*owner._meta.fields, *owner._meta.many_to_many):
                if isinstance(column, ForeignKey | ManyToManyField):
                    found[f"{owner._meta.label_lower}.{column.name}"] = pytest.param(
                        owner, column.name, id=f"{owner._meta.label_lower}.{column.name}"
                    )
    return list(found.values())


@pytest.mark.parametrize(("model", "name"), relations())
def test_an_autocomplete_answers_those_whom_its_rule_names_with_own_rows(
    stage: Stage, model: type[Model], name: str
) -> None:
    target = model._meta.get_field(name).remote_field.model._meta.label_lower
    query = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": name}
    found = set()
    for person in SIGNED_IN:
        for term in ("", "gridgo"):
            answer = stage.browser(person).get(reverse("admin:autocomplete"), query | {"term": term})
            assert answer.status_code in {200, 403}
            if answer.status_code == 200:
                found.add(person)
                assert person == "operator" or not leaks(stage, answer.content.decode())
    assert found == AUTOCOMPLETES.get(target, NOBODY), (
        f"{sorted(found)} may search {target}: say in tests/tenancy/rules.py (AUTOCOMPLETES) who may."
    )


def forms_of(stage: Stage, model: type[Model]) -> list[Any]:
    """Return the forms that the owner gets for a new and for an own row, and for the rows below it."""
    found: list[Any] = []
    pages = [url(model, "add"), url(model, "change", stage.here.rows[model._meta.label_lower].pk)]
    for page in pages:
        answer = stage.browser("owner").get(page)
        if answer.status_code == 200 and answer.context.get("adminform"):
            found.append(answer.context["adminform"].form)
            with cpo_scope(stage.here.cpo):
                found += [inline.formset.empty_form for inline in answer.context["inline_admin_formsets"]]
    return found


@pytest.mark.parametrize("model", [param for param in ADMINS if "owner" in MODELS[param.id].change])
def test_a_form_takes_no_row_of_another_cpo_in_any_relation(stage: Stage, model: type[Model]) -> None:
    for form in forms_of(stage, model):
        for name, field in form.fields.items():
            if isinstance(field, forms.ModelChoiceField):
                target = field.queryset.model
                with cpo_scope(stage.there.cpo):
                    theirs = target._default_manager.filter(**({"cpo": stage.there.cpo} if target is not User else {}))
                    keys = [str(row.pk) for row in theirs if target is not User or "gridgo" in row.email]
                assert keys, f"set the stage with a {target._meta.label} of the other CPO for {name}"
                for key in keys:
                    chosen = [key] if isinstance(field, forms.ModelMultipleChoiceField) else key
                    with cpo_scope(stage.here.cpo), pytest.raises(ValidationError):
                        field.clean(chosen)
            elif isinstance(field, forms.ChoiceField):
                with cpo_scope(stage.here.cpo):
                    assert not leaks(stage, str(list(field.choices)))


@pytest.mark.parametrize("model", ADMINS)
def test_lists_with_facets_filters_popups_and_searches_tell_nothing_of_another_cpo(
    stage: Stage, model: type[Model]
) -> None:
    label = model._meta.label_lower
    if "owner" not in MODELS[label].view:
        return
    model_admin: Any = admin.site._registry[model]
    theirs = stage.there.rows[label].pk
    queries = [
        {"_facets": "True"},
        {"_popup": "1", "_to_field": model._meta.pk.name},
        {"q": "gridgo"},
        {"q": str(theirs)},
        {"o": "1"},
    ]
    browser = stage.browser("owner")
    for query in queries:
        assert not leaks(stage, visible(browser.get(url(model, "changelist"), query, follow=True)))
    for entry in model_admin.list_filter:
        path = entry[0] if isinstance(entry, tuple) else entry
        if isinstance(path, str) and model._meta.get_field(path.split("__")[0]).is_relation and "__" not in path:
            related = model._meta.get_field(path).related_model
            with cpo_scope(stage.there.cpo):
                key = related._default_manager.values_list("pk", flat=True)[0]
            counts = [
                stage.browser("owner")
                .get(url(model, "changelist"), {f"{path}__id__exact": value})
                .context["cl"]
                .result_count
                for value in (key, missing_key(related))
            ]
            assert counts[0] == counts[1]
    if hasattr(model_admin, "export_fields"):
        text = stage.browser("owner").get(url(model, "export")).content.decode("utf-8-sig")
        assert not leaks(stage, text)
        assert len(text.splitlines()) > 1
        theirs_too = stage.browser("outsider").get(url(model, "export")).content.decode("utf-8-sig")
        assert theirs_too != text


def visible(answer: Any) -> str:
    """Return the page without what the person has typed."""
    text: str = answer.content.decode()
    typed = answer.request.get("QUERY_STRING", "")
    for part in typed.split("&"):
        text = text.replace(part.partition("=")[2] or "\0", "")
    return text


@pytest.mark.parametrize("term", ["gridgo", "depot", "driver", "special", "owner"])
@pytest.mark.parametrize("person", MEMBERS)
def test_the_search_of_the_site_finds_the_own_cpos_rows_alone(stage: Stage, person: str, term: str) -> None:
    answer = stage.browser(person).get(reverse("admin:search"), {"s": term, "extended": "1"})
    assert answer.status_code == 200
    assert not leaks(stage, answer.content.decode())


def test_the_pages_of_the_site_name_no_other_cpo(stage: Stage) -> None:
    for person in (*MEMBERS, "stranger", "anonymous"):
        for at in ("/admin/", "/admin/charging/", "/admin/offers/", "/admin/password_change/", "/admin/login/"):
            assert not leaks(stage, stage.browser(person).get(at).content.decode())


@pytest.mark.parametrize("person", MEMBERS)
def test_switching_to_a_cpo_that_one_does_not_work_for_is_like_switching_to_none_that_there_is(
    stage: Stage, person: str
) -> None:
    answers = [
        stage.browser(person).post(reverse("admin:switch_cpo"), {"cpo": key, "next": "/admin/"})
        for key in (stage.there.cpo.pk, NO_NUMBER, NO_UUID, "", "x")
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}


def test_a_session_that_names_another_cpo_works_for_the_own_one(stage: Stage) -> None:
    browser = stage.browser("owner")
    session = browser.session
    session["cpo"] = stage.there.cpo.pk
    session.save()
    answer = browser.get("/admin/")
    assert (answer.wsgi_request.cpo, leaks(stage, answer.content.decode())) == (stage.here.cpo, [])


def test_an_address_that_is_taken_elsewhere_is_refused_without_saying_where(stage: Stage) -> None:
    form = {"email": "gridgo-owner@example.com", "full_name": "X", "role": "ANALYST"}
    answer = stage.browser("owner").post("/admin/accounts/membership/add/", form)
    assert answer.context["adminform"].form.errors == {
        "email": ["This address has an account already; ask the platform's operator to add the person."]
    }
    assert all_tables() == stage.tables


def test_ids_that_another_cpo_uses_are_free_and_those_of_the_own_cpo_are_refused_at_the_field(stage: Stage) -> None:
    product = {
        "name": "Tea", "kind": "GOOD", "price": "20", "currency": "INR",
        "stock_row-TOTAL_FORMS": "0", "stock_row-INITIAL_FORMS": "0",
    }  # fmt: skip
    taken = stage.browser("owner").post("/admin/network/product/add/", product | {"product_id": "voltway-tea"})
    sentence = "A product with this product id exists already: choose another."
    assert taken.context["adminform"].form.errors["product_id"] == [sentence]
    free = stage.browser("owner").post("/admin/network/product/add/", product | {"product_id": "gridgo-tea"})
    errors = free.context["adminform"].form.errors if free.context else {}
    assert "product_id" not in errors
    assert "cpo" not in errors


def test_a_second_row_of_what_a_cpo_has_once_is_refused_in_words(stage: Stage) -> None:
    form = {"name": "Second", "pay_url": "https://pay.example/$transaction_id"}
    answer = stage.browser("manager").post("/admin/charging/paymentgateway/add/", form)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.non_field_errors() == [
        "There is one payment gateway already: change that one."
    ]
    assert all_tables() == stage.tables


def test_an_analyst_who_opens_settings_that_nobody_has_made_yet_makes_none(stage: Stage) -> None:
    from offers.models import OfferPolicy

    with cpo_scope(stage.here.cpo):
        OfferPolicy.objects.all().delete()
    before = all_tables()
    assert stage.browser("analyst").get("/admin/offers/offerpolicy/").status_code == 200
    assert all_tables() == before
    assert stage.browser("manager").get("/admin/offers/offerpolicy/").status_code == 302
