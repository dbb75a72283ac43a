"""What is said at the start of secrets: what they do not keep apart, and who gets in without."""

import logging

from gsched.net.transport.addresses import Own, is_loopback
from gsched.options.settings import Settings

log = logging.getLogger("gsched")


def warn_of_secrets(settings: Settings, own: list[Own]) -> None:
    """In the log; also of those that others see."""
    for problem in settings.exposed:
        log.warning("%s", problem)
    if settings.cluster_secret and settings.cluster_secret == settings.node_secret:
        log.warning(
            "--node_secret and --cluster_secret are the same: who runs a node can be a client, and "
            "who runs a client can command nodes"
        )
    if not settings.cluster_secret and not all(is_loopback(one.use) for one in own):
        log.warning(
            "no --cluster_secret: whoever reaches the clients' port can run programs on all nodes"
        )
