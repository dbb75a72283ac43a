"""Floods: connections, bytes, datagrams, lines of the log."""

from naive.row import row

GUESTS, CHANNEL, DATAGRAMS, LISTENERS, TLS, TURNS = (
    f"net/transport/{name}.py"
    for name in ("guests", "channel", "datagrams", "listeners", "tls", "turns")
)
NODES, DISCOVERY, LOGS = "net/nodes/messages.py", "net/nodes/discovery.py", "logs.py"
RECEPTION, INTRODUCTIONS = "net/reception.py", "net/introductions.py"

FLOODS = (
    # -- connections -------------------------------------------------------------------------------
    row(
        "--max_host_connections",
        GUESTS,
        "return self._each.get(address, 0) >= self.most_each",
        "return False",
        "test_net_guests.py::test_the_silent_of_one_address_make_room_for_others_of_it",
        "test_net_guests.py::test_there_is_no_room_if_all_are_busy",
        "test_floods.py::test_half_open_connections[clients]",
    ),
    row(
        "--max_connections",
        GUESTS,
        "if self._count >= self.most:",
        "if False:",
        "test_net_guests.py::test_the_silent_make_room_for_all",
    ),
    row(
        "whoever comes last has to go, not the silent",
        GUESTS,
        "        guest = next(iter(silent), None)\n",
        "        guest = None\n",
        "test_net_guests.py::test_the_silent_of_one_address_make_room_for_others_of_it",
        "test_net_guests.py::test_the_silent_make_room_for_all",
        "test_floods.py::test_connections_beyond_the_limit",
    ),
    row(
        "connections take all descriptors",
        "running/limits.py",
        "most = min(settings.max_connections, wanted // 2)",
        "most = settings.max_connections",
        "test_net_guests.py::test_half_of_the_descriptors_are_for_connections",
    ),
    row(
        "without a descriptor a port is lost",
        "net/transport/sockets.py",
        "if error.errno in _EXHAUSTED:",
        "if False:",
        "test_net_sockets.py::test_without_descriptors_connections_wait",
        hangs=True,
    ),
    row(
        "each byte has its time, and a message has none",
        CHANNEL,
        "if timeout is not None and monotonic() > since + timeout + done / SLOWEST:",
        "if False:",
        "test_net_guests.py::test_whoever_dribbles_is_not_waited_for",
    ),
    row(
        "a connection that says nothing",
        "net/transport/sockets.py",
        "self._until[me] = monotonic() + seconds",
        "self._until[me] = monotonic() + 3600",
        "test_net_sockets.py::test_waits_take_no_longer_than_they_may",
        "test_floods.py::test_half_open_connections[nodes]",
        hangs=True,
    ),
    row(
        "TLS handshakes that stall",
        TLS,
        'with Timeout(self.timeout, TimeoutError("TLS handshake timed out")):',
        "if True:",
        "test_floods.py::test_handshakes_that_stall",
        hangs=True,
    ),
    row(
        "TLS handshakes that stall keep their places",
        TLS,
        "        socket.socket.shutdown(self._socket, socket.SHUT_RDWR)\n",
        "        pass\n",
        "test_floods.py::test_handshakes_that_stall_make_room",
        hangs=True,
    ),
    row(
        "a flood is served as it comes",
        TURNS,
        "if self._until and self._has_to_wait(peer[0]):",
        "if False:",
        "test_net_turns.py::test_a_port_serves_others_before_a_flood",
        "test_net_turns.py::test_whoever_takes_half_of_the_time_waits_and_others_do_not",
    ),
    row(
        "a line without end",
        TURNS,
        "if self._guests.may_wait(len(line)):",
        "if self._guests.may_wait(len(line)) or True:",
        "test_net_turns.py::test_where_a_line_is_full_the_next_is_reset",
        hangs=True,
    ),
    row(
        "one line takes all of the room for lines",
        GUESTS,
        "elif WAITING * (self.waiting + others) >= self.most:",
        "elif WAITING * self.waiting >= self.most:",
        "test_net_guests.py::test_a_line_leaves_room_for_others",
    ),
    row(
        "a line of nobody stops all lines",
        TURNS,
        "        line = self._lines.get(address) or deque()  # one that is empty is in no round\n",
        "        if not self._lines:\n"
        "            self._next_round.start(self._go_on)\n"
        "        line = self._lines.setdefault(address, deque())\n",
        "test_net_turns.py::test_all_lines_together_have_an_end",
        hangs=True,
    ),
    row(
        "a flood that is served one by one is over",
        TURNS,
        " > self._loop.now() or self._is_long(address)",
        " > self._loop.now()",
        "test_net_turns.py::test_it_is_over_when_the_flood_is",
    ),
    row(
        "whoever is in a line stays there, however short it is",
        TURNS,
        "return LONG * len(self._lines.get(address, ())) > self._guests.most_each",
        "return address in self._lines",
        "test_net_turns.py::test_a_few_that_follow_each_other_do_not_line_up_for_ever",
        hangs=True,
    ),
    row(
        "TLS where there is none is a message of some hundred megabytes",
        TLS,
        "if self.accepting is None and data.startswith(HELLO):",
        "if False:",
        "test_net_guests.py::test_a_hello_of_tls_is_no_message",
    ),
    # -- bytes -------------------------------------------------------------------------------------
    row(
        "strangers may announce gigabytes to the nodes' port",
        NODES,
        "channel.receive(LARGE if known else STRANGE)",
        "channel.receive(LARGE)",
        "test_net_nodes.py::test_only_hosts_of_nodes_may_send_much",
    ),
    row(
        "whatever is announced is awaited",
        "wire/frames.py",
        "if size > limit:",
        "if False:",
        "test_floods.py::test_giants_are_announced",
    ),
    row(
        "what arrives is held, however much it is",
        GUESTS,
        "if grows and (self.held > self.most_bytes or 2 * each > self.most_bytes):",
        "if False:",
        "test_net_guests.py::test_bytes_of_messages_are_bounded",
    ),
    row(
        "one address has all of that",
        GUESTS,
        " or 2 * each > self.most_bytes):",
        "):",
        "test_net_guests.py::test_one_address_has_half_of_the_room_for_messages",
    ),
    row(
        "what was held counts for ever",
        GUESTS,
        "        self._count_bytes(guest, 0)\n",
        "",
        "test_net_guests.py::test_nothing_is_left_of_those_that_leave",
        "test_net_guests.py::test_bytes_of_messages_are_bounded",
    ),
    # -- datagrams ---------------------------------------------------------------------------------
    row(
        "--max_datagrams",
        DATAGRAMS,
        "if self._all < self._most:",
        "if True:",
        "test_net_datagrams.py::test_datagrams_are_counted_each_second",
        "test_net_datagrams.py::test_addresses_that_are_made_up_are_counted_together",
    ),
    row(
        "one sender takes all of them",
        DATAGRAMS,
        "if 2 * count <= self._most + 1:",
        "if True:",
        "test_net_datagrams.py::test_datagrams_are_counted_each_second",
        "test_floods.py::test_datagram_flood",
    ),
    row(
        "datagrams are read as long as there are any",
        DATAGRAMS,
        "        if number % TURN == 0:\n            gevent.sleep(0)\n",
        "",
        "test_net_datagrams.py::test_others_have_their_turn",
    ),
    row(
        "each datagram with a wrong sender is a connection to whom it names",
        DISCOVERY,
        "        if address in self._answers:\n"
        "            self._answers[address].again = body\n"
        "        elif",
        "        if",
        "test_net_nodes.py::test_pings_are_answered_now_and_then",
    ),
    row(
        "one stranger has us greet as many as he wants",
        DISCOVERY,
        " and self._asked_by(source) < _MAX_ANSWERS_OF_ONE:",
        ":",
        "test_net_nodes.py::test_one_stranger_does_not_ask_for_all",
    ),
    row(
        "many strangers do",
        DISCOVERY,
        "elif len(self._answers) < _MAX_ANSWERS and",
        "elif",
        "test_net_nodes.py::test_all_strangers_together_do_not_either",
    ),
    row(
        "a PING by UDP is answered by UDP to whom it names",
        DISCOVERY,
        "            answer = self._answers[address] = _Answer(source, body)\n",
        "            answer = self._answers[address] = _Answer(source, body)\n"
        "            from gevent import socket\n\n"
        '            socket.socket(type=socket.SOCK_DGRAM).sendto(b"PING:", address)\n',
        "test_floods.py::test_datagrams_in_the_name_of_another_do_not_flood_him",
    ),
    row(
        "a PING by UDP is answered by UDP to all",
        DISCOVERY,
        "            answer = self._answers[address] = _Answer(source, body)\n",
        "            answer = self._answers[address] = _Answer(source, body)\n"
        '            self._datagrams.send(build("PING", self._greeting(body["version"])), [1])\n',
        "test_net_nodes.py::test_datagrams_are_not_answered_by_datagrams",
    ),
    # -- memory of what was met --------------------------------------------------------------------
    row(
        "peers that are refused are remembered for ever",
        RECEPTION,
        "    if len(kept) > most:\n",
        "    if False:\n",
        "test_net_reception.py::test_rows_come_to_an_end",
    ),
    row(
        "introductions of one host",
        INTRODUCTIONS,
        "if len(waiting.introductions) > MOST_WAITING:",
        "if False:",
        "test_net_introductions.py::test_a_flood_from_one_host_is_bounded",
    ),
    row(
        "introductions of many hosts",
        INTRODUCTIONS,
        "if len(self._waiting) > MOST_SOURCES:",
        "if False:",
        "test_net_introductions.py::test_many_hosts_are_bounded",
    ),
    row(
        "signs of all nodes that ever were",
        "net/nodes/signs.py",
        "if len(self._addresses) > 2 * len(self._nodes) + _SPARE:",
        "if False:",
        "test_net_nodes.py::test_signs_are_forgotten",
    ),
    row(
        "time of all addresses that ever sent much",
        "net/clients/effort.py",
        "if len(self._purses) >= _MOST_PURSES:",
        "if False:",
        "test_net_effort.py::test_not_all_addresses_are_remembered",
    ),
    # -- the log -----------------------------------------------------------------------------------
    row(
        "a peer's text makes lines of its own",
        LOGS,
        "        record.message = printable(record.message)\n",
        "",
        "test_logs.py::test_a_message_is_one_line",
    ),
    row(
        "texts without end",
        LOGS,
        "if len(text) <= LONGEST:",
        "if True:",
        "test_logs.py::test_long_messages_are_cut",
        "test_logs.py::test_objects_are_cut",
    ),
    row(
        "lines without end",
        LOGS,
        "return count <= MOST",
        "return True",
        "test_logs.py::test_lines_that_begin_alike_are_counted",
        "test_logs.py::test_the_dam_opens_again",
    ),
    row(
        "lines of which each begins in its own way",
        LOGS,
        "            kind = _OTHERS ",
        "            pass ",
        "test_logs.py::test_lines_that_all_begin_differently_are_counted_together",
    ),
    row(
        "one complaint again and again",
        LISTENERS,
        "        if reason in said:\n            return\n",
        "",
        "test_logs.py::test_complaints_are_said_once",
    ),
    row(
        "many complaints about one peer",
        LISTENERS,
        "if len(said) > self._most_each or self._lines > self.most:",
        "if self._lines > self.most:",
        "test_logs.py::test_complaints_of_one_peer_are_bounded",
    ),
    row(
        "complaints about many peers",
        LISTENERS,
        "if len(said) > self._most_each or self._lines > self.most:",
        "if len(said) > self._most_each:",
        "test_logs.py::test_complaints_of_many_peers_are_bounded",
    ),
    row(
        "complaints of any length",
        LISTENERS,
        "        reason = reason[:_LONGEST]\n",
        "",
        "test_logs.py::test_complaints_are_cut",
    ),
    row(
        "what was said of whom is remembered for ever",
        LISTENERS,
        "if len(self._said) > _MAX_PEERS:",
        "if False:",
        "test_logs.py::test_complaints_of_many_peers_are_bounded",
    ),
)
