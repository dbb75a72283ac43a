"""The page and its interface for programs: who may ask, and from where."""

from naive.row import row

GUARD, ROLES, LOGIN, ACCOUNTS, SESSIONS, THROTTLE = (
    f"httpd/access/{name}.py"
    for name in ("guard", "roles", "login", "accounts", "sessions", "throttle")
)
APP, SERVER, UNIX, ASSETS = (f"httpd/{name}.py" for name in ("app", "server", "unix", "assets"))
PAST, OPERATION = "httpd/api/past/download.py", "httpd/api/operation.py"

PAGE = (
    # -- which requests ----------------------------------------------------------------------------
    row(
        "a name of somebody else that leads to us (DNS rebinding)",
        APP,
        "if reason := guard.refusal(environ, self._hosts):",
        "if reason := '':",
        "test_httpd_app.py::test_foreign_names_are_refused[/api/v1/status-evil.example]",
    ),
    row(
        "any address in the Host header",
        GUARD,
        'return mapped.is_loopback or name == arrival.removeprefix("::ffff:")',
        "return True",
        "test_httpd_app.py::test_foreign_names_are_refused[/api/v1/status-10.0.0.5]",
        "test_httpd_app.py::test_the_address_a_connection_came_in_at_is_ours",
    ),
    row(
        "a Host header that only begins, or ends, like ours",
        GUARD,
        "if name in names or",
        "if any(name.startswith(x) or name.endswith(x) for x in names) or",
        "test_httpd_app.py::test_foreign_names_are_refused[/api/v1/status-localhost.evil.example]",
    ),
    row(
        "a Host header with more than a name",
        GUARD,
        'return (parts.hostname or "").rstrip(".").lower() if plain else ""',
        'return (parts.hostname or "").rstrip(".").lower()',
        "test_httpd_app.py::test_foreign_names_are_refused[/api/v1/status-evil@localhost]",
    ),
    row(
        "another site gives orders by its visitors' browsers",
        APP,
        "if reason := guard.foreign(environ, self._origins):",
        "if reason := '':",
        "test_httpd_access.py::test_a_foreign_request_changes_nothing",
    ),
    row(
        "browsers that say no Sec-Fetch-Site",
        GUARD,
        "ours = origin is None or origin == own",
        "ours = True",
        "test_httpd_access.py::test_only_this_page_and_programs_change_things",
        "test_httpd_access.py::test_a_foreign_request_changes_nothing",
    ),
    row(
        "another page of the same site",
        GUARD,
        'ours = site in ("same-origin", "none")',
        'ours = site in ("same-origin", "same-site", "none")',
        "test_httpd_access.py::test_only_this_page_and_programs_change_things",
    ),
    row(
        "methods that nobody has thought of",
        GUARD,
        'if environ.get("REQUEST_METHOD") in SAFE:\n        return None\n    origin, site',
        'if environ.get("REQUEST_METHOD") not in ("POST", "DELETE"):\n'
        "        return None\n    origin, site",
        "test_httpd_access.py::test_only_this_page_and_programs_change_things",
    ),
    row(
        "what forms can send",
        ROLES,
        "if reason := guard.not_json(environ):",
        "if reason := '':",
        "test_httpd_access.py::test_what_forms_can_send_changes_nothing",
    ),
    row(
        "orders with nothing but a cookie",
        ROLES,
        'if hold and hold.by_cookie and environ.get(HEADER) != "1":',
        "if False:",
        "test_httpd_login.py::test_a_browser_signs_in_and_out",
    ),
    row(
        "fields of a body that nobody knows",
        OPERATION,
        "        if name not in known:\n",
        "        if False:\n",
        "test_httpd_acting.py::test_mistakes_name_the_field",
    ),
    row(
        "reasons with ends of lines, or that turn the direction of writing",
        OPERATION,
        "len(value) <= LONGEST and bool(_LINE.fullmatch(value))",
        "len(value) <= LONGEST",
        "test_httpd_acting.py::test_mistakes_name_the_field",
    ),
    # -- who asks ----------------------------------------------------------------------------------
    row(
        "strangers",
        ROLES,
        "if role != ANYBODY:",
        "if False:",
        "test_httpd_access.py::test_a_route_runs_for_its_role_and_those_above_it",
    ),
    row(
        "viewers give orders",
        ROLES,
        "    if not who.may(role):\n",
        "    if False:\n",
        "test_httpd_access.py::test_a_route_runs_for_its_role_and_those_above_it",
    ),
    row(
        "a route that names no role takes none",
        ROLES,
        '(VIEWER if route.method == "GET" else "")',
        "ANYBODY",
        "test_httpd_access.py::test_a_page_with_a_route_that_lacks_its_role_does_not_start",
        "test_httpd_access.py::test_what_only_reads_takes_a_viewer_unless_it_says_otherwise",
    ),
    row(
        "--http_read_only",
        APP,
        "if self._read_only and not local and not guard.reads(environ):",
        "if False:",
        "test_httpd_login.py::test_a_page_that_only_reads",
    ),
    row(
        "other users of this host",
        ROLES,
        'Actor(local_name(uid), ADMIN, "unix") if uid in (0, os.geteuid()) else None',
        'Actor(local_name(uid), ADMIN, "unix")',
        "test_httpd_unix.py::test_root_and_our_own_user_may_all_and_others_nothing",
    ),
    row(
        "other users connect to our socket",
        UNIX,
        "        os.chmod(path, 0o600)  # for systems that do not look at the former\n",
        "        os.chmod(path, 0o666)\n",
        "test_httpd_unix.py::test_a_socket_is_its_owners_and_says_who_has_connected",
    ),
    row(
        "a page for other hosts, without accounts",
        "running/page.py",
        "    if accounts is None:\n        raise Mistake(",
        "    if False:\n        raise Mistake(",
        "test_page_reach.py::test_others_take_accounts",
    ),
    # -- signing in --------------------------------------------------------------------------------
    row(
        "guesses as fast as they come",
        LOGIN,
        "        self._wait(address)\n",
        "",
        "test_httpd_login.py::test_guesses_are_slowed_down_and_nobody_is_locked_out",
    ),
    row(
        "guesses from many addresses",
        THROTTLE,
        ", of_all - ALL_AT_ONCE * ALL_PAUSE + ALL_PAUSE) - now",
        ", now) - now",
        "test_httpd_login.py::test_who_would_wait_too_long_is_asked_to_come_back",
    ),
    row(
        "all addresses of a network of IPv6",
        THROTTLE,
        "ipaddress.ip_network((int(found) >> 64 << 64, 64)).network_address",
        "found",
        "test_httpd_login.py::test_a_network_of_ipv6_is_one",
    ),
    row(
        "guesses wait, each with a greenlet",
        THROTTLE,
        "if wait > LONGEST_WAIT:",
        "if False:",
        "test_httpd_login.py::test_who_would_wait_too_long_is_asked_to_come_back",
    ),
    row(
        "all addresses that ever guessed",
        THROTTLE,
        "        return _REST if full else network",
        "        return network",
        "test_httpd_login.py::test_not_all_who_guess_are_remembered",
    ),
    row(
        "names that nobody has are refused faster",
        ACCOUNTS,
        "        secret = account.secret if account else _NOBODYS\n",
        "        if account is None:\n            return None\n        secret = account.secret\n",
        "test_httpd_login.py::test_wrong_ones_stay_out_and_cost_the_same",
    ),
    row(
        "any password",
        ACCOUNTS,
        "return account if proves(password, secret) and account else None",
        "return account",
        "test_httpd_login.py::test_wrong_ones_stay_out_and_cost_the_same",
    ),
    row(
        "hashes are compared up to where they differ",
        ACCOUNTS,
        "return hmac.compare_digest(_scrypt(password, salt, n, r, p), wanted)",
        "return _scrypt(password, salt, n, r, p) == wanted",
        "test_threats.py::test_secrets_are_compared_in_constant_time",
    ),
    row(
        "one salt for all passwords",
        ACCOUNTS,
        "salt = os.urandom(SALT)",
        "salt = bytes(SALT)",
        "test_httpd_login.py::test_equal_passwords_do_not_look_alike",
    ),
    row(
        "hashes of passwords that take us hours",
        ACCOUNTS,
        "if n < 2 or n & (n - 1) or not r or not p or n * r * p > _MOST_WORK:",
        "if n < 2:",
        "test_httpd_login.py::test_what_is_malformed_is_named_by_its_line",
    ),
    row(
        "scripts read the cookie",
        LOGIN,
        "            httponly=True,\n",
        "",
        "test_httpd_login.py::test_a_browser_signs_in_and_out",
    ),
    row(
        "other sites send the cookie along",
        LOGIN,
        '            samesite="strict",\n',
        "",
        "test_httpd_login.py::test_a_browser_signs_in_and_out",
    ),
    row(
        "the cookie goes in clear",
        LOGIN,
        "            secure=self._secure,\n",
        "",
        "test_httpd_login.py::test_by_https_the_cookie_stays_there",
    ),
    row(
        "another host of the domain sets the cookie",
        LOGIN,
        'return f"__Host-{name}" if self._secure else name',
        "return name",
        "test_httpd_login.py::test_by_https_the_cookie_stays_there",
    ),
    row(
        "sessions for ever",
        SESSIONS,
        "now - session.seen > IDLE or now - session.begun > LONGEST",
        "False",
        "test_httpd_login.py::test_sessions_end_by_themselves",
    ),
    row(
        "sessions without number",
        SESSIONS,
        "        self._end_oldest(own, MOST_OF_ONE)\n",
        "",
        "test_httpd_login.py::test_sessions_end_by_themselves",
    ),
    row(
        "who is gone from the file stays signed in",
        LOGIN,
        "        self._sessions.sweep(accounts.holds)\n",
        "",
        "test_httpd_login.py::test_who_is_another_one_has_to_sign_in_again",
    ),
    row(
        "who has signed out reads on",
        SESSIONS,
        "        for ending in endings:\n            ending()\n",
        "",
        "test_httpd_login.py::test_signing_out_ends_the_streams",
        hangs=True,
    ),
    row(
        "whose token is gone reads on",
        ROLES,
        "            if not self._hold.lives():\n",
        "            if False:\n",
        "test_httpd_login.py::test_a_stream_ends_when_its_reader_may_not_read_on",
    ),
    # -- what the browser runs ---------------------------------------------------------------------
    row(
        "scripts and styles from anywhere",
        GUARD,
        "        \"default-src 'none'\",\n",
        "",
        "test_httpd_app.py::test_every_answer_is_protected",
    ),
    row(
        "a page within a page of somebody else",
        GUARD,
        "        \"frame-ancestors 'none'\",\n",
        "",
        "test_httpd_app.py::test_every_answer_is_protected",
    ),
    row(
        "texts become markup",
        GUARD,
        "        \"require-trusted-types-for 'script'\",\n",
        "",
        "test_httpd_app.py::test_every_answer_is_protected",
    ),
    row(
        "refusals without the headers that protect",
        APP,
        "return start_response(status, _protected(headers, environ), exc_info)",
        "return start_response(status, headers, exc_info)",
        "test_httpd_app.py::test_every_answer_is_protected",
    ),
    row(
        "names of jobs are formulas of a spreadsheet",
        PAST,
        """f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value""",
        "value",
        "test_httpd_past.py::test_a_spreadsheet_works_nothing_out",
    ),
    row(
        "paths that lead out of the page's files",
        APP,
        "        asset = self._files.get(name)\n",
        "        asset = self._files.get(name)\n"
        "        if asset is None:\n"
        "            path = assets._root() / name\n"
        "            if path.is_file():\n"
        "                asset = assets.asset(name, path.read_bytes(), 'text/plain')\n",
        "test_httpd_app.py::test_no_path_leads_out_of_the_pages_files",
    ),
)
