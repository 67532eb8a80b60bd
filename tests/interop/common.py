"""What both Python clients are told: where the sandbox is, and which key to use. Prints one line a finding."""

import json
import os
import urllib.request

URL = os.environ["SANDBOX_URL"]
TOKEN = os.environ["SANDBOX_TOKEN"]
WS = URL.replace("http://", "ws://")


def say(step, **found):
    """One finding, as a line that the test reads."""
    print(json.dumps({"step": step, **found}, default=str), flush=True)


def get(path):
    with urllib.request.urlopen(URL + path, timeout=10) as answer:
        return json.load(answer)


def administer(path, body=None):
    request = urllib.request.Request(
        URL + path, data=json.dumps(body).encode() if body is not None else b"",
        headers={"Authorization": "Bearer " + TOKEN}, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def liveliest():
    """The market whose YES book has both sides, and the most on them: its condition and first token."""
    best = None
    for market in get("/markets")["data"]:
        token = market["tokens"][0]["token_id"]
        book = get("/book?token_id=" + token)
        depth = min(len(book["bids"]), len(book["asks"]))
        if depth and (best is None or depth > best[0]):
            best = (depth, market["condition_id"], token, book)
    if best is None:
        raise SystemExit("no market of the recording has a two-sided book")
    return best[1:]
