"""Messages: where they go, and that no broken output stream can hurt."""

import io as streams
import logging
import sys

import pytest

from kerasish.utils import io


@pytest.fixture
def switched_off():
    io.disable_interactive_logging()
    yield
    io.enable_interactive_logging()


def ascii_stdout(monkeypatch):
    raw = streams.BytesIO()
    monkeypatch.setattr(sys, "stdout", streams.TextIOWrapper(raw, encoding="ascii"))
    return raw


class FakeTerminal(streams.StringIO):
    def isatty(self):
        return True


def test_messages_go_to_standard_output(capsys):
    io.print_msg("one")
    io.print_msg("two", line_break=False)
    assert capsys.readouterr().out == "one\ntwo"


@pytest.mark.usefixtures("switched_off")
def test_messages_go_to_the_log_when_switched_off(capsys, caplog):
    with caplog.at_level(logging.INFO, logger="kerasish"):
        io.print_msg("\nEpoch 1: something")
    assert capsys.readouterr().out == ""
    assert caplog.record_tuples == [("kerasish", logging.INFO, "Epoch 1: something")]


def test_switch():
    assert io.is_interactive_logging_enabled()
    io.disable_interactive_logging()
    assert not io.is_interactive_logging_enabled()
    io.enable_interactive_logging()
    assert io.is_interactive_logging_enabled()


def test_characters_that_the_encoding_lacks_are_replaced(monkeypatch):
    raw = ascii_stdout(monkeypatch)
    io.write("größer ━\n")
    assert raw.getvalue() == b"gr??er ?\n"


def test_can_encode(monkeypatch):
    ascii_stdout(monkeypatch)
    assert io.can_encode("=")
    assert not io.can_encode("━")


def test_a_stream_without_encoding_takes_everything(monkeypatch):
    monkeypatch.setattr(sys, "stdout", streams.StringIO())
    assert io.can_encode("━")


def test_an_unknown_encoding_takes_nothing(monkeypatch):
    class Strange(streams.StringIO):
        encoding = "no-such-encoding"

    monkeypatch.setattr(sys, "stdout", Strange())
    assert not io.can_encode("━")


def test_closed_output_is_ignored(monkeypatch):
    stream = streams.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stdout", stream)
    io.write("lost")
    assert not io.can_redraw()
    assert io.terminal_columns() is None


def test_missing_output_is_ignored(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    io.write("lost")
    assert not io.can_redraw()
    assert io.terminal_columns() is None


def test_a_full_disk_is_ignored(monkeypatch):
    class Full(streams.StringIO):
        def flush(self):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    io.write("lost")


def test_lines_are_redrawn_on_a_terminal_only(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", streams.StringIO())
    assert not io.can_redraw()
    monkeypatch.setattr(sys, "stdout", FakeTerminal())
    assert io.can_redraw()
    monkeypatch.setenv("TERM", "dumb")
    assert not io.can_redraw()


@pytest.mark.usefixtures("switched_off")
def test_nothing_is_redrawn_when_switched_off(monkeypatch):
    monkeypatch.setattr(sys, "stdout", FakeTerminal())
    assert not io.can_redraw()


def test_a_notebook_counts_as_a_terminal(monkeypatch):
    # ipykernel's stream says that it is no terminal, and it has no width.
    outstream = type(
        "OutStream", (streams.StringIO,), {"__module__": "ipykernel.iostream"}
    )
    monkeypatch.setattr(sys, "stdout", outstream())
    assert io.can_redraw()
    assert io.terminal_columns() is None


def test_a_terminal_without_a_size_has_no_limit(monkeypatch):
    monkeypatch.setattr(sys, "stdout", FakeTerminal())
    assert io.terminal_columns() is None
