"""The Node client's package and types. What it does the conformance kit plays (tests/conformance), its README's bot
tests/interop."""

import json
import os
import re
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import node_packages  # noqa: E402

CLIENT = node_packages.CLIENT


class Types(unittest.TestCase):
    maxDiff = None

    def test_types_are_those_of_the_asyncapi_document(self):
        printed = subprocess.run(
            [os.path.join(CLIENT, "generate_types.py")], capture_output=True, text=True, check=True
        ).stdout
        with open(os.path.join(CLIENT, "types.d.ts"), encoding="utf8") as kept:
            self.assertEqual(
                kept.read(),
                printed,
                "print them anew: tools/clients/node/generate_types.py > tools/clients/node/types.d.ts",
            )

    def test_the_typescript_compiler_takes_what_is_right_and_refuses_what_is_not(self):
        node, packages = node_packages.packages()
        compiler = os.path.join(packages, "typescript", "bin", "tsc")
        options = [
            "--noEmit",
            "--strict",
            "--target",
            "es2022",
            "--module",
            "nodenext",
            "--moduleResolution",
            "nodenext",
        ]
        done = subprocess.run(
            [node, compiler, *options, os.path.join(HERE, "types_check.ts")],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual((done.returncode, done.stdout), (0, ""))


class Package(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(CLIENT, "package.json"), encoding="utf8") as text:
            self.about = json.load(text)

    def test_the_lock_file_belongs_to_it(self):
        with open(os.path.join(CLIENT, "package-lock.json"), encoding="utf8") as text:
            locked = json.load(text)["packages"][""]
        for key in ("version", "dependencies", "devDependencies", "engines"):
            self.assertEqual(locked[key], self.about[key])

    def test_it_is_loaded_by_require_and_by_import_and_has_what_its_types_say(self):
        node, packages = node_packages.packages()
        script = f"""
            import * as imported from {json.dumps(os.path.join(CLIENT, self.about["main"]))};
            import {{ createRequire }} from "node:module";
            const required = createRequire({json.dumps(CLIENT + os.sep)})(".");
            console.log(JSON.stringify([Object.keys(imported), Object.keys(required)]));
        """
        done = subprocess.run(
            [node, "--input-type=module", "--eval", script],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "NODE_PATH": packages},
        )
        imported, required = json.loads(done.stdout)
        with open(os.path.join(CLIENT, self.about["types"]), encoding="utf8") as text:
            classes = re.findall(r"^export class (\w+)", text.read(), re.M)
        self.assertEqual(set(classes) - set(required), set())
        self.assertEqual(set(required) - set(imported), set())

    def test_what_is_packed_is_what_is_needed(self):
        node_packages.packages()
        done = subprocess.run(
            ["npm", "pack", "--dry-run", "--json", CLIENT], capture_output=True, text=True, check=True
        )
        files = {each["path"] for each in json.loads(done.stdout)[0]["files"]}
        self.assertEqual(
            {path for path in files if not path.startswith("src/")}, {"README.md", "package.json", "types.d.ts"}
        )
        self.assertEqual(
            files & {"src/index.js", "src/index.d.ts", "src/client.js"},
            {"src/index.js", "src/index.d.ts", "src/client.js"},
        )


if __name__ == "__main__":
    unittest.main()
