"""A causewayd of our own: configuration, start, readiness, end."""

import json
import os
import shutil

from .process import Process, free_port

FEDERATION_PORT = 8448  # of a server name without a port


def find_binary(name):
    """Path of a program of this project: $CAUSEWAY_BIN, beside the installed demo, in a build folder, or in PATH.

    :raises FileNotFoundError: with the places that were looked at.
    """
    here = os.path.dirname(os.path.abspath(__file__))
    folders = [os.environ["CAUSEWAY_BIN"]] if os.environ.get("CAUSEWAY_BIN") else []
    source = os.path.normpath(os.path.join(here, "..", "..", ".."))
    folders += [os.path.join(source, "build", preset, "bin") for preset in ("release", "dev")]
    folders += [os.path.normpath(os.path.join(here, *up, "bin")) for up in ([".."] * 3, [".."] * 4)]
    for folder in folders:
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    found = shutil.which(name)
    if found:
        return found
    raise FileNotFoundError(f"no {name} in {', '.join(folders)} or PATH; tools/build release makes it")


class Broker:
    """One node on loopback with everything in `directory`.

    :param settings: further configuration, {"table": {"key": value}}; wins over the defaults below.
    :param port: federation port; the server name is `localhost:<public_port>`.
    :param public_port: where others reach it when something stands in front; default: `port`.
    :param address: a loopback address that is the server name, for peers that know no names with a port; the port is Matrix's own then.
    """

    def __init__(self, name, directory, authority, binary=None, port=None, public_port=None, settings=None, address=None):
        os.makedirs(directory, mode=0o700, exist_ok=True)
        self.name = name
        self.directory = directory
        self.port = port or (FEDERATION_PORT if address else free_port())
        self.server_name = address or f"localhost:{public_port or self.port}"
        certificate, private_key = authority.issue(address) if address else (authority.certificate_file, authority.private_key_file)
        self.chat_endpoint = f"ipc://{directory}/chat.sock"
        self.admin_endpoint = f"ipc://{directory}/admin.sock"
        self.binary = binary or find_binary("causewayd")
        self.config_file = os.path.join(directory, "causeway.toml")
        data = os.path.join(directory, "data")
        os.makedirs(data, mode=0o700, exist_ok=True)
        configuration = {
            "node": {"server_name": self.server_name, "data_dir": data},
            "edge": {"chat_endpoints": [self.chat_endpoint], "admin_endpoint": self.admin_endpoint},
            "gateway": {
                "listen": [f"{address or '127.0.0.1'}:{self.port}"],
                "certificate_file": certificate,
                "private_key_file": private_key,
                "ca_file": authority.ca_file,
                # Loopback is refused by default: a homeserver must not be led to inside addresses.
                "allowed_networks": ["127.0.0.0/8", "::1/128"],
            },
            # A peer of the same machine that was restarted is found again within a second.
            "federation": {"retry_delay_ms_min": 200, "retry_delay_ms_max": 1000},
            "invitation": {"retry_delay_ms_min": 200, "retry_delay_ms_max": 1000},
            "room": {"inbox_retry_ms": 1000},
            "store": {"path": os.path.join(data, "store.db")},
            "log": {"format": "text"},
        }
        for table, values in (settings or {}).items():
            configuration.setdefault(table, {}).update(values)
        with open(self.config_file, "w", encoding="utf8") as out:
            out.write(to_toml(configuration))
        self.process = Process(name, [self.binary, "--config", self.config_file],
                               os.path.join(directory, "causewayd.log"))

    def start(self, seconds=180):
        """Returns when the readiness line was printed."""
        self.process.start_and_wait("causeway ready", seconds)
        return self

    def stop(self):
        return self.process.stop()

    def kill(self):
        self.process.kill()


def to_toml(tables):
    """{"table": {"key": string, number, boolean or list of these}} as TOML."""
    lines = []
    for table, values in tables.items():
        lines.append(f"[{table}]")
        # A JSON string, number, boolean or list of them is TOML as well.
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        lines.append("")
    return "\n".join(lines)
