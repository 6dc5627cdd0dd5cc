"""Where a file may not lead: links in HDF5, members of archives, other files.

With `test_security.py` these are the tests that docs/security.md lists.
"""

import io
import json
import tarfile
import zipfile

import h5py
import numpy as np
import pytest

from kerasish import layers, models
from kerasish.errors import FileFormatError
from kerasish.saving.api import load_model, load_weights, save_model, save_weights
from kerasish.saving.file_editor import KerasFileEditor
from kerasish.utils import get_file
from tests.saving.hostile import archive, small


def external_link(root, name, secret):
    root[name] = h5py.ExternalLink(secret, "/x")


def soft_link(root, name, _):
    root[name] = h5py.SoftLink("/elsewhere")
    root["elsewhere"] = np.zeros((3, 2), "f4")


def external_storage(root, name, secret):
    root.create_dataset(name, (3, 2), "f4", external=[(secret, 0, 24)])


def virtual(root, name, secret):
    layout = h5py.VirtualLayout((3, 2), "f4")
    layout[:] = h5py.VirtualSource(secret, "x", (3, 2))
    root.create_virtual_dataset(name, layout)


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras"])
@pytest.mark.parametrize("lead", [external_link, soft_link, external_storage, virtual])
def test_cve_2026_1669_hdf5_leads_nowhere_else(tmp_path, ending, lead):
    """Links, external storage and virtual datasets show nothing of another file."""
    secret, path = tmp_path / "secret.h5", tmp_path / f"a{ending}"
    with h5py.File(secret, "w") as root:
        root["x"] = np.full((3, 2), 7.0, "f4")
    model = small()
    save = save_weights if ending == ".weights.h5" else save_model
    save(model, path)
    inside, name = io.BytesIO(path.read_bytes()), "layers/dense/vars/0"
    if ending == ".keras":
        with zipfile.ZipFile(path) as file:
            inside = io.BytesIO(file.read("model.weights.h5"))
            config = json.loads(file.read("config.json"))
    with h5py.File(inside, "r+") as root:
        if ending == ".h5":
            group = root["model_weights/d"]
            name = f"{group.name}/{group.attrs['weight_names'][0]}"
        del root[name]
        lead(root, name, str(secret))
    if ending == ".keras":
        archive(path, config, inside.getvalue())
    else:
        path.write_bytes(inside.getvalue())
    before = [w.numpy() for w in model.weights]
    with pytest.raises(FileFormatError, match="is refused") as caught:
        load_weights(model, path)
    assert str(path) in str(caught.value)
    if ending != ".h5":
        with pytest.raises(FileFormatError, match=r"is refused|is no group"):
            KerasFileEditor(path)
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)


def looking_up(path):
    """Save a model whose vocabulary lies among the assets."""
    lookup = layers.IntegerLookup()
    lookup.adapt(np.array([7, 5, 7]))
    model = models.Sequential([layers.Input((2,), dtype="int64"), lookup])
    save_model(model, path)
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


@pytest.mark.parametrize(
    "name",
    ["/{}/owned", "../../../../{}/owned", "assets/layers/integer_lookup/../../owned"],
)
def test_2025_zip_members_are_put_nowhere(tmp_path, name):
    """Only plain names at a layer's own place are unpacked, into a folder of its own.

    A member that is a symbolic link is bytes like any other.
    """
    path = tmp_path / "a.keras"
    members = looking_up(path)
    with zipfile.ZipFile(path, "w") as file:
        for member, content in members.items():
            file.writestr(member, content)
        file.writestr(name.format(tmp_path), "owned")
        link = zipfile.ZipInfo("assets/layers/integer_lookup/link")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    lookup = load_model(path).layers[0]
    assert lookup.get_vocabulary()[1:] == [7, 5]
    assert [p.name for p in tmp_path.iterdir()] == ["a.keras"]


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_zip_members_are_what_they_seem(tmp_path, name):
    """Doubled, encrypted and oddly packed members are refused."""
    members = looking_up(tmp_path / "good.keras")
    path = tmp_path / "a.keras"
    for trick in ("double", "lzma", "encrypted", "bomb"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for member, content in members.items():
                method = 14 if trick == "lzma" and member == name else None
                bomb = bytes(2**27) if trick == "bomb" and member == name else content
                file.writestr(member, bomb, method)
            if trick == "double":
                with pytest.warns(UserWarning, match="Duplicate"):
                    file.writestr(name, members[name])
        if trick == "encrypted":
            content = bytearray(path.read_bytes())
            at = content.rindex(name.encode()) - 46  # its entry in the directory
            content[at + 8] |= 1
            path.write_bytes(content)
        with pytest.raises(FileFormatError, match=f"'{name}' is refused") as caught:
            load_model(path)
        assert str(path) in str(caught.value)


def test_changed_weights_are_noticed(tmp_path):
    """Values carry no sums of their own: the archive's is checked as they are read."""
    path = tmp_path / "a.keras"
    model = small()
    save_model(model, path)
    content = bytearray(path.read_bytes())
    content[content.index(model.weights[0].numpy().tobytes()) + 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"a\.keras'.* is damaged") as caught:
        load_model(path)
    assert "a wrong checksum of 'model.weights.h5'" in str(caught.value)
    with pytest.raises(FileFormatError, match=r"a\.keras"):
        load_weights(model, path)


def tar_info(name, kind=tarfile.REGTYPE, target=""):
    """Return a member's entry."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    info.size = 5 if kind == tarfile.REGTYPE else 0
    return info


@pytest.mark.parametrize(
    "members",
    [
        [tar_info("../../owned")],
        [tar_info("/{}/owned")],
        [tar_info("x/../../owned")],
        [tar_info("d", tarfile.SYMTYPE, "{}"), tar_info("d/owned")],
        [tar_info("d", tarfile.SYMTYPE, "../.."), tar_info("d/owned")],
        [tar_info("owned", tarfile.LNKTYPE, "../../secret")],
        [tar_info("owned", tarfile.FIFOTYPE)],
    ],
)
def test_cve_2024_55459_and_2025_12060_and_12638_tar_members(tmp_path, members):
    """`get_file` unpacks nothing of an archive with a path or link that leads out."""
    packed, secret = tmp_path / "a.tar.gz", tmp_path / "secret"
    secret.write_text("secret")
    with tarfile.open(packed, "w:gz") as file:
        for info in members:
            info.name = info.name.format(tmp_path)
            info.linkname = info.linkname.format(tmp_path)
            file.addfile(info, io.BytesIO(b"owned"[: info.size]))
    folder = tmp_path / "cache"
    with pytest.raises(ValueError, match="it is not safe"):
        get_file("a", packed.as_uri(), extract=True, cache_dir=str(folder))
    assert not list(tmp_path.rglob("owned"))


def test_a_folder_is_no_model(tmp_path):
    """A folder is not taken for a checkpoint of another library, nor unpacked."""
    (tmp_path / "a" / "assets").mkdir(parents=True)
    (tmp_path / "a" / "_CHECKPOINT_METADATA").write_text("{}")
    with pytest.raises(FileFormatError, match="a folder"):
        load_model(tmp_path / "a")
