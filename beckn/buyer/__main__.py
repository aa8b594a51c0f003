"""`python -m beckn.buyer`: run the journey against a portal; exit 1 when any total, signature or id is off."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType

from beckn.buyer.charger import Charger
from beckn.buyer.checks import Findings, price_of, tags
from beckn.buyer.client import SECONDS, Portal, Printer, Stop
from beckn.buyer.credentials import Unusable, read_credentials
from beckn.buyer.detours import check_cancellation, check_weekend, probe
from beckn.buyer.gateway import Gateway
from beckn.buyer.journey import Journey
from beckn.buyer.server import Body, CallbackServer, Mailbox

#: What a buyer app of its own does not run on.
FOREIGN = frozenset({"django", "rest_framework", "celery", "nacl", "psycopg", "cpo_portal", "pricing", "offers"})


def main(argv: list[str]) -> int:
    """Return 0 after a journey without deviations, 1 after another, 2 where it could not begin."""
    options = _options(argv)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGHUP, _end)
    try:
        credentials = read_credentials(options.credentials)
        to = credentials.at(options.url or credentials.portal_url)
        printer = Printer(options.quiet, options.verbose)
        portal = Portal(to, Mailbox(), Findings(), printer, seconds=options.wait)
        with CallbackServer(to.callback_url, portal.verifier, portal.mailbox, options.port or to.port):
            charger = Charger(portal, options.credentials.with_suffix(".session"))
            return _travel(portal, charger, agrees=options.agree)
    except Unusable as error:
        print(f"journey: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Who reads our output has enough; nothing is left to flush at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print("journey: interrupted", file=sys.stderr)
        return 130


def _travel(portal: Portal, charger: Charger, *, agrees: bool) -> int:
    to, findings = portal.to, portal.findings
    portal.printer.title(f"{to.bap_id} at {to.callback_url} → {to.bpp_id} at {to.portal_url}")
    gateway = Gateway(portal)
    first = Journey(portal, gateway, charger, agrees=agrees)
    try:
        charger.stop_what_was_left()
        first.run()
        check_weekend(portal)
        check_cancellation(Journey(portal, gateway, charger, agrees=agrees))
        probe(portal)
    except Stop as stop:
        findings.note(str(stop))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        findings.note(f"a message has not the shape it should have ({_where(error)}: {error}); see it with --verbose")
    finally:
        charger.end_quietly()
    _check_the_rest(portal)
    if findings.deviations:
        print("\nThe journey deviates:", flush=True)
        for sentence in findings.deviations:
            print(f"  ✗ {sentence}", flush=True)
        return 1
    print(_receipt(first.placed), flush=True)
    print("journey complete", flush=True)
    return 0


def _where(error: BaseException) -> str:
    """Return the step that stumbled: the last function of this app's journey in the traceback."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).parent.name == "buyer"]
    return frames[-1].name.strip("_").replace("_", " ") if frames else "somewhere"


def _check_the_rest(portal: Portal) -> None:
    """Nothing came badly signed or unwanted, and this process is what it claims to be."""
    for sentence in portal.mailbox.refusals:
        portal.findings.note(sentence)
    if not portal.findings.deviations:
        # What an earlier journey left to be told is none of this one's business.
        left = [c for c in portal.mailbox.left() if c.context.get("transaction_id") in portal.transactions]
        for callback in left:
            portal.findings.note(f"an unexpected {callback.action} came: {callback.context.get('message_id')}")
    loaded = {name.partition(".")[0] for name in sys.modules} & FOREIGN
    strangers = {name for name in sys.modules if name.startswith("beckn.") and not name.startswith("beckn.buyer")}
    for name in sorted(loaded | strangers):
        portal.findings.note(f"this buyer app runs on {name}, which is the portal's")


def _receipt(order: Body) -> str:
    lines = [(str(line.get("title", "")), price_of(line)[0]) for line in order["quote"]["breakup"]]
    total, currency = price_of(order["quote"])
    settlement = tags(order).get("settlement", {})
    paid = order["payments"][0]["params"]["amount"]
    lines += [(f"Total {currency}", total), ("Paid before", paid)]
    lines += [(settlement.get("kind", "").capitalize(), settlement.get("amount", ""))]
    saved = tags(order).get("offer-summary", {}).get("total-savings", "")
    width = max(len(title) for title, _ in lines)
    rows = "\n".join(f"  {title:<{width}}  {amount:>9}" for title, amount in lines)
    return f"\nReceipt of order {order['id']}\n{rows}\n  You saved {currency} {saved}.\n"


def _options(argv: list[str]) -> argparse.Namespace:
    home = Path(os.environ.get("PORTAL_HOME") or "var")
    parser = argparse.ArgumentParser(prog="portal journey", description="Run the buyer app's journey against a portal.")
    parser.add_argument("--credentials", type=Path, default=home / "demo/buyer.json", help="the buyer app's file")
    parser.add_argument("--url", help="the portal's address, where it is not the one in the file")
    parser.add_argument("--port", type=int, help="listen here, where callbacks are forwarded to another port")
    parser.add_argument("--wait", type=float, default=SECONDS, help="how many seconds a callback may take")
    parser.add_argument("--agree", action="store_true", help="the driver agrees to surcharges that ask for consent")
    parser.add_argument("--quiet", action="store_true", help="print deviations and the receipt only")
    parser.add_argument("--verbose", action="store_true", help="print each message's JSON")
    return parser.parse_args(argv)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
