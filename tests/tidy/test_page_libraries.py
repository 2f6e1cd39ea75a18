"""The libraries of the inspector's page are the ones that were published: their checksums, and a licence beside each."""

import hashlib
import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENDOR = os.path.join(ROOT, "plugin", "inspector", "page", "vendor")
NOTES = {"CHECKSUMS", "README.md"}


def listed():
    with open(os.path.join(VENDOR, "CHECKSUMS"), encoding="utf8") as text:
        return {name: digest for digest, name in (line.split() for line in text)}


def found():
    for folder, _, names in os.walk(VENDOR):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                yield os.path.relpath(path, VENDOR), hashlib.sha256(file.read()).hexdigest()


class PageLibraries(unittest.TestCase):
    def test_each_file_is_the_one_that_was_published(self):
        self.assertEqual({name: digest for name, digest in found() if name not in NOTES}, listed())

    def test_each_library_has_its_licence(self):
        for library in {name.split("/")[0] for name in listed()}:
            self.assertIn(f"{library}/LICENSE", listed())

    def test_each_licence_is_linked_from_the_page_and_named_in_the_packages(self):
        with open(os.path.join(os.path.dirname(VENDOR), "help.js"), encoding="utf8") as text:
            linked = set(re.findall(r'\["([a-z]+)", "[A-Za-z0-9.-]+"\]', text.read()))
        with open(os.path.join(ROOT, "config", "package", "debian", "copyright"), encoding="utf8") as text:
            stanzas = text.read().split("\n\n")
        libraries = {name.split("/")[0] for name in listed()}
        self.assertEqual(linked, libraries)
        for library in libraries:
            with self.subTest(library):
                stanza = next(each for each in stanzas if f"Files: plugin/inspector/page/vendor/{library}/*\n" in each)
                with open(os.path.join(VENDOR, library, "LICENSE"), encoding="utf8") as text:
                    licence = text.read()
                holders = re.findall(r"^ *Copyright (?:\(c\) )?(\d.*)$", licence, re.M)
                self.assertTrue(holders)
                for holder in holders:
                    self.assertIn(holder.strip(), stanza)
                self.assertIn("Apache-2.0" if "Apache License" in licence else "Expat", stanza)

    def test_the_page_loads_nothing_from_elsewhere(self):
        page = os.path.dirname(VENDOR)
        for folder, folders, names in os.walk(page):
            folders[:] = [each for each in folders if each != "vendor"]
            for name in names:
                with open(os.path.join(folder, name), encoding="utf8") as text:
                    source = text.read().replace('xmlns="http://www.w3.org/2000/svg"', "")
                self.assertNotRegex(source, r"(https?:)?//[a-z0-9-]+\.[a-z]", name)
                self.assertNotRegex(
                    source, r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet", name
                )


if __name__ == "__main__":
    unittest.main()
