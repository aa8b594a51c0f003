"""Writes a callback of DEG v1 by the action that it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from beckn.protocol.catalog_views import CatalogView
from beckn.protocol.deg_v1 import render_order
from beckn.protocol.deg_v1.render_catalog import render_on_search
from beckn.protocol.deg_v1.render_session import render_on_rating, render_on_support, render_on_track
from beckn.protocol.order_views import OrderView, RatingView, SupportView, TrackingView, View
from beckn.protocol.values import Action

_ORDERS: Mapping[str, Callable[[OrderView], dict[str, Any]]] = {
    Action.SELECT: render_order.render_on_select,
    Action.INIT: render_order.render_on_init,
    Action.CONFIRM: render_order.render_on_confirm,
    Action.STATUS: render_order.render_on_status,
    Action.UPDATE: render_order.render_on_update,
    Action.CANCEL: render_order.render_on_cancel,
}


def render_message(action: str, view: View) -> dict[str, Any]:
    """Return the `message` of `on_<action>`; a view of another action is a TypeError."""
    if isinstance(view, OrderView) and action in _ORDERS:
        return _ORDERS[action](view)
    match action, view:
        case Action.SEARCH, CatalogView():
            return render_on_search(view)
        case Action.TRACK, TrackingView():
            return render_on_track(view)
        case Action.SUPPORT, SupportView():
            return render_on_support(view)
        case Action.RATING, RatingView():
            return render_on_rating(view)
    raise TypeError(f"on_{action} is not written from a {type(view).__name__}")


def render_refusal(action: str, code: str, message: str, paths: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what stands beside the context of an `on_<action>` that says why a request was not fulfilled."""
    error = {"error": render_error(code, message, paths)}
    # Core demands a message in on_rating even beside an error.
    return {"message": {}, **error} if action == Action.RATING else error


def render_error(code: str, message: str, paths: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the `error` of a callback; core knows one string of paths, so several are joined by commas."""
    error = {"code": code, "message": message}
    return {**error, "paths": ",".join(paths)} if paths else error
