"""The inspector's page in real Chromium. Screenshots are left in build/results/inspector."""

import os
import unittest

import browser
from causeway_demo.process import until
from pretend_node import PretendNode
from webdriver import Browser

SCREENSHOTS = os.path.join(browser.ROOT, "build", "results", "inspector")
ENTER, ESCAPE, TAB, DOWN, RIGHT, END = "\ue007", "\ue00c", "\ue004", "\ue015", "\ue014", "\ue010"
PATIENCE_S = 90


class BrowserCase(unittest.TestCase):
    """One browser for the class; the node is the class's own matter."""

    @classmethod
    def setUpClass(cls):
        driver, chromium = browser.chromium()
        cls.axe = browser.axe()
        cls.browser = Browser(driver, chromium)
        cls.addClassCleanup(cls.browser.close)

    def run(self, result=None):
        """A case that failed leaves a picture of what there was to see."""
        before = result and len(result.failures) + len(result.errors)
        done = super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            self.shot("failed_" + self._testMethodName)
        return done

    def look(self, width=1440, height=900, dark=False, mobile=False):
        self.browser.size(width, height, mobile)
        self.browser.dark(dark)

    def until(self, condition, what):
        return until(condition, PATIENCE_S, what, 0.05)

    def until_script(self, script, what):
        return self.until(lambda: self.browser.run("return " + script), what)

    def focused(self):
        return self.browser.run("const at = document.activeElement; return at.id || at.textContent.trim()")

    def confirm(self, reason):
        self.browser.wait_text("dialog", "Reason")
        self.browser.type("#reason", reason)
        self.browser.click("dialog button[type=submit]")

    def press_verb(self, label):
        script = (
            "const found = [...document.querySelectorAll('.detail-head button')].find((each) => each.textContent.trim()"
            " === arguments[0]); found?.focus(); found?.click(); return Boolean(found);"
        )
        self.until(lambda: self.browser.run(script, label), f"the button {label}")

    def shot(self, name):
        self.browser.screenshot(os.path.join(SCREENSHOTS, name + ".png"))

    def accessible(self, what):
        """axe-core finds nothing to object to; in the dark nothing but colours is different."""
        self.assertEqual(self.browser.barriers(self.axe), [], what)
        self.browser.dark(True)
        self.assertEqual(self.browser.barriers(self.axe, ["color-contrast"]), [], what + ", dark")
        self.browser.dark(False)


class PretendCase(BrowserCase):
    """With a node that has whatever a case needs."""

    node_options = {}

    def setUp(self):
        self.node = PretendNode(**self.node_options)
        self.addCleanup(self.node.close)
        self.look()
        self.browser.complaints()  # about the node of the case before
        self.addCleanup(self.quiet)

    def quiet(self):
        """The console of the browser had nothing to complain about."""
        broken = ("ERR_INCOMPLETE_CHUNKED", "ERR_CONNECTION", "status of 4")  # what the cases break themselves
        self.assertEqual([each for each in self.browser.complaints() if not any(word in each for word in broken)], [])

    def open(self, view="", **words):
        self.browser.open("about:blank")
        self.browser.open(f"{self.node.url}#/{view}")
        self.browser.wait_text("#connection", words.get("state", "Live"))
