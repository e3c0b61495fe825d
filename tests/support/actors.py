"""Who acts in the tests."""

from workflows.models.actor import Actor


def who(name: str) -> Actor:
    """Return an actor whom the trail calls so."""
    return Actor(name=name)
