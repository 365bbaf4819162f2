# SPDX-License-Identifier: Apache-2.0
"""What the tools/check_* share: which files are looked at, and how a finding is told.

Every check is called `tools/check_NAME [ROOT]`, prints `path:line: what is wrong: what to do` for
each finding, and exits 1 if there is one. Nothing here asks git, so a plain copy can be checked.
"""

import os
import re
import sys

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LEFT_OUT = {".git", "build", "demo", "node_modules", "__pycache__"}
# Samples that break the rules on purpose; tests/style/selftest shows that each check sees them.
SAMPLES = os.path.join("tests", "style", "samples")


def root():
    return os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY


def files(base, *endings, under=("",)):
    """Paths relative to `base`, sorted; only those with one of the endings if any are given."""
    found = []
    for start in under:
        for folder, names, file_names in os.walk(os.path.join(base, start)):
            names[:] = sorted(n for n in names if n not in LEFT_OUT)
            relative = os.path.relpath(folder, base)
            if (relative + os.sep).startswith(SAMPLES + os.sep):
                names[:] = []
                continue
            for name in sorted(file_names):
                if not endings or name.endswith(endings):
                    found.append(os.path.normpath(os.path.join(relative, name)))
    return found


def read(base, path):
    with open(os.path.join(base, path), encoding="utf-8", errors="replace", newline="") as file:
        return file.read()


TOKENS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL
)


def code_only(text, keep_strings=False):
    """The C text with comments (and strings) blanked; every line keeps its number."""

    def blank(match):
        token = match.group(0)
        if token[0] in "\"'":
            return token if keep_strings else token[0] + token[0]
        return " " + "\n" * token.count("\n")

    return TOKENS.sub(blank, text)


class Findings:
    def __init__(self):
        self.count = 0

    def add(self, path, line, text):
        print(f"{path}:{line}: {text}")
        self.count += 1

    @staticmethod
    def note(path, line, text):
        print(f"note: {path}:{line}: {text}")

    def finish(self):
        if self.count:
            print(f"{self.count} to mend")
        return 1 if self.count else 0
