"""Allocation, transfer and views, on every installed backend."""

import gc

import numpy as np
import pytest

from kerasish.backend import dtypes
from tests.backend.harness import rubbish

SHAPES = [(), (1,), (5,), (0,), (2, 0, 3), (3, 4), (2, 3, 4)]


def filled(shape, dtype):
    """Return a host array of distinct values (of both truth values for bool)."""
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    return np.asarray(values % 2 if dtype == "bool" else values, dtype)


@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_host_round_trip(backend, dtype):
    for shape in SHAPES:
        host = filled(shape, dtype)
        array = backend.from_host(host)
        assert isinstance(array, backend.array_type)
        assert tuple(array.shape) == shape
        assert dtypes.dtype_name(array.dtype) == dtype
        again = backend.to_host(array)
        assert type(again) is np.ndarray
        np.testing.assert_array_equal(again, host, strict=True)


@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_empty_has_shape_and_dtype(backend, dtype):
    for shape in SHAPES:
        array = backend.empty(shape, dtype)
        assert isinstance(array, backend.array_type)
        assert tuple(array.shape) == shape
        assert dtypes.dtype_name(array.dtype) == dtype


def test_from_host_copies(backend):
    host = np.zeros(3, "float32")
    array = backend.from_host(host)
    host[:] = 1
    assert backend.to_host(array).tolist() == [0, 0, 0]


def test_to_host_copies(backend):
    array = backend.from_host(np.zeros(3, "float32"))
    backend.to_host(array)[:] = 1
    assert backend.to_host(array).tolist() == [0, 0, 0]


def test_host_arrays_may_lie_anyhow(backend):
    host = np.arange(24).reshape(4, 6).T[::-2, 1:]
    np.testing.assert_array_equal(backend.to_host(backend.from_host(host)), host)


def test_to_host_of_a_view_is_contiguous(backend):
    array = backend.from_host(filled((3, 4), "float32"))
    turned = backend.view("transpose_to", array, {"axes": (1, 0)})
    host = backend.to_host(turned)
    assert host.flags.c_contiguous
    np.testing.assert_array_equal(host, filled((3, 4), "float32").T)


@pytest.mark.parametrize("dtype", ["float32", "int32", "bool"])
@pytest.mark.parametrize("shape", SHAPES)
def test_copy_and_upload_write_into_the_target(backend, shape, dtype):
    host = filled(shape, dtype)
    for write, source in (
        (backend.copy, backend.from_host(host)),
        (backend.upload, host),
    ):
        target = rubbish(backend, shape, dtype)
        flat = backend.view("reshape_to", target, {"newshape": (host.size,)})
        write(target, source)
        np.testing.assert_array_equal(backend.to_host(target), host)
        np.testing.assert_array_equal(backend.to_host(flat), host.reshape(-1))


def test_copy_takes_a_view(backend):
    source = backend.from_host(filled((3, 4), "float32"))
    target = rubbish(backend, (4, 3), "float32")
    backend.copy(target, backend.view("transpose_to", source, {"axes": (1, 0)}))
    np.testing.assert_array_equal(backend.to_host(target), filled((3, 4), "float32").T)


def test_upload_takes_host_arrays_that_lie_anyhow(backend):
    target = rubbish(backend, (3, 2), "float32")
    backend.upload(target, filled((4, 3), "float32").T[:, ::2])
    assert backend.to_host(target).tolist() == [[0, 6], [1, 7], [2, 8]]


def test_upload_is_done_with_its_source(backend):
    host = filled((1000,), "float32")
    target = rubbish(backend, (1000,), "float32")
    backend.upload(target, host)
    host[:] = -1  # the next batch is gathered into the same buffer
    np.testing.assert_array_equal(backend.to_host(target), filled((1000,), "float32"))


# Carving a block into arrays


def test_carved_arrays_lie_side_by_side(backend):
    memory = rubbish(backend, (256,), "uint8")
    first = backend.carve(memory, 0, (2, 3), "float32")
    second = backend.carve(memory, 64, (4,), "int64")
    backend.upload(first, filled((2, 3), "float32"))
    backend.upload(second, filled((4,), "int64"))
    assert dtypes.dtype_name(second.dtype) == "int64"
    np.testing.assert_array_equal(backend.to_host(first), filled((2, 3), "float32"))
    np.testing.assert_array_equal(backend.to_host(second), filled((4,), "int64"))
    expected = filled((2, 3), "float32").tobytes()
    assert backend.to_host(memory)[:24].tobytes() == expected


def test_arrays_carved_at_one_place_share_it(backend):
    memory = rubbish(backend, (64,), "uint8")
    number = backend.carve(memory, 0, (), "float32")
    bits = backend.carve(memory, 0, (1,), "uint32")
    backend.upload(number, np.array(1, "float32"))
    assert backend.to_host(bits).tolist() == [0x3F800000]


@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_every_dtype_can_be_carved_at_its_own_size(backend, dtype):
    memory = rubbish(backend, (64,), "uint8")
    offset = dtypes.size_of(dtype)  # parts of a concatenation start anywhere
    array = backend.carve(memory, offset, (2,), dtype)
    backend.upload(array, filled((2,), dtype))
    np.testing.assert_array_equal(backend.to_host(array), filled((2,), dtype))


def test_an_empty_array_can_be_carved_of_nothing(backend):
    memory = backend.empty((0,), "uint8")
    array = backend.carve(memory, 0, (0, 3), "float32")
    assert backend.to_host(array).shape == (0, 3)


def test_carved_array_keeps_its_memory(backend):
    memory = rubbish(backend, (4096,), "uint8")
    array = backend.carve(memory, 1024, (8,), "float32")
    backend.upload(array, filled((8,), "float32"))
    del memory
    gc.collect()
    others = [backend.from_host(np.ones(4096, np.uint8)) for _ in range(4)]
    np.testing.assert_array_equal(backend.to_host(array), filled((8,), "float32"))
    assert len(others) == 4


# Views

VIEWS = [
    ("reshape_to", (3, 4), {"newshape": (2, 6)}, lambda x: x.reshape(2, 6)),
    ("reshape_to", (1,), {"newshape": ()}, lambda x: x.reshape(())),
    ("reshape_to", (0, 3), {"newshape": (5, 0)}, lambda x: x.reshape(5, 0)),
    ("transpose_to", (2, 3, 4), {"axes": (2, 0, 1)}, lambda x: x.transpose(2, 0, 1)),
    ("transpose_to", (), {"axes": ()}, lambda x: x),
    ("slice_to", (5,), {"slices": (slice(1, 4),)}, lambda x: x[1:4]),
    ("slice_to", (3, 4), {"slices": (slice(1, 2),)}, lambda x: x[1:2]),
    (
        "slice_to",
        (3, 4),
        {"slices": (slice(None, None, -1), slice(0, 4, 2))},
        lambda x: x[::-1, 0:4:2],
    ),
    ("slice_to", (3,), {"slices": (slice(1, 1),)}, lambda x: x[1:1]),
    ("slice_to", (), {"slices": ()}, lambda x: x),
    (
        "broadcast",
        (3, 1),
        {"shape": (2, 3, 4)},
        lambda x: np.broadcast_to(x, (2, 3, 4)),
    ),
    ("broadcast", (), {"shape": (2,)}, lambda x: np.broadcast_to(x, (2,))),
]


@pytest.mark.parametrize(("operation", "shape", "attributes", "expected"), VIEWS)
def test_view_shows_what_is_written_later(
    backend, operation, shape, attributes, expected
):
    base = rubbish(backend, shape, "float32")
    view = backend.view(operation, base, attributes)
    host = filled(shape, "float32")
    backend.upload(base, host)
    np.testing.assert_array_equal(backend.to_host(view), expected(host))


def test_view_of_a_view(backend):
    base = backend.from_host(filled((4, 6), "float32"))
    rows = backend.view("slice_to", base, {"slices": (slice(1, 3),)})
    flat = backend.view("reshape_to", rows, {"newshape": (3, 4)})
    turned = backend.view("transpose_to", flat, {"axes": (1, 0)})
    expected = filled((4, 6), "float32")[1:3].reshape(3, 4).T
    np.testing.assert_array_equal(backend.to_host(turned), expected)


def test_what_is_written_to_a_view_is_written_to_its_base(backend):
    base = backend.from_host(np.zeros((4, 2), "float32"))
    part = backend.view("slice_to", base, {"slices": (slice(1, 3),)})
    backend.upload(part, np.ones((2, 2), "float32"))
    assert backend.to_host(base)[:, 0].tolist() == [0, 1, 1, 0]


# What else the contract holds


def test_host_view_is_the_array_itself_or_nothing(backend):
    array = backend.from_host(np.zeros(3, "float32"))
    host = backend.host_view(array)
    if host is None:
        return
    assert type(host) is np.ndarray
    host[1] = 5
    assert backend.to_host(array).tolist() == [0, 5, 0]


def test_describe_is_one_line(backend):
    text = backend.describe()
    assert text
    assert "\n" not in text


def test_synchronize_returns(backend):
    assert backend.synchronize() is None


def test_execution_scope_can_be_nested(backend):
    source = backend.from_host(np.ones(3, "float32"))
    found = [backend.empty((3,), "float32") for _ in range(3)]
    with backend.execution_scope():
        with backend.execution_scope():
            backend.copy(found[0], source)
        backend.copy(found[1], source)
    with backend.execution_scope():
        backend.copy(found[2], source)
    for array in found:
        np.testing.assert_array_equal(backend.to_host(array), [1, 1, 1])


def test_execution_scope_can_be_left_by_an_error(backend):
    with pytest.raises(KeyError), backend.execution_scope():
        raise KeyError
    with backend.execution_scope():
        pass


def test_subnormal_numbers_can_be_cleared(backend):
    if backend.flushes_denormals:
        return  # the hardware does it
    tiny = float(np.finfo("float32").tiny)
    array = backend.from_host(np.array([tiny / 4, -tiny / 4, tiny, 1, 0], "float32"))
    backend.flush_denormals(array)
    cleared = np.array([0, 0, tiny, 1, 0], "float32")
    np.testing.assert_array_equal(backend.to_host(array), cleared)


def test_foreign_arrays_are_not_of_the_backends_type(backend):
    assert isinstance(backend.empty((1,), "float32"), backend.array_type)
    assert not isinstance([1.0], backend.array_type)
    assert not isinstance(1.0, backend.array_type)
