"""The servers whose stores pipelines read, and the modules of Beam, whose import takes a second."""

from importlib import import_module
from types import SimpleNamespace

import pytest

from tests.servers.gcs import fake_gcs
from tests.servers.s3 import credentials, seaweed

__all__ = ["credentials", "fake_gcs", "seaweed"]

collect_ignore = ["pipelines.py"]  # it has no examples, and imports Beam


@pytest.fixture(scope="session")
def beam():
    """The modules of `holdall.query.beam`, and ``run``, which runs pipelines."""
    names = ("asking", "ranges", "reading", "recipe", "writing")
    return SimpleNamespace(
        **{name: import_module(f"holdall.query.beam.{name}") for name in names},
        public=import_module("holdall.query.beam"),
        run=import_module("tests.query.beam.pipelines"),
    )
