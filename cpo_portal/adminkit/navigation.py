"""The sidebar and the start page, made from tables of model labels; what is not there or not allowed is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Entry:
    """A link to the list of a model ("offers.offer") under a title, with a Material symbol."""

    title: str
    icon: str
    label: str


@dataclass(frozen=True, slots=True)
class Step:
    """A card of the start page: what to do (or to look at, for those who may not add), why, and at which model."""

    todo: str
    look: str
    why: str
    label: str


def page_of(request: HttpRequest, label: str) -> Any:
    """Return the model's admin if it is registered and the person may look at it, else None."""
    try:
        model = apps.get_model(label)
    except LookupError:
        return None
    model_admin = admin.site._registry.get(model)
    return model_admin if model_admin and model_admin.has_view_permission(request) else None


def sidebar(request: HttpRequest, groups: dict[str, tuple[Entry, ...]], icon: str = "folder") -> list[dict[str, Any]]:
    """Return the theme's navigation; models that no group names stand under "More"."""
    shown: list[dict[str, Any]] = [
        {"items": [{"title": "Start", "icon": "home", "link": reverse("admin:index")}]},
    ]
    named = set()
    for title, entries in groups.items():
        items = []
        for entry in entries:
            named.add(entry.label)
            if page_of(request, entry.label):
                items.append({"title": entry.title, "icon": entry.icon, "link": list_url(entry.label)})
        if items:
            shown.append({"title": title, "items": items})
    rest = [
        {"title": str(opts.verbose_name_plural).capitalize(), "icon": icon, "link": list_url(opts.label_lower)}
        for opts in (model._meta for model in admin.site._registry)
        if opts.label_lower not in named and page_of(request, opts.label_lower)
    ]
    if rest:
        shown.append({"title": "More", "collapsible": True, "items": sorted(rest, key=lambda item: item["title"])})
    return shown


def list_url(label: str, page: str = "changelist") -> str:
    """Return the address of a model's list, or of its add form."""
    return reverse(f"admin:{label.lower().replace('.', '_')}_{page}")


def steps(request: HttpRequest, plan: tuple[Step, ...]) -> list[dict[str, Any]]:
    """Return the cards of the start page with the number of rows that the person's CPO has."""
    cards = []
    for step in plan:
        model_admin = page_of(request, step.label)
        if model_admin is None:
            continue
        opts = model_admin.model._meta
        count = model_admin.get_queryset(request).count()
        may_add = model_admin.has_add_permission(request)
        cards.append(
            {
                "title": step.todo if may_add else step.look,
                "why": step.why,
                "count": count,
                "unit": opts.verbose_name if count == 1 else opts.verbose_name_plural,
                "list": list_url(step.label),
                "add": list_url(step.label, "add") if may_add else None,
                "noun": opts.verbose_name,
            }
        )
    return cards
