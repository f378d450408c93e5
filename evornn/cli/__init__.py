"""The `evornn` command."""

from evornn.cli.app import main as main
