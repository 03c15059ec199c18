"""What the README shows, runs: its Python as it stands, its commands by name."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELLS = {"bash", "console", "sh", "shell"}
PAGES = ("README.md", "CONTRIBUTING.md")


class Block(NamedTuple):
    """A fenced block and the line of the page on which its text starts."""

    language: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(match[1], match[2], text.count("\n", 0, match.start(2)))
        for match in FENCE.finditer(text)
    ]


def commands(page: str) -> list[list[str]]:
    """Words of each shell line, without prompt, comment and leading assignments."""
    lines = [
        line.removeprefix("$ ")
        for block in blocks(page)
        if block.language in SHELLS
        for line in block.text.replace("\\\n", " ").splitlines()
    ]
    words = [shlex.split(line, comments=True) for line in lines]
    return [drop_assignments(line) for line in words if line]


def drop_assignments(words: list[str]) -> list[str]:
    while words and re.match(r"\w+=", words[0]):
        words = words[1:]
    return words


def make_targets() -> list[str]:
    return sorted(
        {
            word
            for page in PAGES
            for line in commands(page)
            if line[:1] == ["make"]
            for word in line[1:]
            if "=" not in word
        }
    )


def benchmark_commands() -> list[str]:
    return sorted(
        {
            shlex.join(line[line.index("benchmarks") + 1 :])
            for page in PAGES
            for line in commands(page)
            if line[1:3] == ["-m", "benchmarks"]
        }
    )


def test_python_blocks_run_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "readme"}
    python = [block for block in blocks("README.md") if block.language == "python"]
    assert python
    for block in python:
        source = "\n" * block.line + block.text  # tracebacks show the page's lines
        exec(compile(source, "README.md", "exec"), namespace)


@pytest.mark.parametrize("target", make_targets())
def test_make_target_exists(target):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("command", benchmark_commands())
def test_benchmark_command_is_understood(command):
    # argparse reads the options before --help, so a wrong choice fails here too.
    words = [*shlex.split(command), "--help"]
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert options <= set(re.findall(r"--[\w-]+", process.stdout))
