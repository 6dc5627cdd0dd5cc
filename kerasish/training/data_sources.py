"""One array of a data set: what it may be, how its rows are read, what the device sees.

`as_source` turns anything a user hands over (arrays, frames, tensors, HDF5 data sets,
lists of numbers) into a C-contiguous `numpy.ndarray` or a `LazySource`, without copying
what is already an array. Both have `shape`, `dtype`, rows by slice or by index array,
and `take`, so that `np.take(source, indices, axis=0, out=buffer)` works on either.
`gather_into` writes rows into a static buffer; a change of dtype happens there, batch
by batch. Others rely on these names; how rows are read may be changed freely.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerasish.backend import floatx, get_backend
from kerasish.errors import DTypeError, ShapeError, explain
from kerasish.graph.tensor import Tensor
from kerasish.training.data_frames import frame_to_array

Selection: TypeAlias = "slice | NDArray[np.intp]"
Source: TypeAlias = "NDArray[Any] | LazySource"

_ON_DISK = ("h5py", "zarr", "tables")
_FRAMES = ("pandas", "polars")
_CHECKED_ROWS = 8192  # rows looked at in one go by `check_finite`


class LazySource:
    """Rows of data that is read batch by batch: HDF5, Zarr, SciPy sparse matrices.

    Args:
        data: Has `shape`, and rows by slice and by increasing index array.
        start: First row that counts.
        stop: Row behind the last one that counts; None for all.
    """

    def __init__(self, data: Any, start: int = 0, stop: int | None = None) -> None:
        total = int(data.shape[0]) if len(data.shape) else 0
        self.data = data
        self.start = start
        self.stop = total if stop is None else stop
        self.shape = (self.stop - self.start, *map(int, data.shape[1:]))
        self.ndim = len(data.shape)
        self.dtype = np.dtype(getattr(data, "dtype", None) or self[0:1].dtype)

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, selection: Selection) -> NDArray[Any]:
        """Return rows as a host array; only these rows are read."""
        if isinstance(selection, slice):
            first, last, _ = selection.indices(self.stop - self.start)
            return self._read(slice(self.start + first, self.start + last))
        rows = np.asarray(selection) + self.start
        if len(rows) and _is_run(rows):
            return self._read(slice(int(rows[0]), int(rows[-1]) + 1))
        return self._read_rows(rows)

    def _read_rows(self, rows: NDArray[np.intp]) -> NDArray[Any]:
        # HDF5 takes increasing indices only, each once
        unique, inverse = np.unique(rows, return_inverse=True)
        return self._read(unique)[inverse]

    def _read(self, selection: Selection) -> NDArray[Any]:
        rows = self.data[selection]
        if hasattr(rows, "toarray"):
            rows = rows.toarray()
        return np.asarray(rows)

    def take(
        self,
        indices: NDArray[np.intp],
        axis: int = 0,
        out: NDArray[Any] | None = None,
        mode: str = "raise",
    ) -> NDArray[Any]:
        """Return rows, written into `out` if given; `numpy.take` ends up here."""
        rows = self[indices]
        if out is None:
            return rows
        np.copyto(out, rows, casting="unsafe")
        return out

    def rows(self, start: int, stop: int) -> LazySource:
        """Return a part of the rows, still unread."""
        return type(self)(self.data, self.start + start, self.start + stop)


class StridedSource(LazySource):
    """Rows of an array in memory whose rows are not contiguous (a column-major frame).

    `numpy.take` would copy the whole of such an array for each batch; indexing does
    not.
    """

    def _read_rows(self, rows: NDArray[np.intp]) -> NDArray[Any]:
        return self._read(rows)


def _is_run(rows: NDArray[np.intp]) -> bool:
    """Return whether indices go up by one, so that a slice can read them."""
    span = int(rows[-1]) - int(rows[0]) + 1
    return span == len(rows) and bool(np.all(np.diff(rows) == 1))


def as_source(leaf: Any, name: str) -> Source:
    """Return `leaf` as something whose rows can be gathered.

    Args:
        leaf: Array, data frame, tensor, HDF5 data set, ...; the first axis is the
            batch.
        name: What messages call it, such as `"x['image']"`.

    Returns:
        A C-contiguous array (no copy of what is one already), or a `LazySource`.

    Raises:
        DTypeError: Strings, objects, dates or complex numbers.
        ShapeError: No batch axis.
    """
    source = leaf if type(leaf) is np.ndarray else _read_leaf(leaf, name)
    if source.ndim == 0:
        raise ShapeError(
            explain(
                f"{name} has no batch axis.",
                got=f"a single number ({source.dtype})",
                expected="an array whose first axis counts the samples",
                fix=f"pass np.expand_dims({name}, 0) for one sample",
            )
        )
    device_dtype(source.dtype, name)
    if isinstance(source, np.ndarray) and not _rows_are_contiguous(source):
        return StridedSource(source)
    return source


def _rows_are_contiguous(array: NDArray[Any]) -> bool:
    return array.flags.c_contiguous and array.flags.aligned


def _read_leaf(leaf: Any, name: str) -> Source:
    """Return the host array or lazy source behind a leaf of any known kind."""
    if isinstance(leaf, LazySource):
        return leaf
    if isinstance(leaf, np.ndarray):
        return _plain_array(leaf, name)
    package = type(leaf).__module__.partition(".")[0]
    if package in _FRAMES:
        return frame_to_array(leaf, name)
    if package in _ON_DISK:
        return LazySource(leaf)
    if hasattr(leaf, "tocsr"):
        return LazySource(leaf.tocsr())
    if isinstance(leaf, Tensor):
        raise _not_data(leaf, name)
    backend = get_backend()
    if isinstance(leaf, backend.array_type):
        return backend.to_host(leaf)
    return _read_foreign(leaf, name)


def _plain_array(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return a memory map or other subclass as a plain array over the same memory."""
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        raise ValueError(
            explain(
                f"{name} is a masked array with masked values.",
                got=f"{np.ma.getmaskarray(array).sum()} masked values",
                fix=f"fill them in with {name}.filled(value)",
            )
        )
    return array.view(np.ndarray)


def _read_foreign(leaf: Any, name: str) -> Source:
    """Return what a tensor or array of another library holds."""
    if hasattr(leaf, "detach"):  # PyTorch: gradients off, then off the device
        leaf = leaf.detach().cpu()
    if hasattr(leaf, "get") and hasattr(leaf, "device"):  # CuPy
        return np.asarray(leaf.get())
    if callable(getattr(leaf, "numpy", None)):
        return np.asarray(leaf.numpy())
    if hasattr(leaf, "__array__") or isinstance(leaf, memoryview):
        return np.asarray(leaf)
    if hasattr(leaf, "__dlpack__"):
        return np.from_dlpack(leaf)
    if hasattr(leaf, "shape") and hasattr(leaf, "__getitem__"):
        return LazySource(leaf)
    raise _not_data(leaf, name)


def _not_data(leaf: Any, name: str) -> DTypeError:
    kind = "None" if leaf is None else f"an object of type {type(leaf).__name__}"
    return DTypeError(
        explain(
            f"{name} cannot be read as data.",
            got=kind,
            expected="an array, a data frame, a tensor, an HDF5 data set, "
            "numbers in lists, or lists, tuples and dicts of these",
            fix="convert it with numpy.asarray first",
        )
    )


def device_dtype(dtype: np.dtype[Any], name: str) -> str:
    """Return the dtype name in which the device sees data of a host dtype.

    Floats of any width become `floatx()`; integers and bools stay, except that 64 bits
    become 32, as with Keras on JAX.

    Raises:
        DTypeError: The dtype has no place on a device.
    """
    if dtype.kind == "f" or dtype.name == "bfloat16":
        return floatx()
    if dtype.kind in "iub":
        return dtype.name.replace("64", "32")
    raise DTypeError(
        explain(
            f"{name} has a dtype that cannot be trained on.",
            got=str(dtype),
            expected="floats, integers or bools",
            fix=_DTYPE_FIXES.get(dtype.kind, "convert it with .astype('float32')"),
        )
    )


_TEXT_FIX = (
    "turn text into integers first (numpy.unique(..., return_inverse=True)); "
    "rows of different lengths into one array (keras.utils.pad_sequences)"
)
_DTYPE_FIXES = {
    "U": _TEXT_FIX,
    "S": _TEXT_FIX,
    "T": _TEXT_FIX,
    "O": _TEXT_FIX,
    "M": "turn dates into numbers first, such as days since a first day",
    "m": "turn durations into numbers first, such as seconds",
    "c": "pass real and imaginary part as two features",
}


def gather_into(source: Source, selection: Selection, buffer: NDArray[Any]) -> None:
    """Write the selected rows of `source` into `buffer`, in the buffer's dtype.

    Args:
        source: From `as_source`.
        selection: A slice, or row numbers in any order; they are not checked.
        buffer: Host array of shape `(rows, *source.shape[1:])`.
    """
    if isinstance(selection, slice):
        np.copyto(buffer, source[selection], casting="unsafe")
    elif isinstance(source, np.ndarray) and buffer.flags.c_contiguous:
        get_backend().take_rows(buffer, source, selection)
    elif source.dtype == buffer.dtype and buffer.flags.c_contiguous:
        source.take(selection, axis=0, out=buffer, mode="clip")
    else:
        np.copyto(buffer, source[selection], casting="unsafe")


def check_finite(array: Any, name: str) -> None:
    """Raise if an array holds NaN or infinity, naming the first sample that does.

    Args:
        array: Anything `as_source` takes; read in parts, never whole.
        name: What the message calls it.

    Raises:
        ValueError: A value is not finite.

    Example:
        >>> check_finite([1.0, 2.0], "x")
    """
    source = as_source(np.asarray(array) if isinstance(array, list) else array, name)
    if source.dtype.kind != "f":
        return
    for start in range(0, len(source), _CHECKED_ROWS):
        part = source[start : start + _CHECKED_ROWS]
        finite = np.isfinite(part).reshape(len(part), -1).all(axis=1)
        if not finite.all():
            row = int(np.argmin(finite))
            raise _not_finite(part[row], start + row, name)


def _not_finite(sample: NDArray[Any], index: int, name: str) -> ValueError:
    bad = np.asarray(sample)[~np.isfinite(sample)]
    return ValueError(
        explain(
            f"{name} holds values that are not finite.",
            got=f"{bad.flat[0]} in sample {index} ({bad.size} such values there)",
            expected="finite numbers: a loss or gradient on these becomes NaN",
            fix=f"drop or fill in such samples, as with numpy.nan_to_num({name})",
        )
    )
