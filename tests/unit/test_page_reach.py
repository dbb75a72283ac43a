"""Who may be shown the page from where."""

import logging
from pathlib import Path

import pytest

from gsched.httpd.access import accounts
from gsched.httpd.access.accounts import Account, Accounts
from gsched.net.transport.mistakes import Mistake
from gsched.options.table import read
from gsched.running import page

SOME = Accounts([Account("ada", "admin", accounts.new_token()[1])])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_this_host_may_see_it_without_accounts(host: str) -> None:
    page._check_reach(host, None, secure=False)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "10.0.0.1", "sched.example.org"])
@pytest.mark.parametrize("secure", [True, False])
def test_others_take_accounts(host: str, secure: bool, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Mistake, match="takes accounts; make one by: gsched passwd"):
        page._check_reach(host, None, secure)
    caplog.set_level(logging.WARNING, "gsched")
    page._check_reach(host, SOME, secure)
    assert bool(caplog.messages) is not secure


def test_a_file_of_accounts_that_was_named_has_to_be_there(tmp_path: Path) -> None:
    missing = read(["--http_accounts", str(tmp_path / "none")], {"HOME": str(tmp_path)})
    with pytest.raises(Mistake, match="no such file; gsched passwd makes it"):
        page.accounts_of(missing)
    usual = read(["--dest_path_prefix", str(tmp_path)], {"HOME": str(tmp_path)})
    assert page.accounts_of(usual) is None
    (tmp_path / accounts.FILE).write_text("ada\n")
    with pytest.raises(Mistake, match="line 1"):
        page.accounts_of(usual)
