"""The samples for reverse proxies say the same: what other servers are told, where it is handed on to, and what the broker behind is
configured for."""

import json
import os
import re
import tomllib
import unittest

PROXY = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "config", "proxy")


def text(name):
    with open(os.path.join(PROXY, name), encoding="utf8") as source:
        return source.read()


class ProxySamples(unittest.TestCase):
    def setUp(self):
        self.broker = tomllib.loads(re.search(r"```toml\n(.*?)```", text("README.md"), re.S)[1])
        self.told = {"m.server": self.broker["gateway"]["well_known_server"]}

    def test_other_servers_are_told_the_same_by_each_as_the_broker_says_of_itself(self):
        self.assertEqual(json.loads(text("matrix-server.json")), self.told)
        self.assertEqual(json.loads(re.search(r"return 200 '(.*)';", text("nginx.conf"))[1]), self.told)
        self.assertEqual(json.loads(re.search(r"respond /\.well-known/matrix/server `(.*)`", text("Caddyfile"))[1]), self.told)

    def test_each_serves_it_as_json_under_the_name_of_the_server(self):
        name = self.broker["node"]["server_name"]
        server = text("nginx.conf").split("\nserver {")[1]
        self.assertIn(f"server_name {name};", server)
        self.assertIn("location = /.well-known/matrix/server {", server)
        self.assertIn("default_type application/json;", server)
        site = text("Caddyfile").split(f"\n{name} {{")[1].split("\n}")[0]
        self.assertIn("header /.well-known/matrix/server Content-Type application/json", site)

    def test_each_hands_on_to_where_the_broker_listens(self):
        (listen,) = self.broker["gateway"]["listen"]
        self.assertIn(f"proxy_pass http://{listen};", text("nginx.conf"))
        self.assertIn(f"reverse_proxy /_matrix/* {listen} {{", text("Caddyfile"))
        self.assertTrue(self.broker["gateway"]["plain_http"])

    def test_the_page_names_every_sample(self):
        for name in os.listdir(PROXY):
            if name != "README.md":
                self.assertIn(f"`{name}`", text("README.md"))


if __name__ == "__main__":
    unittest.main()
