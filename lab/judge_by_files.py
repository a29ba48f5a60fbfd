#!/usr/bin/env python3
"""An OpenAI-compatible server whose model is whoever answers files: a person, or a language model without an API.

    lab/judge_by_files.py IN OUT [--port 8765] [--model by-files]
    refinex score RUN --endpoint http://127.0.0.1:8765/v1 --model by-files --concurrency 256 --timeout 7200

The prompt of each request to /v1/chat/completions is written to IN/HASH.txt; its answer is the text of
OUT/HASH.txt, which is waited for. HASH is that of the messages, so a request that comes again (a second run, a
lost connection) finds the answer that is there, and a reader learns nothing from the name. Needs nothing but
Python 3. An answer is taken when its file has not changed for a second, so it need not be written at once.
"""
import argparse
import hashlib
import json
import os
import pathlib
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAUSE = 0.5
SETTLED = 1.0


def prompt_of(messages):
    """The messages as one text; the role is named where there are several."""
    if len(messages) == 1:
        return messages[0]["content"]
    return "\n\n".join(f"=== {message['role']} ===\n{message['content']}" for message in messages)


def name_of(messages):
    canonical = json.dumps(messages, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16] + ".txt"


def write_whole(path, text):
    """Nobody sees half of a prompt."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
        draft.write_text(text, encoding="utf-8")
        draft.rename(path)


def settled_answer(path):
    """The text of an answer that is there and no longer written; else None."""
    try:
        before = path.stat()
        if before.st_size == 0 or time.time() - before.st_mtime < SETTLED:
            return None
        return path.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


class Judge(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        if not self.path.endswith("/chat/completions"):
            return self.say(404, {"error": {"message": f"expected /v1/chat/completions, but found {self.path}"}})
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            messages = body["messages"]
            prompt, name = prompt_of(messages), name_of(messages)
        except (ValueError, KeyError, TypeError) as error:
            return self.say(400, {"error": {"message": f"expected a body with messages, but found: {error!r}"}})
        write_whole(self.server.prompts / name, prompt)
        answer = self.wait_for(self.server.answers / name)
        if answer is None:
            self.close_connection = True
            return None
        message = {"role": "assistant", "content": answer}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return self.say(200, {"object": "chat.completion", "model": self.server.model, "choices": [choice]})

    def wait_for(self, path):
        """The answer, or None if whoever asked has gone."""
        while (answer := settled_answer(path)) is None:
            if self.has_gone():
                return None
            time.sleep(PAUSE)
        return answer

    def has_gone(self):
        self.connection.setblocking(False)
        try:
            return self.connection.recv(1, 2) == b""  # 2: MSG_PEEK
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.connection.setblocking(True)

    def say(self, status, value):
        body = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prompts", metavar="IN", type=pathlib.Path)
    parser.add_argument("answers", metavar="OUT", type=pathlib.Path)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--model", default="by-files")
    arguments = parser.parse_args()
    for folder in (arguments.prompts, arguments.answers):
        folder.mkdir(parents=True, exist_ok=True)
    server = Server(("127.0.0.1", arguments.port), Judge)
    server.prompts, server.answers, server.model = arguments.prompts, arguments.answers, arguments.model
    print(f"listening on http://127.0.0.1:{server.server_port}/v1", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
