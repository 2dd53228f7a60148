"""The command line of what is done to one user of the bot, on AWS or on this computer."""

import argparse
from collections.abc import Sequence

from tools.scripts.stacks import Stack, deployed_stack, running_stack


class UserArguments(argparse.ArgumentParser):
    """`name`, `stack`, `region` and `url`; `prog` is the `make` command that takes the name."""

    def __init__(self, prog: str, description: str, about_the_name: str) -> None:
        super().__init__(prog=prog, description=description)
        self.add_argument("name", help=f"{about_the_name} (NAME=…)")
        self.add_argument(
            "--stack", help="a stack on AWS (STACK=…); default: the running `make run`"
        )
        self.add_argument(
            "--region", help="where that stack is (REGION=…); default: samconfig.toml"
        )
        self.add_argument("--url", default="http://localhost:8080", help="where `make run` answers")

    def read(self, given: Sequence[str] | None) -> argparse.Namespace:
        """What the command line says; ends the program when it makes no sense."""
        options = self.parse_args(given)
        if not options.name.strip():
            self.error(f"a name is needed: {self.prog} NAME=ana")
        return options


def chosen_stack(options: argparse.Namespace) -> Stack:
    """The stack that the command line means. Raises `StackError`."""
    if options.stack:
        return deployed_stack(options.stack, options.region)
    return running_stack(options.url)
