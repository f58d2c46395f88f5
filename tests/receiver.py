"""An outside service in a process of its own: keeps every request it gets and answers as the file `answer` beside them says.

Run as `python tests/receiver.py PORT FOLDER`. `answer` holds a status, `302 ADDRESS` for a redirect, `drip` to answer a byte a second, `hold` to say
nothing until it holds something else.
"""

import json
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Receiver(BaseHTTPRequestHandler):
    folder: Path

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        kept = {"path": self.path, "headers": {name.lower(): value for name, value in self.headers.items()}, "body": body}
        with (self.folder / "requests.jsonl").open("a") as file:
            file.write(json.dumps(kept) + "\n")
        while (answer := (self.folder / "answer").read_text().split()) == ["hold"]:
            time.sleep(0.05)
        if answer[0] == "drip":
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 60:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(1)
            return
        self.send_response(int(answer[0]))
        if len(answer) > 1:
            self.send_header("Location", answer[1])
        self.send_header("Content-Length", "0")
        with suppress(OSError):  # whoever asked may be gone
            self.end_headers()

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: what came is in the folder."""


if __name__ == "__main__":
    Receiver.folder = Path(sys.argv[2])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
