"""Files of logs are followed: each line is kept once, whatever becomes of the file, and nothing odd ends it."""

from __future__ import annotations

import gzip
import logging
import os
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Any

import pytest

from outrider.telemetry import AttributeReader, FilePattern, LogFollower, SpoolFull

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from outrider.model import LogRecord


class Desk:
    """A folder of logs, and what was kept of it."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "logs"
        self.folder.mkdir()
        self.records: list[LogRecord] = []
        self.reader = AttributeReader()
        self.memory = root / "followed.json"
        self.is_full = False
        self.followers: list[LogFollower] = []

    def keep(self, records: Sequence[LogRecord], size: int) -> str:
        if self.is_full:
            raise SpoolFull("full")
        self.records += records
        return ""

    def follow(self, name: str = "*.log", **options: Any) -> LogFollower:
        patterns = [FilePattern(str(self.folder / name))]
        follower = LogFollower(patterns, self.keep, self.reader, self.memory, **options)
        self.followers.append(follower)
        follower._search_due_s = 0.0
        look(follower)
        return follower

    def write(self, text: str | bytes, name: str = "shop.log") -> None:
        with (self.folder / name).open("ab") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    @property
    def bodies(self) -> list[str]:
        return [record.body for record in self.records]


def look(follower: LogFollower, times: int = 2) -> None:
    """Look, and once more, since the last record waits for what could belong to it."""
    for _ in range(times):
        follower._search_due_s = 0.0
        follower.look()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    for follower in made.followers:
        follower.close()


def test_what_is_appended_is_kept_with_its_stack(desk: Desk) -> None:
    """Lines of text with time and level, a stack as one record, JSON by its names; what stood there before is not."""
    desk.write("2026-11-29 03:00:00 INFO old\n")
    follower = desk.follow()
    desk.write(
        "2026-11-29T03:54:11.250Z ERROR payment refused trace_id=4bf92f3577b34da6a3ce929d0e0e4736\n"
        "Traceback (most recent call last):\n  File 'pay.py', line 7, in pay\nKeyError: 'card'\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        "Traceback (most recent call last):\n  File 'pay.py', line 9, in pay\nValueError: no card\n"
        '{"level":"warn","ts":"2026-11-29T03:54:12Z","msg":"slow","service":"cart","ms":812,"password":"hunter2"}\n'
        "plain\n"
    )

    look(follower)

    error, slow, plain = desk.records
    assert (error.severity_number, error.service) == (17, "shop")
    assert error.body.startswith("2026-11-29T03:54:11.250Z ERROR payment refused")
    assert error.body.endswith("ValueError: no card")
    assert error.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert (slow.body, slow.service, slow.severity_number) == ("slow", "cart", 13)
    assert slow.attributes == {"ms": "812", "password": "***", "log.file.path": str(desk.folder / "shop.log")}
    assert slow.time_ns - error.time_ns == 750_000_000
    assert (plain.body, plain.severity_number) == ("plain", 0)


def test_lines_of_one_second_stay_in_their_order(desk: Desk) -> None:
    """Over two readings, too; records are sorted by their time, and by nothing else that tells it."""
    follower = desk.follow()
    written = [f'{{"ts":"2026-11-29T03:54:12Z","msg":"{9 - number}"}}\n' for number in range(6)]
    for lines in (written[:4], written[4:]):
        desk.write("".join(lines))
        look(follower)

    in_time = sorted(desk.records, key=lambda record: (record.time_ns, record.body))

    assert [record.body for record in in_time] == ["9", "8", "7", "6", "5", "4"]
    assert in_time[-1].time_ns - in_time[0].time_ns < 1_000


@pytest.mark.parametrize(
    ("word", "number"), [("notice", 10), ("warning", 13), ("ERR", 17), ("crit", 18), ("CRITICAL", 21), ("emerg", 21)]
)
def test_levels_are_known_by_the_names_that_loggers_give_them(desk: Desk, word: str, number: int) -> None:
    """As OpenTelemetry maps those of syslog and of Python, whose CRITICAL is fatal."""
    follower = desk.follow()
    desk.write(f'{{"level":"{word}","msg":"x"}}\n')
    look(follower)

    assert [(record.severity_text, record.severity_number) for record in desk.records] == [(word, number)]


def test_a_log_that_rotates_loses_and_doubles_nothing(desk: Desk) -> None:
    """Of Python's own handler, which renames files, over a restart in the middle; what is kept is in order."""
    follower = desk.follow("shop.log")
    handler = RotatingFileHandler(desk.folder / "shop.log", maxBytes=2_000, backupCount=50)
    logger = logging.Logger("shop")
    logger.addHandler(handler)
    for number in range(600):
        logger.warning("order %d", number)
        if number % 40 == 0 and not 180 < number < 300:
            follower._search_due_s = 0.0
            follower.look()
        if number == 180:
            follower.close()
        if number == 300:  # a rename lies in between
            follower = desk.follow("shop.log")
    handler.close()
    look(follower, 15)

    assert sorted(desk.bodies, key=lambda body: int(body.split()[1])) == [f"order {number}" for number in range(600)]
    assert len(follower._files) == 1


def test_a_restart_goes_on_where_the_last_one_ended(desk: Desk) -> None:
    """A line that was written in between is kept once; a memory that is damaged begins at the end."""
    desk.write("first\n")
    desk.follow(from_beginning=True).close()
    desk.write("second\n")
    desk.follow().close()
    desk.memory.write_text("{damaged")
    desk.write("lost\n")
    look(desk.follow())

    assert desk.bodies == ["first", "second"]


def test_a_file_that_is_written_anew_is_read_from_its_beginning(desk: Desk) -> None:
    """Truncated to less than before (logrotate's copytruncate), and to more in one go."""
    follower = desk.follow()
    desk.write("one\ntwo\n")
    look(follower)
    (desk.folder / "shop.log").write_text("three\n")
    look(follower)
    (desk.folder / "shop.log").write_text("four\nfive\nsix\nseven\n")
    look(follower)

    assert desk.bodies == ["one", "two", "three", "four", "five", "six", "seven"]
    assert desk.reader.tally.counts()["log files written anew"] == 2


def test_a_file_that_is_deleted_and_comes_back_is_read_from_its_beginning(desk: Desk) -> None:
    """What its writer still had to say is kept, too; so it is where nobody looked, and the inode may be the same."""
    follower = desk.follow()
    desk.write("one\n")
    look(follower)
    with (desk.folder / "shop.log").open("a") as writer:
        (desk.folder / "shop.log").unlink()
        writer.write("two\n")
    look(follower)
    desk.write("three\n")
    look(follower, 15)
    assert len(follower._files) == 1
    follower.close()
    (desk.folder / "shop.log").unlink()
    desk.write("four, longer than what was there\n")
    look(desk.follow())

    assert desk.bodies == ["one", "two", "three", "four, longer than what was there"]


def test_what_is_no_log_ends_nothing(desk: Desk) -> None:
    """A pipe, a folder, a packed file, a loop of links, one that may not be read, and one that is deleted."""
    os.mkfifo(desk.folder / "pipe.log")
    (desk.folder / "folder.log").mkdir()
    (desk.folder / "old.log.gz").write_bytes(gzip.compress(b"packed\n", mtime=0))
    (desk.folder / "loop.log").symlink_to(desk.folder / "loop.log")
    follower = desk.follow("*log*")
    desk.write("first\nlast word")
    look(follower)
    (desk.folder / "shop.log").unlink()
    os.mkfifo(desk.folder / "shop.log")
    look(follower, 15)

    assert desk.bodies == ["first", "last word"]
    assert follower._files == {}


def test_bytes_of_any_kind_become_text(desk: Desk) -> None:
    """Latin-1, binary data, colours of a terminal, JSON with half a character, JSON nested beyond reason."""
    follower = desk.follow()
    desk.write(b"caf\xe9 closed\n\x00\xff\xfe\x01\n\x1b[31mERROR\x1b[0m red\n")
    desk.write('{"msg":"half \\ud800 a character"}\n' + '{"a":' * 5_000 + "\n")
    look(follower)

    assert desk.bodies[0] == "café closed"
    assert (desk.bodies[2], desk.records[2].severity_number) == ("ERROR red", 17)
    assert desk.bodies[3] == "half � a character"
    assert all(body.encode() and body.isprintable() for body in desk.bodies)
    assert len(desk.bodies) == 5


def test_a_line_without_end_takes_bounded_memory(desk: Desk) -> None:
    """It is cut into pieces, of each of which the beginning is kept."""
    follower = desk.follow()
    desk.write(b"x" * 3_000_000 + b"\nnext\n")
    look(follower, 3)

    assert desk.bodies[-1] == "next"
    assert max(len(body) for body in desk.bodies) == desk.reader.limits.text_characters


def test_while_there_is_no_room_files_wait(desk: Desk) -> None:
    """What cannot be kept is read again later."""
    follower = desk.follow()
    desk.write("waits\n")
    desk.is_full = True
    look(follower)
    assert desk.bodies == []

    desk.is_full = False
    look(follower)
    assert desk.bodies == ["waits"]
