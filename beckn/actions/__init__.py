"""One module per action: what a buyer app's request does, and what it is answered with.

A handler runs in the inbox's transaction and queues its callback there. A `Refusal` becomes the callback's
error; what the refusing function changed before it (a cancelled order) stays.
"""

from beckn.actions import cancel, confirm, init, rating, search, select, status, support, track, update
from beckn.inbox import Handler
from beckn.protocol.values import Action

HANDLERS: dict[str, Handler] = {
    Action.SEARCH: search.handle,
    Action.SELECT: select.handle,
    Action.INIT: init.handle,
    Action.CONFIRM: confirm.handle,
    Action.STATUS: status.handle,
    Action.TRACK: track.handle,
    Action.UPDATE: update.handle,
    Action.CANCEL: cancel.handle,
    Action.RATING: rating.handle,
    Action.SUPPORT: support.handle,
}
