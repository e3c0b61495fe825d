"""Who acts in the tests."""

from workflows.models.actor import Actor


def who(name: str) -> Actor:
    """Return an actor with this name in the trail."""
    return Actor(name=name)
