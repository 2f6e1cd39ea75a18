"""SIGHUP: the certificate is read again, the log opened anew, and nobody notices; so is a certificate that was replaced."""

import json
import os
import shutil
import signal
import socket
import ssl

from causeway_demo.certificates import Authority
from causeway_demo.chat_server import CommandError
from harness.case import InteropCase


class Reload(InteropCase):
    def start(self, name):
        """A broker whose certificate is its own to replace, of an authority that signs two."""
        own = os.path.join(self.directory, name + "-tls")
        os.makedirs(own)
        for path in (self.authority.certificate_file, self.authority.private_key_file):
            shutil.copy(path, own)
        self.certificate = os.path.join(own, os.path.basename(self.authority.certificate_file))
        self.private_key = os.path.join(own, os.path.basename(self.authority.private_key_file))
        self.log = os.path.join(self.directory, name + ".log")
        return self.start_causeway(name, settings={"gateway": {"certificate_file": self.certificate, "private_key_file": self.private_key},
                                                   "log": {"file": self.log, "format": "json"}})

    def served(self, side):
        """The certificate a new connection gets, DER."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", side.broker.port), 60) as plain, context.wrap_socket(plain) as channel:
            return channel.getpeercert(binary_form=True)

    def replace_certificate(self):
        other = Authority(os.path.join(self.directory, "other-tls-" + os.path.basename(self.log)))
        # Put in place whole, as those who renew certificates do.
        for source, target in ((other.certificate_file, self.certificate), (other.private_key_file, self.private_key)):
            shutil.copy(source, target + ".new")
            os.replace(target + ".new", target)
        with open(other.certificate_file, encoding="ascii") as pem:
            text = pem.read()
        return ssl.PEM_cert_to_DER_cert(text[:text.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n")

    def test_sighup_ends_nothing_and_reads_the_certificate_and_the_log_again(self):
        ours = self.start("sighup")
        alice = ours.user("alice")
        before = self.served(ours)
        after = self.replace_certificate()
        os.rename(self.log, self.log + ".1")
        os.kill(ours.broker.process.pid, signal.SIGHUP)
        self.until(lambda: self.served(ours) == after, "the new certificate")
        self.assertNotEqual(before, after)
        self.until(lambda: os.path.exists(self.log) and os.path.getsize(self.log) > 0, "the new log")
        self.assertTrue(ours.create_channel(alice, []))

    def test_a_configuration_that_cannot_be_used_changes_nothing(self):
        ours = self.start("broken")
        config = os.path.join(ours.broker.directory, "causeway.toml")
        with open(config, encoding="utf8") as text:
            good = text.read()
        with open(config, "w", encoding="utf8") as text:
            text.write(good + "\n[nonsense]\nkey = 1\n")
        after = self.replace_certificate()
        os.kill(ours.broker.process.pid, signal.SIGHUP)
        self.until(lambda: self.served(ours) == after, "the new certificate")
        self.until(lambda: "stays as it was" in ours.broker.process.tail(), "what is wrong with the configuration")
        self.assertTrue(ours.user("alice"))

    def test_a_certificate_that_was_replaced_is_served_by_itself(self):
        ours = self.start("renewed")
        after = self.replace_certificate()
        self.until(lambda: self.served(ours) == after, "the new certificate")

    def change_setting(self, side, line):
        """Adds a line to the section [federation] of the configuration, or takes away that of before, and tells the broker."""
        config = os.path.join(side.broker.directory, "causeway.toml")
        with open(config, encoding="utf8") as text:
            lines = [each for each in text.read().split("\n") if each not in self.added]
        if line:
            self.added.append(line)
            lines.insert(lines.index("[federation]") + 1, line)
        with open(config, "w", encoding="utf8") as text:
            text.write("\n".join(lines))
        os.kill(side.broker.process.pid, signal.SIGHUP)

    def logged(self, what, **fields):
        with open(self.log, encoding="utf8") as lines:
            records = [json.loads(each) for each in lines]
        return [each for each in records if each["what"] == what and all(each.get(key) == value for key, value in fields.items())]

    def test_a_deny_list_counts_without_a_restart_and_ends_without_one(self):
        self.added = []
        ours, theirs = self.start("denying"), self.start_causeway("denied")
        alice, bob = ours.user("alice"), theirs.user("bob")
        room = ours.create_channel(alice, [])
        self.change_setting(ours, f'deny_servers = ["{theirs.server_name}"]')
        self.until(lambda: self.logged("changed option reloaded", option="federation.deny_servers"), "the deny list")
        with self.assertRaises(CommandError) as refused:
            ours.invite(room, alice, bob)
        self.assertEqual(refused.exception.code, "server_denied")
        self.change_setting(ours, None)
        self.until(lambda: len(self.logged("changed option reloaded", option="federation.deny_servers")) == 2, "the end of the deny list")
        ours.invite(room, alice, bob)
        self.until(lambda: theirs.has_invitation(room, bob), "the invitation")
        # What needs a restart says so.
        self.change_setting(ours, "profiles_need_shared_room = true")
        self.until(lambda: self.logged("changed option takes effect at the next start", option="federation.profiles_need_shared_room"), "what is not taken over")
