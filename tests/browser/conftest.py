"""A browser and a page for all tests of a module: see played_site.py for what is behind it."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

pytest.register_assert_rewrite("peers.fixtures")

from pages import PATIENCE, Browse, Complaints, Site  # noqa: E402
from peers.fixtures import *  # noqa: E402, F403


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser without a window; skips when there is none here."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("chromium is not installed")
    offline = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    arguments = ["--disable-gpu", "--disable-quic", "--no-first-run", *offline]
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, headless=True, chromium_sandbox=False, args=arguments
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Site]:
    # After the browser, which is what may be missing here.
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.end()


@pytest.fixture
def site(shared_site: Site) -> Site:
    """The module's site, empty again."""
    if shared_site.process.poll() is not None:
        shared_site.again("first")
    shared_site.run("play.clear(); play.epoch = 'first'; play.problem = ''")
    return shared_site


@pytest.fixture
def context(chromium: Any) -> Iterator[Any]:
    """A browser's profile; the test fails when a page in it complains."""
    made = chromium.new_context(viewport={"width": 1280, "height": 900}, timezone_id="UTC")
    made.set_default_timeout(PATIENCE * 1000)
    made.complaints = Complaints()
    made.on("page", made.complaints.watch)
    yield made
    made.close()
    assert made.complaints == []


@pytest.fixture
def browse(context: Any) -> Browse:
    """Opens a view and waits until it is live."""

    def browse(url: str, view: str = "overview") -> Any:
        tab = context.new_page()
        tab.goto(f"{url}#/{view}")
        tab.wait_for_selector("body[data-state=live]")
        tab.wait_for_selector("main section")
        return tab

    return browse
