"""The pages of the operator's manual that need a system of their own: apt, nginx and the unit, typed word by word on a clean root."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

import clean_root
from case import PackageCase

sys.path.insert(0, os.path.join(clean_root.ROOT, "tests"))
import manual_page  # noqa: E402


class ManualPages(PackageCase):
    def follow(self, machine, name):
        for step in manual_page.steps(name):
            with self.subTest(page=name, commands=step.commands):
                said = [(1, "")]

                def as_shown():
                    said[0] = machine.run(f"cd /root\nset -e\n{step.commands}")
                    return said[0][0] == step.exit_code and not manual_page.missing(step.sees, said[0][1])
                looks = all(line.startswith(("causeway ", "journalctl ", "systemctl reload ", "curl ")) for line in step.commands.splitlines())
                if looks:
                    self.until(as_shown, lambda: f"what the page shows:\n{step.sees}\nnot\n{said[0][1]}", machine)
                else:
                    self.assertTrue(as_shown(), f"{said[0][0]}: {said[0][1]}\nlacks {manual_page.missing(step.sees, said[0][1])}")

    def prepared(self):
        """A system with certificates of an authority it trusts, names that lead to itself, nginx, and the package to install."""
        root = self.clean_root("manual")
        root.install("systemd-sysv", "nginx-light", "curl", "openssl", "ca-certificates")
        # What the package needs comes from the network, before the machine boots without one; the page installs the package itself.
        root.run(f"apt-get install -y --no-install-recommends {self.inside('causeway-tools')} {self.inside('causeway')}"
                 " && dpkg --purge causeway causeway-tools", "dependencies")
        with tempfile.TemporaryDirectory() as folder:
            self.authority(folder)
            for name in ("example.org", "matrix.example.org"):
                for file in ("fullchain.pem", "privkey.pem"):
                    os.makedirs(root.path(f"/etc/ssl/{name}"), exist_ok=True)
                    shutil.copy(os.path.join(folder, file), root.path(f"/etc/ssl/{name}/{file}"))
            os.makedirs(root.path("/usr/local/share/ca-certificates"), exist_ok=True)
            shutil.copy(os.path.join(folder, "ca.pem"), root.path("/usr/local/share/ca-certificates/ours.crt"))
        root.run("update-ca-certificates", "authority")
        root.write("/etc/hosts", "127.0.0.1 localhost example.org matrix.example.org\n")
        for package in glob.glob(os.path.join(self.folder, "causeway_*.deb")) + glob.glob(os.path.join(self.folder, "causeway-tools_*.deb")):
            shutil.copy(package, root.path("/root"))
        return root

    @staticmethod
    def authority(folder):
        subprocess.run(["sh", "-ec", """
            ec="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
            openssl req -x509 $ec -days 2 -keyout ca.key -out ca.pem -subj "/CN=ours" \\
              -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
            openssl req $ec -keyout privkey.pem -out request.pem -subj "/CN=example.org"
            printf 'subjectAltName=DNS:example.org,DNS:matrix.example.org\\nextendedKeyUsage=serverAuth,clientAuth\\n' > extensions
            openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out fullchain.pem
            """], cwd=folder, check=True, capture_output=True)

    def test_install_delegate_upgrade(self):
        root = self.prepared()
        machine = self.boot(root)
        for page in ("install", "delegate"):
            self.follow(machine, page)
        # A newer one in the place of the package that was installed.
        newer = self.with_version("causeway", "99.0-1")
        target = glob.glob(root.path("/root/causeway_*.deb"))[0]
        shutil.copy(os.path.join(self.folder, os.path.basename(newer)), target)
        self.follow(machine, "upgrade")
        self.assertIn("99.0-1", self.done(machine, "dpkg-query -W causeway"))


for _release in clean_root.SUITES:
    _name = f"ManualPagesDebian{_release}"
    globals()[_name] = type(_name, (ManualPages,), {"release": _release, "__module__": __name__})
del ManualPages, PackageCase
