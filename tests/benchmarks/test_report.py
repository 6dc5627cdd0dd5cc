"""From measurements to a report: medians, spread, ratios, and what is left out."""

import pytest

from benchmarks import report

TITLES = {
    "kerasish-numpy": "kerasish on NumPy",
    "keras-jax": "Keras on JAX",
    "keras-torch": "Keras on PyTorch",
    "floor": "floor",
}


def point(number, mine, jax):
    return {
        "title": f"width {number}",
        "group": "scale-width",
        "point": number,
        "measures": {"fit": {"kerasish-numpy": [mine] * 3, "keras-jax": [jax] * 3}},
        "first": {},
        "loss": {},
        "memory": {},
    }


@pytest.fixture
def results():
    """Four peers, three rounds; the second round was slow for all."""
    return {
        "date": "2024-02-29",
        "command": "python benchmarks/run.py",
        "settings": {"samples": None, "rounds": 3, "device": "cpu"},
        "machine": {"Processor": "abacus, 2 cores"},
        "load": [0.1, 1.9],
        "peers": {
            name: {"title": title, "versions": {"jax": "1.2"} if "jax" in name else {}}
            for name, title in TITLES.items()
        },
        "skipped": {"sklearn": "sklearn not installed"},
        "failed": {"JAX, jit (import)": "it failed:\nno space left"},
        "cases": {
            "one": {
                "title": "784-64-64-10, Adam, batch size 32",
                "group": "one",
                "point": 0,
                "measures": {
                    "fit": {
                        "kerasish-numpy": [200e-6, 400e-6, 200e-6],
                        "keras-torch": [900e-6, 900e-6, 900e-6],
                        "keras-jax": [500e-6, 1200e-6, 500e-6],
                        "floor": [100e-6, 200e-6, 80e-6],
                    },
                    "predict-1": {
                        "keras-jax": [30e-6] * 3,
                        "kerasish-numpy": [4e-5] * 3,
                    },
                },
                "first": {"kerasish-numpy": 0.25, "keras-jax": 2.5, "floor": None},
                "loss": {"kerasish-numpy": 0.25, "keras-jax": 0.251, "floor": None},
                "memory": {"kerasish-numpy": 60 * 2**20, "keras-jax": 300 * 2**20},
            },
            "scale-width-16": point(16, 100e-6, 200e-6),
            "scale-width-1024": point(1024, 4000e-6, 2000e-6),
        },
        "imports": {"kerasish-numpy": [0.1] * 3, "keras-jax": [1.0] * 3},
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


def test_the_fastest_backend_of_keras_is_that_of_the_least_median():
    rounds = {"keras-a": [1.0, 9.0, 9.0], "keras-b": [5.0] * 3, "kerasish-x": [1.0] * 3}
    assert report.fastest_keras(rounds) == "keras-b"
    assert report.fastest_keras({"raw-jax": [1.0]}) is None


def test_training_table(results):
    lines = report.markdown(results).splitlines()
    start = lines.index("## 784-64-64-10, Adam, batch size 32") + 4
    assert lines[start : start + 3] == [
        "| floor | 100 (80–200) | 0.17 (0.16–0.20) | 1.00 (1.00–1.00) | – | – | – |",
        "| kerasish on NumPy | 200 (200–400) | 0.40 (0.33–0.40) | 2.00 (2.00–2.50) "
        "| 0.25 | 60 | 0.250 |",
        "| Keras on JAX | 500 (500–1,200) | 1.00 (1.00–1.00) | 6.00 (5.00–6.25) "
        "| 2.50 | 300 | 0.251 |",
    ]


def test_summary_has_a_row_for_each_thing_measured(results):
    lines = report.markdown(results).splitlines()
    start = lines.index("## In short") + 2
    assert lines[start : start + 7] == [
        "|  | fastest Keras | numpy × Keras | numpy × floor |",
        "| --- | ---: | ---: | ---: |",
        "| one, a training step | Keras on JAX | 0.40 | 2.00 |",
        "| one, predict 1 sample | Keras on JAX | 1.33 | – |",
        "| scale-width-16, a training step | Keras on JAX | 0.50 | – |",
        "| scale-width-1024, a training step | Keras on JAX | 2.00 | – |",
        "| import | Keras on JAX | 0.10 | – |",
    ]


def test_curves_are_a_table_each(results):
    text = report.markdown(results)
    assert (
        "## Scaling: width\n\n"
        "| width: µs a step (× Keras) | kerasish on NumPy | Keras on JAX |\n"
        "| --- | ---: | ---: |\n"
        "| 16 | 100 (0.50) | 200 (1.00) |\n"
        "| 1,024 | 4,000 (2.00) | 2,000 (1.00) |\n"
    ) in text


def test_fastest_comes_first(results):
    text = report.markdown(results)
    fast, slow = "| Keras on JAX | 30 (30–30)", "| kerasish on NumPy | 40 (40–40)"
    assert text.index(fast) < text.index(slow)


def test_what_was_only_asked_has_its_first_call_and_memory(results):
    del results["cases"]["one"]["measures"]["fit"]
    text = report.markdown(results)
    assert "| predict 1 sample | µs | × Keras | × floor | first, s | peak MiB |" in text
    assert "| 1.33 (1.33–1.33) | – | 0.25 | 60 |" in text


def test_without_keras_there_are_no_ratios_to_it(results):
    for case in results["cases"].values():
        for rounds in case["measures"].values():
            rounds.pop("keras-jax", None)
            rounds.pop("keras-torch", None)
    text = report.markdown(results)
    assert "| kerasish on NumPy | 200 (200–400) | – | 2.00 (2.00–2.50) |" in text
    assert "| one, a training step | – | – | 2.00 |" in text
    assert "| 16 | 100 (–) |" in text


def test_report_says_where_it_comes_from_and_what_is_missing(results):
    text = report.markdown(results)
    assert "Samples: as many as a case has; rounds: 3; device: CPU." in text
    assert "| Processor | abacus, 2 cores |" in text
    assert "| jax | 1.2 |" in text
    assert "| Load | 0.10 before, 1.90 after (the run's own) |" in text
    assert "- sklearn: sklearn not installed" in text
    assert "- JAX, jit (import): no space left" in text


def test_an_unknown_load_is_left_out(results):
    results["load"] = [None, None]
    assert "| Load |" not in report.markdown(results)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "{}\n\nnew\n\n{}\n"),
        ("# Mine\n", "# Mine\n\n{}\n\nnew\n\n{}\n"),
        (
            "# Mine\n\n{}\nold\n{}\n\n## Loading\n",
            "# Mine\n\n{}\n\nnew\n\n{}\n\n## Loading\n",
        ),
    ],
    ids=["new", "without marks", "with marks"],
)
def test_a_report_takes_the_place_of_the_one_before(before, after):
    marks = (report.BEGIN, report.END)
    given = report.inserted("new\n", before.format(*marks))
    assert given == after.format(*marks)
    assert report.inserted("new\n", given) == given
