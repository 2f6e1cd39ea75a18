"""The Debian packages on clean systems of Debian 12 and 13: installed, started by a real systemd, watched, upgraded, removed, purged.

Needs root, network and minutes (a release this machine does not have is compiled anew), so it is no part of what `tools/test` runs by
itself: `tools/test package`."""

import os
import re
import subprocess
import tempfile

import built
import clean_root
from case import PackageCase
from clean_root import ROOT

EXPOSURE_MAX = 2.5
PORT = 18448
CONFIGURATION = f"""[node]
server_name = "localhost:{PORT}"

[gateway]
listen = ["127.0.0.1:{PORT}"]
plain_http = true
"""


class Installation(PackageCase):
    def test_life_from_the_installation_to_the_purge(self):
        root = self.clean_root("life")
        root.install("systemd-sysv", self.inside("causeway-tools"), self.inside("causeway"))
        machine = self.boot(root)
        self.is_installed_and_waits_for_a_configuration(machine)
        self.starts_as_the_unit_says(machine)
        self.takes_over_a_changed_configuration(machine)
        self.is_started_again_when_it_stands_still(machine)
        key = self.done(machine, "cat /var/lib/causeway/signing.key")
        self.is_upgraded(machine)
        self.is_removed_and_keeps_what_is_not_of_the_package(machine)
        self.done(machine, f"dpkg -i {self.inside('causeway')}")
        self.until(lambda: self.is_told_well_but_for_the_chat_server(machine), "the broker that was installed again", machine)
        self.assertEqual(self.done(machine, "cat /var/lib/causeway/signing.key"), key)
        self.is_purged(machine)

    def is_installed_and_waits_for_a_configuration(self, machine):
        self.assertEqual(self.done(machine, "stat -c '%U:%G %a' /etc/causeway").strip(), "root:causeway 750")
        self.assertIn(":/var/lib/causeway:", self.done(machine, "getent passwd causeway"))
        self.assertEqual(self.shown(machine, "ActiveState", "ConditionResult", "UnitFileState"), ["inactive", "no", "enabled"])
        self.assertEqual(self.done(machine, "systemctl --failed --no-legend"), "")
        for page in ("man8/causewayd.8", "man1/causeway.1", "man5/causeway.toml.5"):
            self.done(machine, f"test -s /usr/share/man/{page}.gz")
        self.done(machine, "test -s /usr/share/bash-completion/completions/causeway -a -s /usr/share/doc/causeway/monitoring/grafana.json")
        self.done(machine, "test -s /usr/share/doc/causeway/manual/install.md -a -s /usr/share/doc/causeway/proxy/nginx.conf")
        self.done(machine, "cmp /etc/causeway/causeway.toml.example /dev/stdin <<END\n" +
                  self.done(machine, "causeway config example").replace("$", "\\$").replace("`", "\\`") + "END")
        for option, what in (("--crash-points", "crash points"), ("--mutants", "mutants")):  # of test builds only
            code, said = machine.run(f"causewayd {option}")
            self.assertEqual((code, f"this build has no {what}" in said), (2, True), said)

    def starts_as_the_unit_says(self, machine):
        self.done(machine, f"cat > /etc/causeway/causeway.toml <<'END'\n{CONFIGURATION}END")
        self.assertIn("The configuration is good", self.done(machine, "runuser -u causeway -- causeway config check"))
        self.done(machine, "systemctl start causewayd")  # Type=notify: it returns when READY=1 was told
        active, status, main = self.shown(machine, "ActiveState", "StatusText", "MainPID")
        self.assertEqual((active, status), ("active", f"Serves localhost:{PORT}"))
        self.assertEqual(self.done(machine, f"stat -c %U /proc/{main}").strip(), "causeway")
        self.until(lambda: self.is_told_well_but_for_the_chat_server(machine), "the status", machine)
        self.is_checked_by_who_may(machine)
        # What the broker keeps is nobody else's.
        self.assertEqual(self.done(machine, "find /var/lib/causeway /run/causeway/*.sock -perm /077"), "")
        self.assertEqual(self.done(machine, "stat -c '%U %a' /var/lib/causeway").strip(), "causeway 700")

    @staticmethod
    def is_told_well_but_for_the_chat_server(machine):
        """No chat server is connected here, which the first line says as `check` does; nothing else is wrong."""
        code, said = machine.run("causeway status")
        return code == 1 and said.splitlines()[0].endswith(": edge critical")

    def is_checked_by_who_may(self, machine):
        """Monitoring that may not ask says so, and does not call somebody to a broker that is well."""
        code, said = machine.run("runuser -u causeway -- causeway check")
        self.assertEqual((code, said.splitlines()[0]), (2, "CAUSEWAY critical: edge critical"))  # no chat server is connected
        code, said = machine.run("runuser -u nobody -- causeway check")
        self.assertEqual(code, 3, said)
        self.assertTrue(said.startswith("CAUSEWAY unknown: cannot ask the broker: permission denied: /run/causeway"), said)
        self.assertIn("(`sudo -u causeway causeway ...`)", said)
        code, said = machine.run("runuser -u nobody -- causeway --config /etc/causeway/causeway.toml check")
        self.assertEqual((code, "permission denied" in said), (3, True), said)

    def takes_over_a_changed_configuration(self, machine):
        before = self.shown(machine, "MainPID")
        self.done(machine, "printf '[federation]\\ndeny_servers = [\"spam.example\"]\\n[store]\\ncache_kib = 4096\\n' > /etc/causeway/changed"
                  " && mkdir /etc/causeway/conf.d && mv /etc/causeway/changed /etc/causeway/conf.d/changed.toml && systemctl reload causewayd")
        self.assertEqual(self.shown(machine, "ActiveState", "MainPID"), ["active", *before])
        for code, key in (("N717", "federation.deny_servers"), ("N715", "store.cache_kib")):  # counts from now on, from the next start on
            self.until(lambda: re.search(f'"{code}".*"{key}"', self.done(machine, "journalctl -u causewayd --no-pager")), f"{code} {key}", machine)
        self.done(machine, "rm -r /etc/causeway/conf.d; systemctl reload causewayd")

    def is_started_again_when_it_stands_still(self, machine):
        self.done(machine, "mkdir -p /etc/systemd/system/causewayd.service.d && printf '[Service]\\nWatchdogSec=4s\\nRestartSec=0\\n'"
                  " > /etc/systemd/system/causewayd.service.d/watchdog.conf && systemctl daemon-reload && systemctl restart causewayd")
        begun, = self.shown(machine, "WatchdogTimestampMonotonic")
        self.until(lambda: int(self.shown(machine, "WatchdogTimestampMonotonic")[0]) > int(begun) + 5_000_000,
                   "signs of life for longer than the watchdog's interval", machine)
        restarts, main = self.shown(machine, "NRestarts", "MainPID")
        self.assertEqual(restarts, "0")
        self.done(machine, f"kill -STOP {main}")
        self.until(lambda: self.shown(machine, "NRestarts", "ActiveState") == ["1", "active"], "the start after the watchdog", machine)
        self.assertIn("Watchdog timeout", self.done(machine, "journalctl -u causewayd --no-pager"))
        self.done(machine, "rm -r /etc/systemd/system/causewayd.service.d; systemctl daemon-reload; systemctl restart causewayd")

    def is_upgraded(self, machine):
        main, = self.shown(machine, "MainPID")
        self.done(machine, "chmod 0710 /etc/causeway")  # an operator's wish, which an upgrade respects
        said = self.done(machine, f"dpkg -i {self.with_version('causeway', '99.0-1')}")
        self.assertIn("99.0-1", said)
        self.assertEqual(self.shown(machine, "ActiveState"), ["active"])
        self.assertNotEqual(self.shown(machine, "MainPID"), [main])
        self.assertEqual(self.done(machine, "stat -c '%U:%G %a' /etc/causeway").strip(), "root:causeway 710")
        self.assertEqual(self.done(machine, "cat /etc/causeway/causeway.toml"), CONFIGURATION)
        self.until(lambda: self.is_told_well_but_for_the_chat_server(machine), "the status", machine)
        self.done(machine, "dpkg -i /packages/next-causeway.deb")  # over itself
        self.assertEqual(self.shown(machine, "ActiveState"), ["active"])

    def is_removed_and_keeps_what_is_not_of_the_package(self, machine):
        main, = self.shown(machine, "MainPID")
        self.done(machine, "dpkg -r causeway")
        self.assertNotEqual(machine.run(f"test -e /proc/{main}")[0], 0)
        self.done(machine, "test -s /var/lib/causeway/signing.key -a -s /var/lib/causeway/store.db -a -s /etc/causeway/causeway.toml")

    def is_purged(self, machine):
        self.done(machine, "mkdir /etc/causeway/tls; echo theirs > /etc/causeway/tls/key.pem")
        said = self.done(machine, "dpkg --purge causeway causeway-tools")
        self.assertIn("removing /var/lib/causeway: the signing key, the store", said)
        self.assertEqual(self.done(machine, "cat /etc/causeway/tls/key.pem"), "theirs\n")
        left = self.done(machine, "find / -xdev -iname '*causeway*' -not -path '/proc/*' -not -path '/packages/*' -not -path '/var/log/*'")
        self.assertEqual(left.split(), ["/etc/causeway"])
        self.assertEqual(machine.run("systemctl cat causewayd")[0], 1)


class Contents(PackageCase):
    def test_lintian_finds_no_error(self):
        names = [built.named(self.folder, name) for name in ("causeway", "causeway-tools", "causeway-demo", "libcauseway-client-dev", "python3-causeway")]
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error", *names], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_programs_are_hardened_as_those_of_the_distribution(self):
        with tempfile.TemporaryDirectory() as folder:
            for package in ("causeway", "causeway-tools"):
                subprocess.run(["dpkg-deb", "-x", built.named(self.folder, package), folder], check=True)
            for name in ("causeway", "causewayd"):
                with self.subTest(name):
                    said = subprocess.run(["readelf", "--wide", "--file-header", "--segments", "--dynamic", "--dyn-syms",
                                           os.path.join(folder, "usr/bin", name)], capture_output=True, text=True, check=True).stdout
                    self.assertRegex(said, r"Type: +DYN")  # position independent
                    self.assertIn("GNU_RELRO", said)
                    self.assertRegex(said, r"FLAGS.*NOW")
                    self.assertRegex(said, r"GNU_STACK .* RW ")
                    self.assertIn("__stack_chk_fail", said)
                    self.assertRegex(said, r"__\w+_chk@")  # of the C library, with the sizes that it checks

    def test_dependencies_are_those_that_the_programs_load(self):
        def depends(name):
            return subprocess.run(["dpkg-deb", "-f", built.named(self.folder, name), "Depends"], capture_output=True, text=True, check=True).stdout
        fields, of_tools = depends("causeway"), depends("causeway-tools")
        self.assertRegex(fields, r"causeway-tools \(= \d")
        for library in ("libc6", "libzmq5", "libncursesw6", "libarchive13", "libsqlite3-0"):
            self.assertRegex(of_tools, rf"(^|, ){library}", of_tools)
        for other in ("-dev", "libcaf", "libgd3", "libprometheus", "systemd"):  # what runs a broker is no business of the command
            self.assertNotIn(other, of_tools)
        for of_the_command in ("libncurses", "libarchive"):
            self.assertNotIn(of_the_command, fields)
        for library in ("libc6", "libcaf-core", "libzmq5", "libpq5", "libprometheus-cpp-core", "libsqlite3-0", "libcurl", "libc-?ares2", "libsodium23", "libssl3", "libgd3", "libspdlog", "libjemalloc2", "ca-certificates"):
            self.assertRegex(fields, rf"(^|, ){library}", fields)
        self.assertNotIn("-dev", fields)
        self.assertRegex(depends("causeway-demo"), r"causeway \(>= \d")
        suggested = subprocess.run(["dpkg-deb", "-f", built.named(self.folder, "causeway-demo"), "Suggests"], capture_output=True, text=True,
                                   check=True).stdout
        self.assertIn("postgresql", suggested)  # `causeway demo --cluster`

    def test_completions_and_pages_stand_where_shells_and_man_look(self):
        def listed(name):
            return subprocess.run(["dpkg-deb", "-c", built.named(self.folder, name)], capture_output=True, text=True, check=True).stdout
        for path in ("bin/causeway", "share/bash-completion/completions/causeway", "share/zsh/vendor-completions/_causeway",
                     "share/fish/vendor_completions.d/causeway.fish", "share/man/man1/causeway.1.gz",
                     "share/doc/causeway-tools/copyright", "share/doc/causeway-tools/changelog.Debian.gz"):
            self.assertIn(f"./usr/{path}\n", listed("causeway-tools"))
        self.assertNotIn("./usr/bin/causeway\n", listed("causeway"))
        self.assertNotIn("systemd", listed("causeway-tools"))
        for path in ("bin/causewayd", "share/man/man5/causeway.toml.5.gz", "share/man/man8/causewayd.8.gz", "lib/sysusers.d/causeway.conf", "lib/systemd/system/causewayd.service",
                     "share/doc/causeway/copyright", "share/doc/causeway/changelog.gz", "share/doc/causeway/changelog.Debian.gz",
                     "share/doc/causeway/proxy/Caddyfile", "share/doc/causeway/proxy/matrix-server.json"):
            self.assertIn(f"./usr/{path}\n", listed("causeway"))

    def test_the_command_reads_an_archive_without_a_broker(self):
        root = self.clean_root("tools")
        root.install(self.inside("causeway-tools"))
        said = root.run("test ! -e /usr/bin/causewayd; causeway help >/dev/null; causeway rooms --archive /nowhere.tar.gz 2>&1 || echo code $?", "tools")
        self.assertRegex(said, r"(?s)/nowhere\.tar\.gz.*code \d")  # it got as far as looking for it
        root.run("dpkg --purge causeway-tools; test -z \"$(find / -xdev -iname '*causeway*' -not -path '/proc/*' -not -path '/packages/*' -not -path '/var/log/*')\"",
                 "tools-purge")

    def test_the_licences_of_the_pages_libraries_are_in_the_package(self):
        copyright_file = subprocess.run(["sh", "-c", f"dpkg-deb --fsys-tarfile '{built.named(self.folder, 'causeway')}'"
                                         " | tar -xO ./usr/share/doc/causeway/copyright"], capture_output=True, text=True, check=True).stdout
        for words in ("vendor/htm/*", "vendor/preact/*", "vendor/uplot/*", "Leon Sorokin", "Permission is hereby granted", "Apache-2.0"):
            self.assertIn(words, copyright_file)

    def test_others_install_it_with_cmake(self):
        if self.release != built.release_of_this_machine() or not os.path.isdir(built.BUILD):
            self.skipTest("the packages were not compiled on this machine")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["cmake", "--install", built.BUILD, "--prefix", folder], check=True, stdout=subprocess.DEVNULL)
            command = os.path.join(folder, "bin", "causeway")
            self.assertIn("causeway ", subprocess.run([command, "version"], capture_output=True, text=True, check=True).stdout)
            with open(os.path.join(folder, "lib/systemd/system/causewayd.service"), encoding="utf8") as unit:
                self.assertIn(f"\nExecStart={folder}/bin/causewayd ", unit.read())
            with open(os.path.join(folder, "etc/causeway/causeway.toml.example"), encoding="utf8") as example:
                self.assertEqual(example.read(), subprocess.run([command, "config", "example"], capture_output=True, text=True, check=True).stdout)
            for path in ("share/man/man1/causeway.1", "share/bash-completion/completions/causeway", "share/doc/causeway/proxy/nginx.conf",
                         "include/causeway/causeway_client.hpp", "lib/python3/dist-packages/causeway_client/__init__.py",
                         "share/causeway/demo/__main__.py"):
                self.assertTrue(os.path.exists(os.path.join(folder, path)), path)
            done = subprocess.run([command, "demo", "--json"], capture_output=True, text=True, timeout=300, check=False)
            self.assertRegex(done.stdout, r'"lost": ?0, ?"duplicated": ?0', done.stderr)

    def test_the_unit_gives_away_little(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["dpkg-deb", "-x", built.named(self.folder, "causeway"), folder], check=True)
            unit = os.path.join(folder, "usr/lib/systemd/system/causewayd.service")
            said = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit], capture_output=True, text=True,
                                  check=True).stdout
        exposure = re.search(r"Overall exposure level for causewayd\.service: ([0-9.]+)", said)
        self.assertIsNotNone(exposure, said)
        self.assertLessEqual(float(exposure[1]), EXPOSURE_MAX, said)

    def test_the_demo_plays_with_the_packages_alone(self):
        root = self.clean_root("demo")
        root.install(*(self.inside(name) for name in ("causeway-tools", "causeway", "python3-causeway", "causeway-demo")))
        said = root.run("causeway demo --json", "demo")
        self.assertRegex(said, r'"lost": ?0, ?"duplicated": ?0')
        root.run("dpkg --purge causeway-demo python3-causeway; test ! -e /usr/share/causeway; test ! -e /usr/lib/python3/dist-packages/causeway_client",
                 "demo-purge")

    def test_the_sample_for_caddy_is_valid(self):
        root = self.clean_root("caddy")
        root.install("caddy", self.inside("causeway-tools"), self.inside("causeway"))
        root.run("caddy validate --adapter caddyfile --config /usr/share/doc/causeway/proxy/Caddyfile", "caddy")

    def test_the_cpp_client_compiles_the_bot_of_its_readme(self):
        if self.release != built.release_of_this_machine():
            self.skipTest("needs the compiler of that release, and the libraries")
        with open(os.path.join(ROOT, "tools", "clients", "cpp", "README.md"), encoding="utf8") as readme:
            bot = re.search(r"\n## A bot\n.*?```cpp\n(.*?)```", readme.read(), re.S)[1]
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["dpkg-deb", "-x", built.named(self.folder, "libcauseway-client-dev"), folder], check=True)
            with open(os.path.join(folder, "bot.cpp"), "w", encoding="utf8") as out:
                out.write(bot)
            flags = subprocess.run(["pkg-config", "--cflags", "--libs", os.path.join(folder, "usr/lib/pkgconfig/causeway-client.pc")],
                                   capture_output=True, text=True, check=True).stdout.split()
            done = subprocess.run(["g++", "-std=c++20", "bot.cpp", "-o", "bot", *flags], cwd=folder, capture_output=True, text=True,
                                  check=False)
            self.assertEqual(done.returncode, 0, done.stderr)


def cases_of(release):
    """The classes above, for one release."""
    return {f"{kind.__name__}Debian{release}": type(f"{kind.__name__}Debian{release}", (kind,), {"release": release, "__module__": __name__})
            for kind in (Installation, Contents)}


for _release in clean_root.SUITES:
    globals().update(cases_of(_release))
# What stands for all releases is no case of its own.
del Installation, Contents, PackageCase
