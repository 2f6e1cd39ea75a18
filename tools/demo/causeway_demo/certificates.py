"""A throw-away certificate authority for loopback, made with the openssl command. Verification stays on everywhere."""

import os
import subprocess

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Authority:
    """An own CA in `directory` and one server certificate for localhost, 127.0.0.1 and ::1.

    Attributes are paths: `ca_file`, `certificate_file`, `private_key_file`. Existing files are used again.
    """

    def __init__(self, directory):
        os.makedirs(directory, exist_ok=True)
        self.ca_file = os.path.join(directory, "ca.crt")
        self.certificate_file = os.path.join(directory, "localhost.crt")
        self.private_key_file = os.path.join(directory, "localhost.key")
        self._directory = directory
        self._ca_key = os.path.join(directory, "ca.key")
        if not os.path.exists(self.certificate_file):
            self._make_authority()
            self._issue("localhost", "DNS:localhost,IP:127.0.0.1,IP:::1")

    def _make_authority(self):
        _openssl("req", "-x509", *_KEY, "-days", "30", "-keyout", self._ca_key, "-out", self.ca_file,
                 "-subj", "/CN=Causeway throw-away CA", "-addext", "basicConstraints=critical,CA:TRUE",
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, address):
        """A certificate for one more IP address: (certificate file, private key file)."""
        return self._issue(address, f"IP:{address}")

    def issue_expired(self, name):
        """A certificate for a host name that expired yesterday: (certificate file, private key file)."""
        return self._issue(name, f"DNS:{name}", "-1", f"{name}-expired")

    def _issue(self, name, alternative_names, days="30", file_name=None):
        certificate, private_key, request, extensions = (os.path.join(self._directory, f"{file_name or name}.{end}") for end in ("crt", "key", "csr", "ext"))
        with open(extensions, "w", encoding="utf8") as out:
            out.write(f"subjectAltName={alternative_names}\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:FALSE\n")
        _openssl("req", *_KEY, "-keyout", private_key, "-out", request, "-subj", f"/CN={name}")
        _openssl("x509", "-req", "-in", request, "-CA", self.ca_file, "-CAkey", self._ca_key, "-CAcreateserial",
                 "-days", days, "-extfile", extensions, "-out", certificate)
        return certificate, private_key


def _openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")
