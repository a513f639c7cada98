#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which changes of a line no test notices: python3 tests/oracle/mutate.py build [--count 60] [--seed 1] [--only eval]

Changes one operator, constant or index at a time in the files below, compiles it, links the test program of its folder anew (the built one
stays as it is) and runs it. A mutant that every test passes survives: a test is missing, or the change makes no difference. Prints a line per
mutant and the survivors at the end; exit status 1 where there are any. Needs a build folder of the preset release with the test programs of FILES built."""
import argparse
import json
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile

FILES = {  # test program: library, files whose numbers it checks
    "graph_test": ("nibble_graph", ["graph/quant_params.cc", "graph/trellis.cc", "graph/weight_steps.cc", "graph/fold_batchnorm.cc",
                                    "graph/merge_parallel_convs.cc"]),
    "export_test": ("nibble_export", ["export/pack.cc", "export/quantized_weights.cc", "export/unpack_chain.cc", "export/integer_rules.cc",
                                      "export/output_scale.cc"]),
    "quant_test": ("nibble_quant", ["quant/rounding/row_grids.cc", "quant/rounding/row_block.cc", "quant/rounding/rounding.cc",
                                    "quant/rounding/coupled_rows.cc", "quant/rounding/row_refinement.cc", "quant/silu_range.cc"]),
    "eval_test": ("nibble_eval", ["eval/nms.cc", "eval/coco_match.cc", "eval/coco_map.cc", "eval/precision_curve.cc", "eval/pairing.cc",
                                  "eval/top_k.cc"]),
}
CHANGES = [(r" < ", " <= "), (r" > ", " >= "), (r" <= ", " < "), (r" >= ", " > "), (r" == ", " != "), (r" != ", " == "), (r" \+ ", " - "),
           (r" - ", " + "), (r" \* ", " / "), (r" / ", " * "), (r" && ", " || "), (r" \|\| ", " && "), (r"std::min\(", "std::max("),
           (r"std::max\(", "std::min("), (r"\btrue\b", "false"), (r"\bfalse\b", "true"), (r"\[0\]", "[1]"), (r"\[1\]", "[0]"),
           (r"(?<![\w.])0(?![\w.])", "1"), (r"(?<![\w.])1(?![\w.])", "2"), (r"(?<![\w.])2(?![\w.])", "3"), (r"0\.5", "0.25"),
           (r" << ", " >> "), (r" % ", " / "), (r"std::round\(", "std::floor("), (r"std::nearbyint\(", "std::floor("), (r"\+\+", "--")]
# Lines that compute nothing: comments, includes, messages.
SKIPPED = re.compile(r"^\s*(//|#|throw|using|template|namespace|static_assert|fail\()|fmt::format|Error\(|ErrorKind|^\s*\"|std::vector<.*> \w+\(|&& \w+\)|&&\s*\w*[,)]")


def mutants_of(source):
    """(line number from 0, new line) of every change; code behind // is left alone."""
    found = []
    for number, line in enumerate(source):
        if SKIPPED.search(line) or not line.strip():
            continue
        code = line.split("//")[0]
        for pattern, other in CHANGES:
            for match in re.finditer(pattern, code):
                if "template" in code or "<" + match.group() in code:
                    continue
                found.append((number, code[:match.start()] + other + code[match.end():] + line[len(code):]))
    return found


class Build:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.root = os.path.dirname(self.folder)
        with open(os.path.join(self.folder, "compile_commands.json"), encoding="utf-8") as file:
            self.commands = json.load(file)

    def unit_of(self, library, path):
        """The command that compiles `path` with others of its folder, and the text of what is compiled."""
        full = os.path.join(self.root, "src", path)
        for entry in self.commands:
            if f"{library}.dir" not in entry["command"] or not os.path.exists(entry["file"]):
                continue
            with open(entry["file"], encoding="utf-8") as file:
                text = file.read()
            if entry["file"] == full:
                return entry, f'#include "{full}"\n'
            if "/Unity/" in entry["file"] and f'"{full}"' in text:
                return entry, text
        raise SystemExit(f"mutate: {path}: {library} does not compile it")

    def link(self, test):
        lines = subprocess.run(["ninja", "-C", self.folder, "-t", "commands", test], capture_output=True, text=True, check=True).stdout
        return [line for line in lines.splitlines() if f" -o {test} " in line][-1]

    def try_mutant(self, test, library, path, text, work):
        """'killed', 'survived' or 'no code' (what does not compile). `text`: of the changed file."""
        entry, unit = self.unit_of(library, path)
        changed, source, program = (os.path.join(work, name) for name in ("changed.cc", "unit.cc", test))
        with open(changed, "w", encoding="utf-8") as file:
            file.write(text)
        with open(source, "w", encoding="utf-8") as file:
            file.write(unit.replace(os.path.join(self.root, "src", path), changed))
        words = shlex.split(entry["command"])
        words = words[words.index(next(word for word in words if word.endswith("c++") or word.endswith("g++") or "clang++" in word)):]
        command, skip = [], False
        for word in words:
            if skip:
                skip = False
            elif word in ("-o", "-c", "-include"):
                skip = True
            elif word not in ("-Werror", "-Winvalid-pch", "-fpch-preprocess") and not word.startswith(("-O", "-W", "-D_FORTIFY", "-U_FORTIFY")):
                command.append(word)
        made = subprocess.run(command + ["-w", "-O1", "-c", source, "-o", source + ".o"], cwd=self.folder, capture_output=True)
        if made.returncode:
            return "no code"
        link = self.link(test).replace(f" -o {test} ", f" -o {program} {source}.o ", 1)
        subprocess.run(link, shell=True, cwd=self.folder, capture_output=True, check=True)
        environment = dict(os.environ, GTEST_FAIL_FAST="1", GTEST_BRIEF="1", LD_LIBRARY_PATH=self.folder)
        try:
            ran = subprocess.run([program], cwd=self.folder, env=environment, capture_output=True, timeout=240)
        except subprocess.TimeoutExpired:
            return "killed"
        return "killed" if ran.returncode else "survived"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--count", type=int, default=60, help="mutants, spread over the files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="part of the names of files")
    arguments = parser.parse_args()
    build = Build(arguments.build)
    draw = random.Random(arguments.seed)
    files = [(test, library, path) for test, (library, paths) in FILES.items() for path in paths if arguments.only in path]
    controls, survivors, counts = set(), [], {"killed": 0, "survived": 0, "no code": 0}
    with tempfile.TemporaryDirectory() as work:
        each = -(-arguments.count // len(files))
        for test, library, path in files:
            with open(os.path.join(build.root, "src", path), encoding="utf-8") as file:
                source = file.read().split("\n")
            if test not in controls:
                controls.add(test)
                if build.try_mutant(test, library, path, "\n".join(source), work) != "survived":
                    raise SystemExit(f"mutate: {test} fails without a change")
            mutants = mutants_of(source)
            for number, line in draw.sample(mutants, min(each, len(mutants))):
                text = "\n".join(source[:number] + [line] + source[number + 1:])
                result = build.try_mutant(test, library, path, text, work)
                counts[result] += 1
                shown = f"{path}:{number + 1}: {line.strip()}"
                print(f"{result:8}  {shown}", flush=True)
                if result == "survived":
                    survivors.append(f"{shown}\n{' ' * 8}was: {source[number].strip()}")
    print(f"\n{counts['killed']} killed, {counts['survived']} survived, {counts['no code']} do not compile")
    print("\n".join(survivors))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
