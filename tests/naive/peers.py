"""Clients and nodes: who may speak for whom, who is told what, and whom we call."""

from naive.row import row

REQUESTS, OPENINGS, CALLBACKS = (
    f"net/clients/{name}.py" for name in ("requests", "openings", "callbacks")
)
NODES, DISCOVERY, DOORS = (f"net/nodes/{name}.py" for name in ("messages", "discovery", "doors"))
IDENTITY, SECRETS = "net/identity.py", "wire/secrets.py"

PEERS = (
    # -- whose request -----------------------------------------------------------------------------
    row(
        "who does not know --cluster_secret",
        REQUESTS,
        'if not known and not payload.startswith(b"CLIENT:"):',
        "if False:",
        "test_net_clients.py::test_nothing_is_read_of_who_does_not_know_the_secret",
        "test_secrets.py::test_secrets",
    ),
    row(
        "who does not know --cluster_secret may send much",
        REQUESTS,
        "channel.receive(LARGE if known else SMALL)",
        "channel.receive(LARGE)",
        "test_net_clients.py::test_who_does_not_know_the_secret_says_little",
    ),
    row(
        "requests about the computation of another",
        REQUESTS,
        "if cluster is None or not secrets.same(computation_of(cluster).client_auth, "
        'body["auth"]):',
        "if cluster is None:",
        "test_net_clients.py::test_each_request_bears_the_auth_of_its_computation",
        "test_calls_strangers.py::test_calls_for_a_computation_of_another",
        "test_calls_strangers.py::test_messages_for_a_computation_of_another",
    ),
    row(
        "codes are compared up to where they differ",
        SECRETS,
        "return compare_digest(left, right)",
        "return left == right",
        "test_threats.py::test_secrets_are_compared_in_constant_time",
    ),
    row(
        "the same, written where it is needed",
        NODES,
        "elif not secrets.same(message_of(job).hash, reply.hash):",
        "elif message_of(job).hash != reply.hash:",
        "test_threats.py::test_secrets_are_compared_in_constant_time",
    ),
    row(
        "ids that can be guessed",
        SECRETS,
        'return (int.from_bytes(random, "little") >> 2) + 1',
        'return (int.from_bytes(random, "little") & 0xFFFF) + 1',
        "test_net_openings.py::test_ids_cannot_be_guessed",
    ),
    row(
        "signs that can be guessed",
        SECRETS,
        "random: bytes = get_random_bytes(SIGN_BYTES)",
        "random: bytes = get_random_bytes(1) * SIGN_BYTES",
        "test_wire_secrets.py::test_new_signs_are_all_different",
    ),
    row(
        "an auth of our own is the same for all",
        OPENINGS,
        "client_auth=record.auth or secrets.new_sign(),",
        'client_auth=record.auth or "",',
        "test_net_openings.py::test_who_brings_no_auth_is_given_one",
    ),
    row(
        "jobs of another cluster are cancelled by their uid",
        REQUESTS,
        'job = self._cluster(body).jobs.get(_id(body["uid"]))\n        if job is not None:',
        "self._cluster(body)\n"
        '        job = self._scheduler.jobs.get(_id(body["uid"]))\n'
        "        if job is not None:",
        "test_net_clients.py::test_jobs_of_another_are_not_cancelled",
    ),
    row(
        "a result without the job's hash",
        "net/clients/results.py",
        'if job is not None and not secrets.same(message_of(job).hash, body["hash"]):',
        "if False:",
        "test_net_clients.py::test_results_take_the_hash_of_their_job",
    ),
    row(
        "uids of the jobs of others at a node",
        REQUESTS,
        "[job.uid for job in jobs if job.cluster is cluster]",
        "[job.uid for job in jobs]",
        "test_net_clients.py::test_jobs_of_others_are_not_listed",
    ),
    row(
        "a client's sign of life in the name of another",
        REQUESTS,
        'if body["client_ip_addr"] in addresses or channel.peer[0] in addresses:',
        "if addresses:",
        "test_net_clients.py::test_signs_of_life_of_another",
    ),
    # -- whose reply -------------------------------------------------------------------------------
    row(
        "a result of who knows the uid",
        NODES,
        "elif not secrets.same(message_of(job).hash, reply.hash):",
        "elif False:",
        "test_net_nodes.py::test_who_knows_a_uid_knows_nothing",
    ),
    row(
        "a result from another host",
        NODES,
        "return node is None or is_from(node, source)",
        "return True",
        "test_net_nodes.py::test_replies_come_from_the_node_that_has_the_job",
    ),
    row(
        "a result in the name of a node that does not have the job",
        "core/scheduler.py",
        "and (job.node or job.last) is node:",
        "and True:",
        "test_net_nodes.py::test_replies_come_from_the_node_that_has_the_job[last]",
    ),
    row(
        "TERMINATED and NODE_CPUS from another host",
        NODES,
        'if not secrets.same(node.identity, body["sign"]) or not is_from(node, source):',
        'if not secrets.same(node.identity, body["sign"]):',
        "test_net_nodes.py::test_goodbyes_come_from_the_node",
        "test_net_nodes.py::test_goodbyes_by_datagram_too",
    ),
    row(
        "TERMINATED and NODE_CPUS with any sign",
        NODES,
        'if not secrets.same(node.identity, body["sign"]) or not is_from(node, source):',
        "if not is_from(node, source):",
        "test_net_nodes.py::test_goodbyes_come_from_the_node",
    ),
    row(
        "PULSE in the name of a node",
        NODES,
        '        if not is_from(node, source):\n            raise PeerError(f"pulse',
        '        if False:\n            raise PeerError(f"pulse',
        "test_net_nodes.py::test_pulses_come_from_the_node",
    ),
    row(
        "PING in the name of a node that has jobs",
        NODES,
        '            if not is_from(node, source):\n                raise PeerError(f"PING',
        '            if False:\n                raise PeerError(f"PING',
        "test_net_nodes.py::test_only_the_node_says_that_it_serves_nobody",
    ),
    row(
        "a node takes the place of another one",
        NODES,
        "        self._check_owner(body, source)\n",
        "",
        "test_net_nodes.py::test_nobody_takes_the_place_of_a_node_that_is_there",
    ),
    row(
        "a node that does not know --node_secret",
        NODES,
        'if not secrets.same(body["auth"], self._identity.pong_code):',
        "if False:",
        "test_net_nodes.py::test_what_is_no_node",
    ),
    row(
        "a node with addresses, ports or CPUs that cannot be",
        NODES,
        "        _check_pong(body)\n",
        "",
        "test_net_nodes.py::test_what_is_no_node",
    ),
    row(
        "a relay that does not know --node_secret",
        NODES,
        "if auth is not None and not secrets.same(auth, self._identity.pong_code):",
        "if False:",
        "test_net_nodes.py::test_relays_know_the_secret",
    ),
    # -- who is told a code ------------------------------------------------------------------------
    row(
        "a PING is answered with the code for its sign",
        DISCOVERY,
        'self._greet(address, secrets.STRANGER, self._greeting(body["version"]))',
        'self._greet(\n                    address, self._identity.node_code(body["sign"]),\n'
        '                    self._greeting(body["version"]))',
        "test_net_nodes.py::test_a_ping_is_not_answered_with_a_code",
    ),
    row(
        "a PING with our own sign",
        DISCOVERY,
        'own = body["sign"] in self._identity.signs',
        "own = False",
        "test_net_nodes.py::test_our_own_signs_are_no_nodes",
    ),
    row(
        "a node that bears our own sign",
        NODES,
        'if any(secrets.same(body["sign"], own) for own in self._identity.signs):',
        "if False:",
        "test_net_nodes.py::test_nodes_do_not_bear_our_signs",
    ),
    row(
        "a node that bears the sign of another",
        NODES,
        '        self.signs.check(body["sign"], body["ip_addr"], source)\n',
        "",
        "test_net_nodes.py::test_nodes_do_not_bear_the_sign_of_another",
    ),
    row(
        "signs of an earlier run are not known",
        "net/nodes/signs.py",
        "{node.identity: node.address for node in self._nodes.values()}",
        "{}",
        "test_net_nodes.py::test_signs_of_an_earlier_run_are_known",
    ),
    row(
        "with equal secrets, a node's code is a client's",
        IDENTITY,
        'return _code("clients", self.sign).decode()',
        "return self.sign",
        "test_net_nodes.py::test_codes_of_nodes_are_not_those_of_clients",
    ),
    row(
        "nobody says that both secrets are the same",
        "running/cautions.py",
        "if settings.cluster_secret and settings.cluster_secret == settings.node_secret:",
        "if False:",
        "test_exposed.py::test_what_does_not_keep_anybody_out_is_said",
    ),
    row(
        "nobody says that there is no secret",
        "running/cautions.py",
        "if not settings.cluster_secret and not all(is_loopback(one.use) for one in own):",
        "if False:",
        "test_exposed.py::test_what_does_not_keep_anybody_out_is_said",
    ),
    # -- where we call -----------------------------------------------------------------------------
    row(
        "a client names any address at which it listens",
        OPENINGS,
        "address = self._callbacks.address(host, source)\n        if not address:",
        "from gsched.net.transport.resolver import resolve\n\n"
        "        address = resolve(host)\n        if not address:",
        "test_net_openings.py::test_nobody_looks_for_open_ports_through_us",
        "test_tenants.py::test_callbacks_elsewhere",
    ),
    row(
        "whoever is elsewhere may name an address of ours",
        CALLBACKS,
        "(is_ours(address) and is_ours(source))",
        "is_ours(address)",
        "test_net_openings.py::test_nobody_looks_for_open_ports_through_us",
    ),
    row(
        "names, where networks are allowed",
        CALLBACKS,
        "if is_address(address) and any(",
        "if not is_address(address) or any(",
        "test_net_openings.py::test_nobody_looks_for_open_ports_through_us",
    ),
    row(
        "jobs send to any address",
        OPENINGS,
        "self._direct and self._may_be_called(record.client_reply_addr, source)",
        "self._direct",
        "test_net_openings.py::test_nodes_are_not_sent_elsewhere_either",
    ),
    row(
        "a client names nodes at any port",
        DISCOVERY,
        "            if not self.doors.admit(address, named.port, source):\n",
        "            if False:\n",
        "test_net_search.py::test_nobody_looks_for_open_ports_through_us",
        "test_net_search.py::test_names_are_held_to_the_same",
        "test_tenants.py::test_nodes_at_other_ports",
    ),
    row(
        "a PING names any port",
        DISCOVERY,
        'if not self.doors.admit(body["ip_addr"], body["port"], source):',
        "if False:",
        "test_net_nodes.py::test_nobody_looks_for_open_ports_through_us",
    ),
    row(
        "a PONG names any port",
        NODES,
        'if not self._discovery.doors.admit(body["ip_addr"], body["port"], source):',
        "if False:",
        "test_net_nodes.py::test_nobody_looks_for_open_ports_through_us",
    ),
    row(
        "whoever is elsewhere may name ports of ours",
        DOORS,
        "return is_ours(address) and is_ours(source)",
        "return is_ours(address)",
        "test_net_search.py::test_doors",
    ),
)
