"""A fake of AWS Secrets Manager on 127.0.0.1, from which one secret can be read."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:store-AbCdEf"


@dataclass
class SecretsManager:
    """Returns `text` as the secret `ARN`, or an error if `broken`. Requests wait while `open` is not set."""

    text: str = ""
    broken: bool = False
    calls: int = 0
    open: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def store(self, username: str, password: str) -> None:
        """Sets the secret to these credentials."""
        self.text = json.dumps({"username": username, "password": password, "engine": "postgres"})

    def answer(self, target: str, request: dict[str, str]) -> tuple[int, dict[str, str]]:
        """Returns the status and the body of a response."""
        self.calls += 1
        self.open.wait()
        if self.broken:
            return 500, {"__type": "InternalServiceError", "message": "out of order"}
        if target != "secretsmanager.GetSecretValue" or request.get("SecretId") != ARN:
            return 400, {"__type": "ResourceNotFoundException", "message": "no such secret"}
        return 200, {"ARN": ARN, "SecretString": self.text}


@contextlib.contextmanager
def start_secrets_manager() -> Iterator[SecretsManager]:
    """Starts a Secrets Manager on a free port."""
    secrets_manager = SecretsManager()
    secrets_manager.open.set()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, answer = secrets_manager.answer(self.headers["x-amz-target"], request)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/x-amz-json-1.1")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.daemon_threads = True
        secrets_manager.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield secrets_manager
        finally:
            secrets_manager.open.set()
            server.shutdown()
            thread.join()
