"""ejabberd with its Matrix gateway, in the root that tests/interop/ejabberd/run has made."""

import base64
import hashlib
import os
import shutil
import subprocess

from causeway_demo.broker import FEDERATION_PORT
from causeway_demo.process import Process, free_port, until

ROOT = os.environ.get("EJABBERD_ROOT", "")


class Ejabberd:
    """One server whose name, in both worlds, is a loopback address. It is the only one of its root: the package's own configuration, which listens
    everywhere, is replaced before anything is started."""

    def __init__(self, authority, address):
        self.server_name = address
        self.client_port = free_port()
        certificate, private_key = authority.issue(address)
        with open(ROOT + "/etc/ejabberd/server.pem", "wb") as out:
            for part in (certificate, private_key):
                with open(part, "rb") as text:
                    out.write(text.read())
        shutil.copy(authority.ca_file, ROOT + "/usr/local/share/ca-certificates/causeway-test.crt")
        self._in_root("update-ca-certificates")
        key = base64.b64encode(hashlib.sha256(address.encode()).digest()).decode().rstrip("=")
        self._write("ejabberd.yml", f"""
hosts: ["{address}"]
loglevel: debug
certfiles: ["/etc/ejabberd/server.pem"]
auth_method: internal
listen:
  - {{port: {self.client_port}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: false, access: all}}
  - {{port: {FEDERATION_PORT}, ip: "{address}", module: ejabberd_http, tls: true, request_handlers: {{"/_matrix": mod_matrix_gw}}}}
modules:
  mod_disco: {{}}
  mod_matrix_gw: {{host: "matrix.{address}", key_name: "test", key: "{key}"}}
""")
        # No port mapper, and the node itself on loopback.
        self._write("ejabberdctl.cfg", f"ERLANG_NODE=ejabberd@localhost\nINET_DIST_INTERFACE=127.0.0.1\nERL_DIST_PORT={free_port()}\n")
        self._in_root("sh", "-c", "rm -rf /var/lib/ejabberd/* /var/log/ejabberd/*; chown -R ejabberd /etc/ejabberd")  # its command drops root
        self.process = Process("ejabberd", ["chroot", ROOT, "ejabberdctl", "foreground"], os.path.join(ROOT, "console.log"))

    @staticmethod
    def _write(name, text):
        with open(f"{ROOT}/etc/ejabberd/{name}", "w", encoding="utf8") as out:
            out.write(text)

    @staticmethod
    def _in_root(*command):
        subprocess.run(["chroot", ROOT, *command], check=True, capture_output=True)

    @staticmethod
    def control(*words):
        """(exit code, output) of the server's own command."""
        done = subprocess.run(["chroot", ROOT, "ejabberdctl", *words], capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def start(self):
        subprocess.run(["mount", "-t", "proc", "proc", ROOT + "/proc"], check=True)
        self.process.start()
        until(lambda: not self.process.is_running() or self.control("status")[0] == 0, 120, lambda: "ejabberd to start:\n" + self.process.tail(), 1)
        if not self.process.is_running():
            raise RuntimeError("ejabberd ended at its start:\n" + self.process.tail())
        return self

    def stop(self):
        self.control("stop")
        self.process.stop()
        subprocess.run(["umount", ROOT + "/proc"], check=False)

    def register(self, user, password):
        code, said = self.control("register", user, self.server_name, password)
        if code != 0:
            raise RuntimeError(said)

    @staticmethod
    def log():
        with open(ROOT + "/var/log/ejabberd/ejabberd.log", encoding="utf8", errors="replace") as text:
            return text.read()
