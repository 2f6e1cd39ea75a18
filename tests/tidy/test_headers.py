"""Every header of the product compiles alone: whoever includes it needs to know nothing else."""

import concurrent.futures
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cpp_source as cpp  # noqa: E402

FLAGS = ["-std=c++20", "-fsyntax-only", "-w", "-DMSGPACK_NO_BOOST", "-I.", "-x", "c++"]


class Headers(unittest.TestCase):
    def test_each_compiles_alone(self):
        compiler = os.environ.get("CXX") or shutil.which("g++")
        self.assertTrue(compiler, "a C++ compiler is needed: tools/install brings one")

        def compile_alone(path):
            done = subprocess.run([compiler, *FLAGS, path], cwd=cpp.ROOT, capture_output=True, text=True)
            return None if done.returncode == 0 else f"{path}: {done.stderr.strip().splitlines()[0] if done.stderr else done.returncode}"

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            wrong = [x for x in pool.map(compile_alone, cpp.files(".hpp")) if x]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
