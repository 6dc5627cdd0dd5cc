"""From measurements to a report: medians, spread, ratios, and what is left out."""

import pytest

from benchmarks import report


@pytest.fixture
def results():
    """Two peers and the floor, three rounds; the second round was slow for all."""
    return {
        "date": "2024-02-29",
        "command": "python benchmarks/run.py",
        "settings": {"samples": 60_000, "rounds": 3, "device": "cpu"},
        "machine": {"Processor": "abacus, 2 cores"},
        "load": [0.1, 1.9],
        "peers": {
            "kerasish": {"title": "kerasish", "versions": {}},
            "torch": {"title": "PyTorch, eager", "versions": {"torch": "2.13.0"}},
            "floor": {"title": "floor", "versions": {}},
        },
        "skipped": {"sklearn": "sklearn not installed"},
        "failed": {"JAX, jit (import)": "it failed:\nno space left"},
        "cases": {
            "one": {
                "title": "784-64-64-10, Adam, batch size 32",
                "fit": {
                    "kerasish": [200e-6, 400e-6, 200e-6],
                    "torch": [500e-6, 1200e-6, 500e-6],
                    "floor": [100e-6, 200e-6, 80e-6],
                },
                "predict": {"torch": [30e-6] * 3, "kerasish": [40e-6] * 3},
                "loss": {"kerasish": 0.25, "torch": 0.251, "floor": None},
                "memory": {"kerasish": 60 * 2**20, "torch": 300 * 2**20},
            }
        },
        "imports": {"kerasish": [0.1] * 3, "torch": [1.0] * 3},
    }


def test_ratios_go_round_by_round():
    assert report.ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]


def test_ratios_refuse_rounds_that_do_not_match():
    with pytest.raises(ValueError, match="argument 2 is longer"):
        report.ratios([1.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(1.5, "1,500,000"), (123.4e-6, "123"), (12.34e-6, "12.3"), (1.234e-6, "1.23")],
)
def test_microseconds(seconds, shown):
    assert report.microseconds(seconds) == shown


def test_spread_is_the_least_and_the_largest():
    assert report.with_spread([3.0, 1.0, 2.0], report.times) == "2.00 (1.00–3.00)"


def test_training_table(results):
    lines = report.markdown(results).splitlines()
    start = lines.index("## 784-64-64-10, Adam, batch size 32") + 4
    assert lines[start : start + 3] == [
        "| floor | 100 (80–200) | 0.50 (0.40–0.50) | 1.00 (1.00–1.00) | – | – |",
        "| kerasish | 200 (200–400) | 1.00 (1.00–1.00) | 2.00 (2.00–2.50) | 60 "
        "| 0.250 |",
        "| PyTorch, eager | 500 (500–1,200) | 2.50 (2.50–3.00) | 6.00 (5.00–6.25) "
        "| 300 | 0.251 |",
    ]


def test_fastest_comes_first(results):
    text = report.markdown(results)
    assert text.index("| PyTorch, eager | 30 (30–30)") < text.index("| kerasish | 40")


def test_without_a_reference_there_are_no_ratios(results):
    for rounds in (results["cases"]["one"]["fit"], results["imports"]):
        del rounds["kerasish"]
    text = report.markdown(results)
    assert "| PyTorch, eager | 500 (500–1,200) | – | 6.00 (5.00–6.25) |" in text
    assert "| PyTorch, eager | 1,000 (1,000–1,000) | – |" in text


def test_report_says_where_it_comes_from_and_what_is_missing(results):
    text = report.markdown(results)
    assert "Samples: 60,000; rounds: 3; device: CPU." in text
    assert "| Processor | abacus, 2 cores |" in text
    assert "| torch | 2.13.0 |" in text
    assert "| Load | 0.10 before, 1.90 after (the run's own) |" in text
    assert "- sklearn: sklearn not installed" in text
    assert "- JAX, jit (import): no space left" in text


def test_an_unknown_load_is_left_out(results):
    results["load"] = [None, None]
    assert "| Load |" not in report.markdown(results)
