"""Who may look at the demo and who may do something in it.

The server is on loopback, where every page that this machine's browsers have open can reach it too. So: a request for
another host is refused (a name that was made to lead here, DNS rebinding); who looks has a cookie, which they get by
the address that the demo prints; who does something has besides the token that stands in the page, which no other page
can read, and comes from no other page (Origin)."""

import hmac
import http.cookies
import secrets

TOKEN_HEADER = "X-Causeway-Token"


class Access:
    """:param port: that the server listens on, at 127.0.0.1"""

    def __init__(self, port):
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._cookie = f"causeway_demo_{port}"  # cookies know no ports
        self.session = secrets.token_urlsafe(24)
        self.token = secrets.token_urlsafe(24)

    def is_for_us(self, headers):
        """The request names this server, once."""
        return len(headers.get_all("Host", [])) == 1 and headers["Host"].lower() in self._hosts

    def may_look(self, headers):
        try:
            found = http.cookies.SimpleCookie(headers.get("Cookie", "")).get(self._cookie)
        except http.cookies.CookieError:
            return False
        return found is not None and _same(found.value, self.session)

    def may_do(self, headers):
        origin = headers.get("Origin")
        own = origin is None or origin.lower().removeprefix("http://") in self._hosts
        return own and self.may_look(headers) and _same(headers.get(TOKEN_HEADER, ""), self.token)

    def is_session(self, word):
        return _same(word, self.session)

    def cookie(self):
        """Value of Set-Cookie."""
        return f"{self._cookie}={self.session}; Path=/; HttpOnly; SameSite=Strict"


def _same(given, right):
    return hmac.compare_digest(given.encode("utf8", "replace"), right.encode())
