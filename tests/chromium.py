"""A headless Chromium for tests, which are skipped if it is not installed."""

import base64
import io
import shutil
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="no Chromium here; install the packages chromium and chromium-driver",
)

_ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--disable-dev-shm-usage"),
)


@contextmanager
def chromium(profile):
    """A `Page` in a browser with a new profile."""
    from selenium import webdriver  # noqa: PLC0415 - only where there is a browser
    from selenium.webdriver.chrome.service import Service  # noqa: PLC0415 - the same

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}", "--window-size=1300,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # selenium leaves a socket to its driver
        browser = webdriver.Chrome(options=options, service=Service(DRIVER))
        try:
            yield Page(browser)
        finally:
            browser.quit()


class Page:
    """A preview page in the browser."""

    def __init__(self, browser):
        self.browser = browser

    def open(self, path):
        """Load a page, with an empty console."""
        self.console()
        self.browser.get(path.as_uri())

    def console(self):
        return [entry["message"] for entry in self.browser.get_log("browser")]

    def find(self, selector):
        return self.browser.find_element("css selector", selector)

    def all(self, selector):
        return self.browser.find_elements("css selector", selector)

    @property
    def where(self):
        return self.find("#where").text.partition(" ·")[0]

    @property
    def address(self):
        """The state of the page in the URL."""
        return self.browser.execute_script("return location.hash")

    def controls(self):
        """Role and name of each control, as screen readers get them, in the order of the page."""
        tree = self.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        nodes = {node["nodeId"]: node for node in tree}
        found, waiting = [], [tree[0]]
        while waiting:
            node = waiting.pop()
            waiting.extend(nodes[child] for child in reversed(node["childIds"]) if child in nodes)
            properties = {each["name"] for each in node.get("properties", [])}
            role, name = (node.get(part, {}).get("value") for part in ("role", "name"))
            if "focusable" in properties and role not in {"RootWebArea", "option"}:
                found.append((role, name))
        return found

    def press(self, *keys):
        self.find("body").send_keys(*keys)

    def select(self, selector, text):
        from selenium.webdriver.support.ui import Select  # noqa: PLC0415 - only where there is a browser

        Select(self.find(selector)).select_by_visible_text(text)

    def click_middle(self, element):
        from selenium.webdriver.common.action_chains import ActionChains  # noqa: PLC0415 - the same

        ActionChains(self.browser).move_to_element(element).click().perform()

    def wait(self, condition):
        from selenium.webdriver.support.ui import WebDriverWait  # noqa: PLC0415 - the same

        return WebDriverWait(self.browser, 60).until(lambda _: condition())

    def picture(self):
        """(H, W, 3) int: the frame that is asked for, with its labels, once it is there."""
        script = """const canvas = document.getElementById("canvas");
            return [canvas.dataset.frame, canvas.toDataURL("image/png")]"""

        def drawn():
            frame, data = self.browser.execute_script(script)
            return data if f"frame {frame}" == self.where else None

        return _pixels(base64.b64decode(self.wait(drawn).partition(",")[2]))

    def screenshot(self):
        """(H, W, 3) int."""
        return _pixels(self.browser.get_screenshot_as_png())


def _pixels(png):
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB")).astype(int)
