"""The function of nightly_export.yaml that tells a chat."""

from runners.functions import task_function

TIMEOUT_S = 20


class NotDeliveredError(Exception):
    """The chat has not taken the message; its answer says why."""


@task_function("notify.webhook")
def webhook(url: str, text: str) -> dict[str, int]:
    """Post a text to the incoming webhook of a chat."""
    import httpx  # here, since each process that offers the functions imports this module

    answer = httpx.post(url, json={"text": text}, timeout=TIMEOUT_S)
    if not answer.is_success:
        raise NotDeliveredError(f"the webhook answered {answer.status_code}: {answer.text[:500]}")
    print(f"Told: {text}")
    return {"status": answer.status_code}
