"""The process that `server.py` starts: Label Studio, for as long as its parent lives.

It runs in Label Studio's own environment, which has no other module of this package.
"""

import os
import signal
import sys
import threading


def _stop_with_parent() -> None:
    # The parent holds the other end of this pipe. Killed with -9 it cannot clean up, but its end closes all the same;
    # a server left behind would keep the port and the database.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    from label_studio.server import main

    threading.Thread(target=_stop_with_parent, daemon=True).start()
    main()
