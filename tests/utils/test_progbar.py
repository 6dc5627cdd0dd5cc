"""The progress bar: in place on a terminal, one line elsewhere.

The expected terminal lines are what Keras 3.15.1 wrote to a terminal with the same
clock, less the backspaces before each redrawing and an empty coloured part at the end.
"""

import io as streams
import os
import re
import struct
from types import SimpleNamespace

import numpy as np
import pytest

from kerasish.utils import io, progbar
from kerasish.utils.progbar import Progbar

# Pseudo-terminals exist on POSIX only.
fcntl = pytest.importorskip("fcntl", reason="pseudo-terminals need POSIX")
pty = pytest.importorskip("pty", reason="pseudo-terminals need POSIX")
termios = pytest.importorskip("termios", reason="pseudo-terminals need POSIX")

FULL = "━" * 20
BOLD, GREEN, WHITE, END = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    fake = Clock()
    monkeypatch.setattr(progbar, "monotonic", fake)
    return fake


def set_stdout(monkeypatch, stream):
    # Not `sys.stdout` itself: pytest sets that anew between a fixture and its test.
    monkeypatch.setattr(io, "sys", SimpleNamespace(stdout=stream))


class Terminal:
    """Standard output on a pseudo-terminal of our own."""

    def __init__(self, monkeypatch):
        self.master, slave = pty.openpty()
        self.stream = os.fdopen(slave, "w", encoding="utf-8", newline="")
        self.resize(80)
        set_stdout(monkeypatch, self.stream)
        monkeypatch.setenv("TERM", "xterm-256color")

    def resize(self, columns):
        size = struct.pack("HHHH", 24, columns, 0, 0)
        fcntl.ioctl(self.stream.fileno(), termios.TIOCSWINSZ, size)

    def read(self):
        """Return what came out since the last call; line ends as they were written."""
        self.stream.write("\x00")  # so that there is always something to wait for
        self.stream.flush()
        received = b""
        while not received.endswith(b"\x00"):
            received += os.read(self.master, 65536)
        return received[:-1].decode().replace("\r\n", "\n")

    def close(self):
        self.stream.close()
        os.close(self.master)


@pytest.fixture
def terminal(monkeypatch):
    fake = Terminal(monkeypatch)
    yield fake
    fake.close()


@pytest.fixture
def log(monkeypatch):
    stream = streams.StringIO()
    set_stdout(monkeypatch, stream)
    return stream


def plain(text):
    return re.sub("\x1b\\[\\d+m|━", "", text)


def run(bar, clock, num_steps, seconds=1.0):
    for step in range(num_steps):
        clock.now += seconds
        bar.update(step + 1, [("loss", step + 1.0), ("acc", 0.5)])


def test_terminal_bytes(terminal, clock):
    run(Progbar(5), clock, 5)
    lines = terminal.read().split("\r")
    assert lines == [
        "",
        f"{BOLD}1/5{END} {GREEN}{'━' * 4}{END}{WHITE}{'━' * 16}{END} {BOLD}4s{END} "
        "1s/step - loss: 1.0000 - acc: 0.5000",
        f"{BOLD}2/5{END} {GREEN}{'━' * 8}{END}{WHITE}{'━' * 12}{END} {BOLD}3s{END} "
        "1s/step - loss: 1.5000 - acc: 0.5000",
        f"{BOLD}3/5{END} {GREEN}{'━' * 12}{END}{WHITE}{'━' * 8}{END} {BOLD}2s{END} "
        "1s/step - loss: 2.0000 - acc: 0.5000",
        f"{BOLD}4/5{END} {GREEN}{'━' * 16}{END}{WHITE}{'━' * 4}{END} {BOLD}1s{END} "
        "1s/step - loss: 2.5000 - acc: 0.5000",
        f"{BOLD}5/5{END} {GREEN}{FULL}{END} {BOLD}5s{END} "
        "1s/step - loss: 5.0000 - acc: 0.5000\n",
    ]


def test_it_is_redrawn_once_an_interval(terminal, clock):
    run(Progbar(100, interval=0.05), clock, 100, seconds=0.0101)
    # The first at once, then every fifth step, and the last: 1, 6, 11, ..., 96, 100.
    assert terminal.read().count("\r") == 21


def test_unknown_target(terminal, clock):
    bar = Progbar(None)
    run(bar, clock, 2)
    bar.target = 2
    bar.update(2, [("loss", 3.0)], finalize=True)
    assert plain(terminal.read()).split("\r") == [
        "",
        "      1/Unknown 1s 1s/step - loss: 1.0000 - acc: 0.5000",
        "      2/Unknown 2s 1s/step - loss: 1.5000 - acc: 0.5000",
        "2/2  2s 1s/step - loss: 3.0000 - acc: 0.5000\n",
    ]


@pytest.mark.parametrize("target", [0, -1])
def test_no_target_is_unknown(target, terminal, clock):
    Progbar(target).update(0, [("loss", 1.0)], finalize=True)
    expected = "\r      0/Unknown 0s 0s/step - loss: 1.0000\n"
    assert plain(terminal.read()) == expected


def test_what_is_left_of_a_longer_line_is_blanked(terminal, clock):
    bar = Progbar(3, stateless_metrics=[])
    bar.update(1, [("loss", 1000.0)])
    clock.now += 1
    bar.update(2, [("loss", 1.0)])
    _, first, second = plain(terminal.read()).split("\r")
    assert len(second) == len(first)
    assert second.endswith("loss: 1.0000   ")


@pytest.mark.parametrize("columns", [79, 60, 30, 12, 2, 1])
def test_a_moving_line_is_never_wider_than_the_terminal(columns, terminal, clock):
    terminal.resize(columns)
    bar = Progbar(1000)
    for step in (1, 40, 400):
        clock.now += 1
        bar.update(step, [(f"metric_{i}", 1.0) for i in range(8)])
    for line in terminal.read().split("\r"):
        assert len(re.sub("\x1b\\[\\d+m", "", line)) < max(columns, 1)


def test_the_bar_shrinks_before_the_metrics_are_cut(terminal, clock):
    terminal.resize(60)
    run(Progbar(5), clock, 1)
    text = re.sub("\x1b\\[\\d+m", "", terminal.read())
    assert text == "\r1/5 " + "━" * 15 + " 4s 1s/step - loss: 1.0000 - acc: 0.5000"
    assert len(text) == 60  # with the carriage return, so one column is free


def test_the_last_line_is_whole_however_narrow(terminal, clock):
    terminal.resize(20)
    run(Progbar(1), clock, 1)
    text = re.sub("\x1b\\[\\d+m", "", terminal.read())
    assert text == f"\r1/1 {FULL} 1s 1s/step - loss: 1.0000 - acc: 0.5000\n"


def test_a_terminal_that_was_resized(terminal, clock):
    bar = Progbar(3)
    run(bar, clock, 1)
    terminal.resize(30)
    clock.now += 1
    bar.update(2)
    last = terminal.read().split("\r")[-1]
    # It may end in blanks over the wider line before.
    assert len(re.sub("\x1b\\[\\d+m", "", last).rstrip()) < 30


def test_more_than_the_target(terminal, clock):
    bar = Progbar(2)
    clock.now += 3
    bar.update(3)
    assert terminal.read() == (
        f"\r{BOLD}3/2{END} {GREEN}{FULL}{END} {BOLD}3s{END} 1s/step\n"
    )


def test_ascii_terminal(monkeypatch, clock):
    class AsciiTerminal(streams.TextIOWrapper):
        def isatty(self):
            return True

    raw = streams.BytesIO()
    set_stdout(monkeypatch, AsciiTerminal(raw, encoding="ascii"))
    monkeypatch.setenv("TERM", "xterm")
    bar = Progbar(2)
    clock.now += 1
    bar.update(1)
    text = re.sub("\x1b\\[\\d+m", "", raw.getvalue().decode("ascii"))
    assert text == "\r1/2 ==========.......... 1s 1s/step"


@pytest.mark.parametrize("verbose", [1, 2])
def test_elsewhere_one_line_when_it_is_done(verbose, log, clock):
    run(Progbar(5, verbose=verbose), clock, 5)
    assert log.getvalue() == "5/5 - 5s - 1s/step - loss: 5.0000 - acc: 0.5000\n"


def test_a_label_stands_before_that_line(log, clock):
    bar = Progbar(1)
    bar.label = "Epoch 2/3"
    run(bar, clock, 1)
    assert log.getvalue() == (
        "Epoch 2/3 - 1/1 - 1s - 1s/step - loss: 1.0000 - acc: 0.5000\n"
    )


def test_elsewhere_with_unknown_target(log, clock):
    bar = Progbar(None)
    run(bar, clock, 2)
    assert log.getvalue() == ""
    bar.update(2, finalize=True)
    assert log.getvalue() == "2/Unknown - 2s - 1s/step - loss: 1.5000 - acc: 0.5000\n"


def test_verbose_2_on_a_terminal(terminal, clock):
    run(Progbar(2, verbose=2), clock, 2)
    assert terminal.read() == "2/2 - 2s - 1s/step - loss: 2.0000 - acc: 0.5000\n"


def test_verbose_0_shows_nothing(terminal, clock):
    run(Progbar(3, verbose=0), clock, 3)
    assert terminal.read() == ""


def test_closed_output_does_not_stop_the_work(monkeypatch, clock):
    stream = streams.StringIO()
    stream.close()
    set_stdout(monkeypatch, stream)
    run(Progbar(3), clock, 3)


def shown_values(terminal):
    return re.findall(r"(\w+): (\S+)", plain(terminal.read()))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({}, [("a", "1.5000"), ("b", "1.5000")]),
        ({"stateful_metrics": ["a"]}, [("a", "2.0000"), ("b", "1.5000")]),
        ({"stateless_metrics": ["a"]}, [("a", "1.5000"), ("b", "2.0000")]),
        ({"stateless_metrics": []}, [("a", "2.0000"), ("b", "2.0000")]),
    ],
)
def test_which_metrics_are_averaged(names, expected, terminal, clock):
    bar = Progbar(9, interval=0, **names)
    bar.update(1, [("a", 1.0), ("b", 1.0)])
    bar.update(2, [("a", 2.0), ("b", 2.0)])
    assert shown_values(terminal)[2:] == expected


def test_averages_weigh_by_the_units_done(terminal, clock):
    bar = Progbar(9, interval=0)
    bar.update(2, [("a", 1.0)])
    bar.update(3, [("a", 2.0)])  # (2 * 1 + 1 * 2) / 3
    bar.update(3, [("a", 4.0)])  # no progress counts as one unit
    assert shown_values(terminal) == [("a", "1.0000"), ("a", "1.3333"), ("a", "2.0000")]


def test_the_last_values_are_shown_as_they_are(log, clock):
    bar = Progbar(2)
    bar.update(1, [("a", 1.0)])
    bar.update(2, [("a", 2.0), ("b", 3.0)])
    assert log.getvalue().endswith(" - a: 2.0000 - b: 3.0000\n")


def test_add(log, clock):
    bar = Progbar(4)
    bar.add(1, [("a", 1.0)])
    bar.add(3, [("a", 2.0)])
    assert log.getvalue() == "4/4 - 0s - 0s/step - a: 2.0000\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.3, "0.3000"),
        (123456.789, "123456.7890"),
        (-0.3, "-0.3000"),
        (0.001, "1.0000e-03"),
        (-5e-4, "-5.0000e-04"),
        (0, "0.0000e+00"),
        (1, "1.0000"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (np.float32(1.5), "1.5000"),
        (np.array(3.0), "3.0000"),
        (np.array([1.0, 2.0]), "1.5000"),
    ],
)
def test_numbers(value, expected, log, clock):
    Progbar(1).update(1, [("a", value)])
    assert log.getvalue() == f"1/1 - 0s - 0s/step - a: {expected}\n"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0s 0s/step"),
        (25e-6, "0s 25us/step"),
        (0.6, "1s 600ms/step"),
        (1.7, "3s 2s/step"),
        (60.0, "2:00 60s/step"),
        (61.5, "2:03 62s/step"),
        (1800.0, "60:00 1800s/step"),
        (1801.0, "1:00:02 1801s/step"),
        (350000.0, "194:26:40 350000s/step"),
    ],
)
def test_times(seconds, expected, terminal, clock):
    bar = Progbar(3)
    clock.now += seconds
    bar.update(1)
    assert plain(terminal.read()) == f"\r1/3  {expected}"


def test_the_first_step_does_not_count_for_the_speed(log, clock):
    bar = Progbar(3)
    clock.now += 10  # it warms up
    bar.update(1)
    clock.now += 1
    bar.update(2)
    clock.now += 2
    bar.update(3)
    assert log.getvalue() == "3/3 - 13s - 2s/step\n"


def test_unit_name(log, clock):
    clock.now += 1
    bar = Progbar(1, unit_name="file")
    clock.now += 2
    bar.update(1)
    assert log.getvalue() == "1/1 - 2s - 2s/file\n"


def test_both_lists_of_metrics():
    message = "Only one of `stateful_metrics` or `stateless_metrics`"
    with pytest.raises(ValueError, match=message):
        Progbar(1, stateful_metrics=["a"], stateless_metrics=["b"])
