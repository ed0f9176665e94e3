"""The command iru-mcp. Begin here: argv is read into flags and settings, and one verb's module runs.

Each verb is a module of this folder named after it, with `run(options, settings) -> exit code`; it is imported when its
verb is asked for, so that no start pays for another verb. Only this package prints and exits.
"""

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn, TextIO

from .. import __version__
from ..config.settings import FIELDS, read, unknown
from ..errors import ConfigError, IruError, UsageError, reader_has_left
from .flags import VERBS, add_flags


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message[:1].upper() + message[1:] + ".", f"See {self.prog} --help.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb. 0: done; 1: it did not work; 2: wrong verb, flag, setting or argument; 130: stopped by Ctrl-C."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # Pipes and files get UTF-8 and plain line ends, whatever this machine's code page is: names have letters of all
        # scripts. A terminal keeps the encoding that Python chose for it.
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(encoding="utf-8", newline="\n")
    try:
        return _until_written(words)
    finally:
        try:
            if sys.stderr is not None:
                sys.stderr.flush()
        except OSError:  # nobody reads it; what it still holds would fail again at the exit, which would then be 120
            _discard(sys.stderr)


def _until_written(words: list[str]) -> int:
    """Run one verb and flush stdout: an error of the flush at the interpreter's exit could not be caught."""
    try:
        try:
            return _main(words)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except OSError as error:
        if not reader_has_left(error):
            print(f"iru-mcp: {error.filename or 'output'}: {error.strerror or error}.", file=sys.stderr)
        _discard(sys.stdout)
        return 1


def _main(words: list[str]) -> int:
    try:
        options = parse(words)
        flags = {name: getattr(options, name) for name in FIELDS if hasattr(options, name)}
        settings = read(flags, env_file=options.env_file)
        for warning in unknown():
            print(f"iru-mcp: {warning}", file=sys.stderr)
        return int(import_module(f".{options.verb.replace('-', '_')}", __package__).run(options, settings))
    except IruError as error:
        print(f"iru-mcp: {error}", file=sys.stderr)
        return 2 if isinstance(error, (UsageError, ConfigError)) else 1
    except KeyboardInterrupt:
        print("\niru-mcp: stopped.", file=sys.stderr)
        return 130


def _discard(stream: TextIO) -> None:
    """Let `stream`, which nobody reads any more, write to the null device: so the interpreter's last flush cannot
    fail."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def parse(words: list[str]) -> argparse.Namespace:
    """The words as options; `serve` is meant where no verb is given. Raises UsageError saying what is valid."""
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help", "--version")):
        words = ["serve", *words]
    if words[0] not in VERBS and not words[0].startswith("-"):
        raise UsageError(f"There is no verb '{words[0][:40]}'.", f"Valid: {', '.join(VERBS)}.")
    options, unknown = _parser(words[0]).parse_known_args(words)
    if unknown := _take_arguments(options, unknown):
        flags = sorted(flag for flag in options.parser._option_string_actions if flag.startswith("--"))  # noqa: SLF001 - no other way
        raise UsageError(f"{options.verb} takes no '{unknown[0][:40]}'.", f"Valid: {', '.join(flags)}.")
    return options


def _take_arguments(options: argparse.Namespace, words: list[str]) -> list[str]:
    """Add positional arguments that argparse left over: it takes them in one run, and people write flags between
    them. Returns the words that are no arguments."""
    many = {"call": "arguments", "view": "arguments", "setup": "clients"}.get(options.verb)
    if many:
        getattr(options, many).extend(word for word in words if not word.startswith("-"))
    return [word for word in words if not many or word.startswith("-")]


def _parser(first: str) -> argparse.ArgumentParser:
    """What reads words that begin with `first`: one verb with its flags, or for the help all verbs without theirs.

    A verb has some fifty flags; those of all verbs would take longer to make than most of a start.
    """
    parser = _Parser(prog="iru-mcp", description="Read-only Iru tools for AI agents.")
    parser.add_argument("--version", action="version", version=f"iru-mcp {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=_Parser)
    if first in VERBS:
        one = verbs.add_parser(first, description=VERBS[first], allow_abbrev=False)
        add_flags(one, first)
        one.set_defaults(parser=one)
    else:
        for verb, text in VERBS.items():
            verbs.add_parser(verb, help=text)
    return parser
