"""Answers survive whatever happens to sockets, functions and messages; many seeds."""

import os

import pytest

from tests.support.answers import World

SEEDS = int(os.environ.get("ANSWER_SEEDS", "300"))  # noqa: TID251 - more by `make survival`
STEPS = 1_200


@pytest.mark.parametrize("restartable", [False, True], ids=["interrupted", "restarted"])
def test_every_answer_is_whole_for_every_client(restartable: bool) -> None:
    for seed in range(SEEDS):
        world = World(seed, restartable=restartable)
        world.run(STEPS)
        world.settle()
        try:
            world.check()
        except AssertionError as error:
            error.add_note(f"seed {seed}, restartable={restartable}; {world.history[-5:]}")
            raise
