"""A small supervised portal for test_supervisor.py: real processes that write down when they start and stop.

Usage: supervised.py HOME NAME:STAGE:BEHAVIOUR … where the behaviour is `good`, `stubborn` or `dies`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cpo_portal.runtime.home import Home, say
from cpo_portal.runtime.processes import Command
from cpo_portal.runtime.supervisor import ChildEnded, Interrupted, Supervisor

CHILD = """
import os, signal, subprocess, sys, time
name, behaviour, journal = sys.argv[1:]
def note(text):
    with open(journal, "a") as file:
        file.write(f"{name} {text}\\n")
def stop(*_):
    if behaviour != "stubborn":
        time.sleep(0.2)
        note("stopped")
        sys.exit(0)
signal.signal(signal.SIGTERM, stop)
grandchild = subprocess.Popen(["sleep", "60"])
note(f"{os.getpid()} {grandchild.pid}")
if behaviour == "dies":
    time.sleep(0.5)
    print("the last words", file=sys.stderr)
    sys.exit(7)
while True:
    time.sleep(60)
"""


def main(folder: str, *children: str) -> int:
    home = Home(Path(folder))
    journal = home / "journal"
    try:
        with Supervisor(home / "run") as supervisor:
            for child in children:
                name, stage, behaviour = child.split(":")
                argv = [sys.executable, "-c", CHILD, name, behaviour, str(journal)]
                command = Command(name, argv, {}, home.path, home / f"log/{name}.log")
                supervisor.start(command, stage=int(stage), grace=30)
            supervisor.wait(
                lambda: journal.exists() and len(journal.read_text().splitlines()) >= len(children), every=0.05
            )
            say("all run")
            supervisor.wait(lambda: False)
    except Interrupted:
        return 0
    except ChildEnded as ended:
        say(str(ended))
        return 1
    return 2


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
