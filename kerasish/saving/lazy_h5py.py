"""h5py, imported when a file is first read or written.

It takes a third of the time that `import kerasish` would, and most runs that import the
package for a prediction or a lesson touch no HDF5 file before they have begun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import h5py as h5py
else:

    class _OnFirstUse:
        """A module's stand-in: looks a name up in it, and keeps what it finds."""

        def __getattr__(self, name: str) -> Any:
            import h5py as module

            found = getattr(module, name)
            setattr(self, name, found)
            return found

    h5py = _OnFirstUse()
