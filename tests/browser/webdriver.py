"""The part of the WebDriver protocol that the tests need, over plain HTTP with chromedriver."""

import base64
import http.client
import json
import os
import tempfile
import time

from causeway_demo.process import Process, free_port, until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the protocol's name of a reference to an element
ANSWER_S = 150
SCRIPT_S = 120  # axe-core looks at everything, beside tests that use all processors
PATIENCE_S = 90
# The page changes while one looks at it: these pass by themselves.
PASSING = ("stale element reference", "element click intercepted", "element not interactable", "no such element")

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK_FOR_BARRIERS = """
    const [rules] = arguments;
    return axe.run(document, {resultTypes: ["violations"], runOnly: rules}).then(({violations}) => violations.map(
      (each) => `${each.id}: ${each.help}: ${each.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 200)} ${node.failureSummary}`).join(" | ")}`));"""


class Failed(Exception):
    """The browser could not do it; `kind` is the protocol's word."""

    def __init__(self, kind, message):
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class Browser:
    """Headless Chromium with one window."""

    def __init__(self, driver, chromium, width=1440, height=900):
        self._folder = tempfile.TemporaryDirectory(prefix="browser-")
        self._port = free_port()
        # Chromium keeps its profile there; nothing of it stays.
        self._process = Process(
            "chromedriver",
            [driver, f"--port={self._port}"],
            os.path.join(self._folder.name, "log"),
            environment={"TMPDIR": self._folder.name},
        )
        self._process.start_and_wait("was started successfully", PATIENCE_S)
        options = [
            "--headless=new",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--lang=en-GB",
            f"--window-size={width},{height}",
        ]
        if os.geteuid() == 0:
            options.append("--no-sandbox")  # its sandbox does not work for root
        self._path = ""
        made = self._ask(
            "POST",
            "/session",
            {
                "capabilities": {
                    "alwaysMatch": {
                        "browserName": "chrome",
                        "goog:chromeOptions": {"args": options, "binary": chromium},
                        "goog:loggingPrefs": {"browser": "ALL"},
                        "timeouts": {"script": SCRIPT_S * 1000},
                    }
                }
            },
        )
        self._path = f"/session/{made['sessionId']}"

    def close(self):
        try:
            self._ask("DELETE", "")
        finally:
            self._process.stop()
            # Chromium's last processes write a moment longer than it runs.
            until(self._is_gone, PATIENCE_S, "the browser's profile to go")

    def _is_gone(self):
        try:
            self._folder.cleanup()
        except OSError:
            return False
        return True

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_S)
        try:
            text = json.dumps(body if body is not None else {}) if method == "POST" else None
            connection.request(method, self._path + path, text, {"Content-Type": "application/json"} if text else {})
            answer = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(answer, dict) and "error" in answer:
            raise Failed(answer["error"], answer.get("message", "").split("\n")[0])
        return answer

    # -- the window

    def open(self, url):
        self._ask("POST", "/url", {"url": url})

    def url(self):
        return self._ask("GET", "/url")

    def run(self, script, *arguments):
        """The value that the script returns; a promise is waited for."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def dark(self, dark):
        self.devtools(
            "Emulation.setEmulatedMedia",
            features=[
                {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ],
        )  # what moves is half transparent for a moment

    def size(self, width, height, mobile=False):
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile
        )

    def screenshot(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(base64.b64decode(self._ask("GET", "/screenshot")))

    def complaints(self):
        """What the console has had since it was asked last, from warnings on."""
        return [
            each["message"]
            for each in self._ask("POST", "/se/log", {"type": "browser"})
            if each["level"] in ("SEVERE", "WARNING")
        ]

    def barriers(self, axe, rules=RULES):
        """What axe-core (its script as text) objects to, in words. Not by a script element: pages forbid those.

        :param rules: names of rules, or of groups of them
        """
        self.run("if (!window.axe) { const code = arguments[0]; (0, eval)(code); }", axe)
        return self.run(LOOK_FOR_BARRIERS, list(rules))

    # -- what is in it

    def all(self, css):
        return [each[ELEMENT] for each in self._ask("POST", "/elements", {"using": "css selector", "value": css})]

    def _one(self, css):
        return self._ask("POST", "/element", {"using": "css selector", "value": css})[ELEMENT]

    def _patiently(self, action):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return action()
            except Failed as why:
                if why.kind not in PASSING or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)

    def click(self, css):
        self._patiently(lambda: self._ask("POST", f"/element/{self._one(css)}/click"))

    def type(self, css, text):
        self._patiently(lambda: self._ask("POST", f"/element/{self._one(css)}/value", {"text": text}))

    def press(self, keys):
        """Keys for whatever has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def choose(self, css, value):
        """An option of a select, as a person: the browser fires its events."""
        self.click(f"{css} option[value='{value}']")

    def text(self, css):
        """What one sees of the first such element; empty where there is none."""
        try:
            return self._ask("GET", f"/element/{self._one(css)}/text")
        except Failed as why:
            if why.kind not in PASSING:
                raise
            return ""

    def wait_text(self, css, text, seconds=PATIENCE_S):
        """Until one sees `text` in the element."""
        until(lambda: text in self.text(css), seconds, lambda: f"'{text}' in {css}, which has '{self.text(css)}'", 0.05)

    def wait_gone(self, css, text, seconds=PATIENCE_S):
        until(
            lambda: text not in self.text(css),
            seconds,
            lambda: f"'{text}' to go from {css}, which has '{self.text(css)}'",
            0.05,
        )
