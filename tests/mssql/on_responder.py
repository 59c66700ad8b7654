"""`oxflow server …` on a responder of its own instead of the SQLite file that is asked for: for programs that start
servers themselves.

    on_responder.py server --backend-store-uri sqlite:///… …
"""

import os
import signal
import subprocess
import sys

from conftest import Responder


def main():
    arguments = sys.argv[1:]
    responder = Responder()
    place = arguments.index("--backend-store-uri") + 1
    arguments[place] = responder.uri
    server = subprocess.Popen([os.environ["OXFLOW_BIN"], *arguments])
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    code = server.wait()
    responder.stop()
    return code


if __name__ == "__main__":
    sys.exit(main())
