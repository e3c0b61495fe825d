"""
A chat-bot as another project would write it: it reads commands as text and answers with text.

    python -m tests.third_party_clients.chat_bot http://NAME:PASSWORD@HOST CHAT …

reads lines `CHAT TEXT`, and answers each with a line. Only the named chats may send commands.
"""

import sys
from typing import Any

import httpx

# Method and path of each command; {} is its one argument.
COMMANDS = {
    "run": ("POST", "/workflow-runs"),
    "status": ("GET", "/workflow-runs/{}"),
    "next": ("POST", "/workflow-runs/{}/dispatch-ready"),
    "cancel": ("POST", "/tasks/{}/cancel"),
    "approve": ("POST", "/approvals/{}/approve"),
    "reject": ("POST", "/approvals/{}/reject"),
    "pause": ("POST", "/workflow-runs/{}/pause"),
    "resume": ("POST", "/workflow-runs/{}/resume"),
    "abort": ("POST", "/workflow-runs/{}/abort"),
}


class Bot:
    """Sends commands to the site; its URL contains the credentials."""

    def __init__(self, url: str, chats: list[str]) -> None:
        """Accept commands from these chats."""
        self._site = httpx.Client(base_url=url, timeout=30)
        self._chats = chats

    def answer(self, chat: str, text: str) -> str:
        """Carry out a command, or return why it was refused."""
        if chat not in self._chats:
            return "this chat may not command"
        name, _, argument = text.strip().removeprefix("/").partition(" ")
        if name.lower() not in COMMANDS or not argument.isdigit():
            return "one command and one number, please"
        method, path = COMMANDS[name.lower()]
        body = {"workflow_template_id": int(argument)} if name.lower() == "run" else {}
        answer = self._site.request(
            method, path.format(argument), json=None if method == "GET" else body
        )
        answered = answer.json()
        if answer.is_success:
            return _sentence(answered)
        return f"refused: {answered.get('detail', answered)}"


def _sentence(answer: dict[str, Any]) -> str:
    if answer.get("dispatched") is not None:
        return f"dispatched task {answer['task_id']}" if answer["dispatched"] else answer["reason"]
    return f"{answer['id']} is {answer['status']}"


if __name__ == "__main__":
    bot = Bot(sys.argv[1], sys.argv[2:])
    for line in sys.stdin:
        print(bot.answer(*line.rstrip("\n").split(" ", 1)), flush=True)  # noqa: T201 (its answers)
