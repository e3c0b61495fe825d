"""Tests of other projects that `make prove-hosts` does, and `make test` leaves out."""

import os

import pytest

IS_LONG = bool(os.environ.get("HOSTS"))
"""All hosts, by each way; else one on each database."""
long_only = pytest.mark.skipif(not IS_LONG, reason="of all hosts: make prove-hosts")
