"""Real peers for the end-to-end tests: gsched, dispynode and dispy clients as processes."""

from peers.played_node import PlayedNode
from peers.process import Process, leftovers, wait_until
from peers.stage import Client, Gsched, Node, Stage

__all__ = ["Client", "Gsched", "Node", "PlayedNode", "Process", "Stage", "leftovers", "wait_until"]
