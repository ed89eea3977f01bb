"""The page as a person uses it: in Chromium, without a window."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mmcv
import pytest

webdriver = pytest.importorskip('selenium.webdriver', reason='needs selenium')
from selenium.common.exceptions import WebDriverException  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402
from urllib3.exceptions import HTTPError  # noqa: E402  (of selenium's own requests)

CHROMIUM, DRIVER = shutil.which('chromium'), shutil.which('chromedriver')
PATIENCE = 120  # seconds; a machine may have other work

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason='needs Chromium: apt-get install chromium chromium-driver',
)


class Page:
    """What a person sees and does.

    Args:
        driver: The browser.
        downloads: Where it puts files.
    """

    def __init__(self, driver: Any, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        """Wait until ``condition`` holds; return what it returns."""
        waiting = WebDriverWait(self.driver, PATIENCE, poll_frequency=0.1)
        return waiting.until(lambda _: condition(), f'{what} did not happen')

    def find(self, selector: str) -> Any:
        """Return the only element of a CSS selector."""
        (element,) = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return element

    def drop(self, *paths: Path) -> None:
        """Choose files in the drop area."""
        selector = '#files input[type=file]'
        exists = lambda: self.driver.find_elements(By.CSS_SELECTOR, selector)  # noqa: E731
        self.wait(exists, 'the drop area')
        self.find(selector).send_keys('\n'.join(map(str, paths)))

    def texts(self, selector: str) -> list[str]:
        """Return the texts of elements, all read at one moment."""
        script = 'return [...document.querySelectorAll(arguments[0])]'
        return self.driver.execute_script(f'{script}.map(e => e.textContent)', selector)

    def labels(self) -> list[str]:
        """Return the names of the labels shown, in order."""
        return self.texts('#labels .name')

    def set_threshold(self, value: float) -> list[str]:
        """Type a threshold; return the labels that there are then."""
        number = self.find('#threshold input[type=number]')
        number.send_keys(Keys.CONTROL, 'a')
        number.send_keys(str(value), Keys.TAB)
        self.wait(lambda: f'reach {value:.2f}' in self.text(), f'labels at {value}')
        return self.labels()

    def text(self) -> str:
        """Return all that stands about the picture chosen."""
        return ''.join(self.texts('#labels'))

    def picture_source(self) -> str | None:
        """Return the address of the annotated picture, once it is there."""
        images = self.driver.find_elements(By.CSS_SELECTOR, '#picture img')
        ready = images and images[0].get_property('naturalWidth') > 0
        return images[0].get_property('src') if ready else None

    def addresses(self) -> set[str]:
        """Return what pages have asked for since the last call."""
        messages = [
            json.loads(entry['message'])['message']
            for entry in self.driver.get_log('performance')
        ]
        return {
            message['params']['request']['url']
            for message in messages
            if message['method'] == 'Network.requestWillBeSent'
        }


def start_browser(profile: Path, downloads: Path) -> Any:
    """Start Chromium and return it, once it shows a page."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (
        *('headless', 'no-sandbox', 'disable-gpu', 'disable-quic', 'no-first-run'),
        *('disable-background-networking', 'disable-component-update'),
        *('disable-sync', 'disable-dev-shm-usage', 'window-size=1400,900'),
        f'user-data-dir={profile}',
    ):
        options.add_argument(f'--{flag}')
    options.add_experimental_option(
        'prefs', {'download.default_directory': str(downloads)}
    )
    options.set_capability('goog:loggingPrefs', {'performance': 'ALL'})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    try:
        driver.get('about:blank')
    except BaseException:
        driver.quit()
        raise
    return driver


@pytest.fixture
def page(server: Any, tmp_path: Path) -> Iterator[Page]:
    """Open the page in a fresh browser."""
    downloads = tmp_path / 'downloads'
    try:
        driver = start_browser(tmp_path / 'profile', downloads)
    except (WebDriverException, HTTPError):
        # On a busy machine it hung before; whether it starts is not what is tested.
        driver = start_browser(tmp_path / 'second_profile', downloads)
    try:
        page = Page(driver, downloads)
        page.addresses()  # those of the browser's own first page
        driver.get(server.url)
        yield page
    finally:
        driver.quit()


def test_a_visit(page: Page, server: Any, scene: Callable[..., Path]) -> None:
    hostile = '${1+1} {{name}} <img src=x>.png'
    pictures = [scene('first.png'), scene(hostile, seed=1)]
    page.drop(*pictures)
    page.wait(lambda: 'first.png' in page.text(), 'labels')
    before = page.wait(page.picture_source, 'the picture')

    many = page.set_threshold(0.05)
    page.wait(lambda: page.picture_source() not in (before, None), 'more boxes')
    few = page.set_threshold(0.7)
    assert set(few) < set(many)

    page.find('#download a').click()
    saved = page.downloads / 'labels.json'
    page.wait(saved.is_file, 'the download')
    predictions = json.loads(saved.read_text())['predictions']
    assert [each['image'] for each in predictions] == ['first.png', hostile]
    assert [label['label'] for label in predictions[0]['labels']] == few

    page.driver.find_elements(By.CSS_SELECTOR, '#gallery button')[1].click()
    page.wait(lambda: hostile in page.text(), 'the second picture')
    assert not page.driver.find_elements(By.CSS_SELECTOR, '#labels img')

    screenshot = page.driver.get_screenshot_as_png()
    assert mmcv.imfrombytes(screenshot).std() > 20
    outside = {a for a in page.addresses() if not a.startswith((server.url, 'data:'))}
    assert outside == set()
