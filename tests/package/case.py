"""What the cases about packages have in common: the packages of one release, clean roots, machines that are ended."""

import os
import re
import subprocess
import tempfile
import time
import unittest

import built
import clean_root
from clean_root import PATIENCE_S, CleanRoot


class PackageCase(unittest.TestCase):
    """Cases of one release; the class without one is none."""
    release = None

    @classmethod
    def setUpClass(cls):
        if cls.release is None:
            raise unittest.SkipTest("stands for the releases below it")
        try:
            clean_root.install_tools()
            cls.folder = built.packages(cls.release)
        except clean_root.Unavailable as why:
            if os.environ.get("CAUSEWAY_CI"):
                raise
            raise unittest.SkipTest(str(why)) from why

    def inside(self, name):
        """A package's path in the root."""
        return "/packages/" + os.path.basename(built.named(self.folder, name))

    def clean_root(self, name):
        root = CleanRoot(self.release, name, self.folder)
        self.addCleanup(root.remove)
        return root

    def boot(self, root):
        machine = root.boot()
        self.addCleanup(machine.stop)
        return machine

    def done(self, machine, command):
        code, said = machine.run(command)
        self.assertEqual(code, 0, f"{command}:\n{said}")
        return said

    def until(self, condition, what, machine):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                self.fail(f"waited {PATIENCE_S} s for {what() if callable(what) else what}; the journal ends with:\n{machine.run('journalctl -n 40 --no-pager')[1]}")
            time.sleep(0.1)

    def shown(self, machine, *names):
        said = self.done(machine, "systemctl show causewayd " + " ".join(f"-p {name}" for name in names))
        values = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
        return [values[name] for name in names]

    def with_version(self, name, version):
        """The package again under another version, beside the first. Returns its path in the root."""
        source = built.named(self.folder, name)
        target = os.path.join(self.folder, f"next-{name}.deb")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["dpkg-deb", "-R", source, folder], check=True)
            control = os.path.join(folder, "DEBIAN", "control")
            with open(control, encoding="utf8") as text:
                changed = re.sub(r"(?m)^Version: .*", f"Version: {version}", text.read())
            with open(control, "w", encoding="utf8") as out:
                out.write(changed)
            subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", folder, target], check=True, stdout=subprocess.DEVNULL)
        self.addCleanup(os.unlink, target)
        return "/packages/" + os.path.basename(target)
