"""The process that `server.py` starts: Azure's inference server, on one address, for as long as its parent lives."""

import os
import signal
import sys
import threading

from azureml_inference_server_http import amlserver


def main() -> None:
    """`python inference_server.py HOST ARGUMENTS`; the arguments are those of `azmlinfsrv`."""
    host = sys.argv.pop(1)
    # azmlinfsrv has no option for it and would open the port to the whole network.
    amlserver.DEFAULT_HOST = host
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    amlserver.run()


def _stop_with_parent() -> None:
    # The parent holds the other end of this pipe. Killed with -9 it cannot clean up, but its end closes all the same;
    # a server left behind would keep the port.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
