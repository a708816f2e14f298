#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the house rules that a compiler does not: see CONTRIBUTING.md. Run it at the top of the
tree. Prints each finding as 'file:line: text' and ends with 'N passed, N failed' (rules, not
findings). That the configuration's keys stand in README.md is checked by
tests/unit/config_keys_test.c, which has the table itself."""

import fnmatch
import os
import re
import subprocess
import sys

# A folder of src/ sees itself and the folders with a smaller number.
LAYERS = {
    "base": 0,
    "config": 1, "engine": 1,
    "wire": 2, "registry": 2, "store": 2, "broker": 2,
    "demo": 3, "ops": 3, "stream": 3,
    "cli": 4,
}

# Third-party headers, and the folders of src/ that may include them.
THIRD_PARTY = {
    "avro.h": ("wire",),
    "avro/": ("wire",),
    "jansson.h": ("wire", "registry", "demo", "ops"),
    "curl/": ("registry",),
    "lmdb.h": ("store",),
    "nettle/": ("store",),
    "librdkafka/": ("broker",),
    "microhttpd.h": ("ops", "demo"),
    "yaml.h": ("config",),
    "zlib.h": ("wire",),
}

BANNED_CALLS = {
    "strcpy": "use memcpy with a known size, or a struct buffer",
    "strcat": "use a struct buffer",
    "sprintf": "use snprintf or buffer_append_format",
    "vsprintf": "use vsnprintf",
    "gets": "use getline",
    "atoi": "use strtoll and check its end",
    "atol": "use strtoll and check its end",
    "strtok": "use strtok_r or strcspn",
    "localtime": "times are UTC: use gmtime_r",
    "gmtime": "use gmtime_r",
    "rand": "use base/random.h",
    "alloca": "use a bounded array",
    "system": "start no shell",
}

# Modules without a unit test of their own, and why. Patterns below src/.
TESTED_ELSEWHERE = {
    "main.c": "hands argv to cli_main and nothing else",
    "cli/check.c": "needs a cluster: tests/e2e/setup_test.c",
    "cli/commands.c": "a table: tests/unit/cli_cli_test.c goes through it",
    "cli/connect.c": "needs a cluster: tests/e2e/setup_test.c",
    "cli/demo.c": "tests/integration/demo_test.c and tests/e2e/demo_test.c run it",
    "cli/demo_feed.c": "tests/integration/demo_test.c and tests/e2e/demo_test.c run it",
    "cli/demo_service.c": "tests/integration/demo_test.c and tests/e2e/demo_test.c run it",
    "cli/demo_stage.c": "tests/integration/demo_test.c and tests/e2e/demo_test.c run it",
    "cli/generate.c": "needs a cluster: tests/integration/generate_test.c",
    "cli/help.c": "tests/unit/cli_cli_test.c reads all of it",
    "cli/init.c": "needs a cluster: tests/e2e/setup_test.c",
    "cli/replay.c": "needs a cluster: tests/e2e/replay_test.c",
    "cli/replay_rebuild.c": "needs a cluster: tests/e2e/rebuild_test.c",
    "cli/replay_site.c": "needs a cluster: tests/e2e/replay_test.c",
    "cli/replay_topic.c": "needs a cluster: tests/e2e/replay_test.c",
    "cli/replay_verify.c": "needs a cluster: tests/e2e/replay_test.c",
    "cli/run.c": "tests/e2e run it",
    "cli/send.c": "needs a cluster: tests/integration/send_test.c",
    "cli/tail.c": "needs a cluster: tests/integration/tail_test.c",
    "cli/tail_line.c": "needs a registry: tests/integration/tail_test.c",
    "cli/tail_values.c": "needs a registry: tests/integration/tail_test.c",
    "demo/traffic_sinks.c": "needs a cluster: tests/integration/generate_test.c",
    "stream/replay_broker.c": "tests/unit/stream_replay_test.c writes through it",
    "base/secret_file.c": "tests/unit/store_token_test.c and ops_bearer_test.c read files with it",
    "cli/inspect*.c": "tests/e2e/operators_test.c inspects a running service and a dead one",
    "cli/operators.c": "hands callbacks on: tests/integration/demo_test.c and tests/e2e run it",
    "ops/assets.c": "tests/unit/ops_endpoint_test.c fetches all of them",
    "ops/feed.c": "tests/unit/ops_endpoint_test.c, over sockets",
    "ops/lookups.c": "tests/unit/ops_endpoint_test.c, over sockets",
    "ops/site.c": "tests/unit/ops_endpoint_test.c, over sockets; tests/fuzz/http_fuzz.c",
    "stream/inquiry.c": "tests/unit/stream_report_test.c looks cards up with it",
    "stream/service.c": "threads around stream/worker.c: tests/e2e run it",
    "config/check.c": "tests/unit/config_config_test.c has the whole reports",
    "config/draft.c": "tests/unit/config_config_test.c has the whole configurations",
    "broker/kafka_*.c": "needs a cluster: tests/integration/broker_*_test.c and tests/e2e",
    "broker/broker_kafka*.c": "needs a cluster: tests/integration/broker_*_test.c and tests/e2e",
}

FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
TEXT = (".c", ".h", ".py", ".sh", ".md", ".avsc", ".yaml", ".yml", ".json", ".xml")
SPDX = "SPDX-License-Identifier: Apache-2.0"

# Paths of somebody's machine: nothing in the tree may depend on them.
MACHINE_PATHS = re.compile(r"(?<![\w.$])(?:~|/home/\w+|/root|/Users/\w+|/work)/\w")

findings = {}  # rule -> list of lines


def finding(rule, path, line, text):
    findings[rule].append(f"{path}:{line}: {text}")


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def tree():
    """The files of the tree: what git tracks or would track; without git, what is there."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], check=True,
                                capture_output=True).stdout.decode().split("\0")
        return sorted(path for path in listed if path and os.path.isfile(path))
    except (OSError, subprocess.CalledProcessError):
        pass
    paths = []
    for folder, folders, names in os.walk("."):
        folders[:] = [f for f in folders if f != ".git" and not f.startswith("build")]
        paths += [os.path.normpath(os.path.join(folder, name)) for name in names]
    return sorted(paths)


def without_comments(text):
    """C source with comments and the insides of strings blanked, line numbers kept."""
    def blank(match):
        found = match.group(0)
        if found.startswith("/"):
            return "\n" * found.count("\n") + " "
        return found[0] + found[0]
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)


def lines_of(text):
    return enumerate(text.split("\n"), 1)


def includes(path):
    """(line number, '<' or '"', header) of each include."""
    for number, line in lines_of(read(path)):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1), match.group(2)


def sources(paths):
    return [p for p in paths if p.endswith((".c", ".h"))]


def folder_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "src" else None


def check_layers(rule, paths):
    for path in sources(paths):
        folder = folder_of(path)
        if folder is None:
            continue
        if folder not in LAYERS:
            finding(rule, path, 1, f"src/{folder} has no place in the layers")
            continue
        for number, kind, header in includes(path):
            other = header.split("/")[0]
            if kind != '"' or other == folder:
                continue
            if other not in LAYERS or LAYERS[other] >= LAYERS[folder]:
                finding(rule, path, number, f"{folder} may not include {header}")


def check_third_party(rule, paths):
    for path in sources(paths):
        if not path.startswith("src/"):
            continue
        for number, _, header in includes(path):
            for prefix, folders in THIRD_PARTY.items():
                if header.startswith(prefix) and folder_of(path) not in folders:
                    finding(rule, path, number,
                            f"<{header}> belongs in {' and '.join('src/' + f for f in folders)}")


def check_banned_calls(rule, paths):
    call = re.compile(r"(?<![\w.>])(" + "|".join(BANNED_CALLS) + r")\s*\(")
    for path in sources(paths):
        for number, line in lines_of(without_comments(read(path))):
            for match in call.finditer(line):
                finding(rule, path, number, f"{match[1]}: {BANNED_CALLS[match[1]]}")


def check_functions(rule, paths):
    for path in sources(paths):
        start = None
        for number, line in lines_of(read(path)):
            if line == "{":
                start = number
            elif line.startswith("}") and start is not None:
                length = number - start + 1
                if length > FUNCTION_LINES_MAX:
                    finding(rule, path, start,
                            f"function of {length} lines (at most {FUNCTION_LINES_MAX})")
                start = None


def check_width(rule, paths):
    for path in paths:
        if not (path.endswith((".c", ".h", ".py", ".sh")) or is_script(path)):
            continue
        for number, line in lines_of(read(path)):
            if len(line) > COLUMNS_MAX:
                finding(rule, path, number, f"{len(line)} columns (at most {COLUMNS_MAX})")


def is_script(path):
    if "." in os.path.basename(path):
        return False
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def check_spdx(rule, paths):
    for path in paths:
        head = read(path).split("\n")[:2]
        if path.endswith((".c", ".h")):
            if head[0] != f"// {SPDX}":
                finding(rule, path, 1, f"the first line must be '// {SPDX}'")
        elif path == "Makefile" or path.endswith((".py", ".sh")) or is_script(path):
            if f"# {SPDX}" not in head:
                finding(rule, path, 1, f"'# {SPDX}' must stand in the first two lines")


def check_unit_tests(rule, paths):
    tests = [p for p in paths if p.startswith("tests/unit/")]
    modules = [p[len("src/"):] for p in paths if p.startswith("src/") and p.endswith(".c")]
    for module in modules:
        name = module[:-2].replace("/", "_")
        tested = any(fnmatch.fnmatch(t, f"tests/unit/{name}_test.c") or
                     fnmatch.fnmatch(t, f"tests/unit/{name}_*_test.c") for t in tests)
        if tested or any(fnmatch.fnmatch(module, pattern) for pattern in TESTED_ELSEWHERE):
            continue
        finding(rule, f"src/{module}", 1,
                f"no tests/unit/{name}_test.c (or a reason in tests/tidy/tidy.py)")


def check_headers(rule, paths):
    for path in paths:
        if not path.endswith(".h"):
            continue
        text = read(path)
        short = path[len("src/"):] if path.startswith("src/") else path[len("tests/"):]
        guard = re.sub(r"\W", "_", short).upper()
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            finding(rule, path, 1, f"the include guard must be {guard}")
        for number, line in lines_of(text):
            if line.startswith("typedef struct") or line.startswith("typedef enum"):
                finding(rule, path, number, "no typedef of structs and enums")


def check_blanks(rule, paths):
    for path in paths:
        if path == "LICENSE" or path.startswith("tests/data/"):
            continue
        if not (path.endswith(TEXT) or path == "Makefile" or is_script(path)):
            continue
        text = read(path)
        for number, line in lines_of(text):
            if line != line.rstrip():
                finding(rule, path, number, "blanks at the end of the line")
        if text and not text.endswith("\n"):
            finding(rule, path, text.count("\n") + 1, "no newline at the end of the file")


def check_stands_alone(rule, paths):
    """Nothing refers to a machine's paths, or to a document that is not here."""
    documents = {os.path.basename(p) for p in paths if p.endswith(".md")}
    for path in paths:
        if path == "tests/tidy/tidy.py" or path.startswith("tests/data/"):
            continue
        if not (path.endswith(TEXT) or path == "Makefile" or is_script(path)):
            continue
        for number, line in lines_of(read(path)):
            match = MACHINE_PATHS.search(line)
            if match:
                finding(rule, path, number, f"'{match[0]}' is a path of one machine")
            for out in re.findall(r"(?<![\w./])(?:\.\./)+\w+", line):
                if not os.path.exists(os.path.join(os.path.dirname(path), out)):
                    finding(rule, path, number, f"{out} is not in the tree")
            for name in re.findall(r"\b[A-Za-z][\w-]*\.md\b", line):
                if name not in documents:
                    finding(rule, path, number, f"{name} is not in the tree")


RULES = [
    ("includes point one way", check_layers),
    ("third-party headers stay in their folder", check_third_party),
    ("no banned call", check_banned_calls),
    ("functions are short", check_functions),
    ("lines are short", check_width),
    ("licence lines", check_spdx),
    ("each module has a unit test", check_unit_tests),
    ("headers are guarded, structs are no typedefs", check_headers),
    ("no trailing blanks", check_blanks),
    ("the tree stands alone", check_stands_alone),
]


def main():
    paths = tree()
    for rule, check in RULES:
        findings[rule] = []
        check(rule, paths)
        for line in findings[rule]:
            print(line)
        print(f"{'not ok' if findings[rule] else 'ok'}: {rule}")
    failed = sum(1 for lines in findings.values() if lines)
    print(f"{len(RULES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
