# SPDX-License-Identifier: Apache-2.0
"""Runs the unittest cases of a module and prints them as TAP; reasons for what failed go to standard
error, which Meson shows of a test that failed."""

import sys
import unittest

sys.dont_write_bytecode = True


class Result(unittest.TestResult):
    count = 0

    def told(self, test, words, ending=""):
        """Of a test, or of what is made for a class of them: that has an identifier of another kind."""
        self.count += 1
        name = test.id().split(".")[-1].rstrip(")").removeprefix("test_").replace("_", " ")
        print(f"{words} {self.count} - {name}{ending}", flush=True)

    def addSuccess(self, test):
        self.told(test, "ok")

    def addSkip(self, test, reason):
        self.told(test, "ok", f" # SKIP {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.told(test, "not ok")

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err is not None:
            super().addFailure(subtest, err)
            self.told(test, "not ok")


def main():
    """For `if __name__ == "__main__"` of a test: 1 when something failed."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = Result()
    suite.run(result)
    for test, text in result.failures:
        print(f"{test}\n{text.rstrip()}", file=sys.stderr)
    print(f"1..{result.count}")
    return 1 if result.failures else 0
