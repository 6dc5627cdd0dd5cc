"""Downloads come from a server in this process; nothing outside 127.0.0.1 is asked."""

import hashlib
import http.server
import io
import socket
import tarfile
import threading
import zipfile

import pytest

from kerasish.errors import FileFormatError
from kerasish.utils.files import cache_folder, get_file, hash_file

CONTENT = b"hello " * 30_000  # several chunks
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`, and counts what was asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {}
        self.asked = []
        self.missing_bytes = 0
        self.url = f"http://127.0.0.1:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.lstrip("/").partition("?")[0]
        self.server.asked.append(name)
        content = self.server.files.get(name)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) - self.server.missing_bytes])

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with Server() as server:
        server.files["a.txt"] = CONTENT
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty cache folder, which does not exist yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv("KERAS_HOME", str(folder))
    return folder


@pytest.fixture
def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener.getsockname()[1]  # bound, and nobody listens


def tar_of(members, mode="w:gz"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if content is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
            else:
                info.size = len(content)
            data = io.BytesIO(content) if isinstance(content, bytes) else None
            tar.addfile(info, data)
    return buffer.getvalue()


def zip_of(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


class TestCache:
    def test_home(self, home):
        assert cache_folder() == home / "datasets"
        assert cache_folder("models") == home / "models"

    def test_without_keras_home(self, monkeypatch, tmp_path):
        monkeypatch.delenv("KERAS_HOME")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        assert cache_folder() == tmp_path / ".keras" / "datasets"

    def test_absolute_subdir_and_cache_dir(self, tmp_path):
        assert cache_folder(str(tmp_path)) == tmp_path
        assert cache_folder("sub", tmp_path) == tmp_path / "sub"

    def test_folder_that_cannot_be_made(self, server, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(OSError, match=r"(?s)cannot be made.*KERAS_HOME"):
            get_file("a.txt", server.url + "a.txt", cache_dir=tmp_path / "file")


class TestDownload:
    def test_downloads_once(self, server, home, capsys):
        path = get_file("b.txt", server.url + "a.txt")
        assert path == str(home / "datasets" / "b.txt")
        assert (home / "datasets" / "b.txt").read_bytes() == CONTENT
        assert f"Downloading data from {server.url}a.txt" in capsys.readouterr().out
        assert get_file("b.txt", server.url + "a.txt") == path
        assert server.asked == ["a.txt"]
        assert capsys.readouterr().out == ""
        assert names_in(home / "datasets") == ["b.txt"]

    def test_name_from_url(self, server, home):
        assert get_file(origin=server.url + "a.txt?v=1").endswith("a.txt")
        assert names_in(home / "datasets") == ["a.txt"]

    def test_force_download(self, server):
        for _ in range(2):
            get_file(origin=server.url + "a.txt", force_download=True)
        assert server.asked == ["a.txt", "a.txt"]

    @pytest.mark.parametrize(
        "options",
        [
            {"file_hash": SHA256},
            {"file_hash": SHA256.upper()},
            {"file_hash": MD5},
            {"md5_hash": MD5},
            {"file_hash": MD5, "hash_algorithm": "md5"},
            {"file_hash": SHA256, "hash_algorithm": "sha256"},
        ],
    )
    def test_good_hash(self, server, options):
        for _ in range(2):
            assert hash_file(get_file(origin=server.url + "a.txt", **options)) == SHA256
        assert len(server.asked) == 1

    def test_bad_hash_leaves_nothing(self, server, home):
        with pytest.raises(ValueError, match="Incomplete or corrupted") as error:
            get_file(origin=server.url + "a.txt", file_hash="0" * 64)
        assert f"got:      sha256 {SHA256}" in str(error.value)
        assert f"expected: sha256 {'0' * 64}" in str(error.value)
        assert names_in(home / "datasets") == []

    def test_wrong_file_in_cache_is_replaced(self, server, home):
        (home / "datasets").mkdir(parents=True)
        (home / "datasets" / "a.txt").write_text("old")
        path = get_file(origin=server.url + "a.txt", file_hash=SHA256)
        assert hash_file(path) == SHA256

    def test_failed_replacement_keeps_what_was_there(self, server, home):
        (home / "datasets").mkdir(parents=True)
        (home / "datasets" / "a.txt").write_text("old")
        with pytest.raises(ValueError, match="Incomplete"):
            get_file(origin=server.url + "a.txt", file_hash="1" * 64)
        assert (home / "datasets" / "a.txt").read_text() == "old"
        assert names_in(home / "datasets") == ["a.txt"]

    def test_cut_off(self, server, home):
        server.missing_bytes = 1000
        with pytest.raises(OSError, match=f"179000 of {len(CONTENT)} bytes"):
            get_file(origin=server.url + "a.txt")
        assert names_in(home / "datasets") == []

    def test_not_found(self, server):
        with pytest.raises(OSError, match=r"(?s)URL fetch failure.*404"):
            get_file(origin=server.url + "nothing.txt")

    def test_offline_names_url_and_folder(self, closed_port, home):
        url = f"http://127.0.0.1:{closed_port}/a.txt"
        with pytest.raises(OSError, match="URL fetch failure on") as error:
            get_file(origin=url)
        assert url in str(error.value)
        assert f"put the file into the folder {home / 'datasets'}" in str(error.value)
        assert "under the name a.txt" in str(error.value)

    @pytest.mark.parametrize(
        ("arguments", "options", "message"),
        [
            (("a.txt",), {}, "specify the .origin. argument"),
            ((None, "http://127.0.0.1/"), {}, "(?s)names no file.*`fname`"),
            (("x/a.txt", "http://127.0.0.1/a"), {}, "Paths are not accepted"),
            (("..", "http://127.0.0.1/a"), {}, "Paths are not accepted"),
            (("x\\a", "http://127.0.0.1/a"), {}, "Paths are not accepted"),
            (
                ("a", "http://127.0.0.1/a"),
                {"file_hash": "0", "hash_algorithm": "sha25"},
                "did you mean 'sha256'",
            ),
        ],
    )
    def test_wrong_arguments(self, arguments, options, message):
        with pytest.raises(ValueError, match=message):
            get_file(*arguments, **options)

    def test_no_url(self):
        with pytest.raises(OSError, match=r"(?s)URL fetch failure.*unknown url type"):
            get_file("a", "not-a-url")


class TestExtract:
    members = {"d/x.txt": b"x", "d/e/y.txt": b"y"}

    @pytest.mark.parametrize(
        ("fname", "archive", "folder"),
        [
            (None, "data.tar.gz_archive", "data.tar.gz"),
            ("new", "new_archive", "new"),
            ("new.tgz", "new.tgz", "new_extracted"),
            ("new.v1.tar.gz", "new.v1.tar.gz", "new_extracted"),
        ],
    )
    def test_names(self, server, home, fname, archive, folder):
        server.files["data.tar.gz"] = tar_of({"d": None, **self.members})
        for _ in range(2):
            path = get_file(fname, server.url + "data.tar.gz", extract=True)
            assert path == str(home / "datasets" / folder)
        assert names_in(home / "datasets") == sorted([archive, folder])
        assert (home / "datasets" / folder / "d/x.txt").read_bytes() == b"x"
        assert (home / "datasets" / folder / "d/e/y.txt").read_bytes() == b"y"
        assert len(server.asked) == 1

    @pytest.mark.parametrize(
        "options",
        [
            {"extract": True},
            {"extract": True, "archive_format": "zip"},
            {"extract": True, "archive_format": ["tar", "zip"]},
        ],
    )
    def test_zip(self, server, home, options):
        server.files["data.zip"] = zip_of(self.members)
        get_file("data", server.url + "data.zip", **options)
        assert (home / "datasets/data/d/e/y.txt").read_bytes() == b"y"

    def test_untar(self, server, home):
        server.files["data.tar"] = tar_of(self.members, "w")
        get_file("data", server.url + "data.tar", untar=True)
        assert (home / "datasets/data/d/x.txt").read_bytes() == b"x"

    def test_new_download_replaces_the_folder(self, server, home):
        server.files["data.zip"] = zip_of({"old.txt": b""})
        get_file("data", server.url + "data.zip", extract=True)
        server.files["data.zip"] = zip_of({"new.txt": b""})
        get_file("data", server.url + "data.zip", extract=True, force_download=True)
        assert names_in(home / "datasets/data") == ["new.txt"]

    @pytest.mark.parametrize(
        "content",
        [
            tar_of({"fine.txt": b"", "../evil.txt": b""}),
            tar_of({"/evil.txt": b""}),
            tar_of({"d/../../evil.txt": b""}),
            tar_of({"link": "/etc", "link/evil.txt": b""}),
            zip_of({"fine.txt": b"", "../evil.txt": b""}),
            zip_of({"..\\evil.txt": b""}),
            zip_of({"C:/evil.txt": b""}),
        ],
    )
    def test_unsafe_archives_are_refused_whole(self, server, home, content):
        server.files["evil"] = content
        with pytest.raises(FileFormatError, match="not safe") as error:
            get_file("data", server.url + "evil", extract=True)
        assert "evil.txt" in str(error.value) or "'link'" in str(error.value)
        assert names_in(home) == ["datasets"]
        assert names_in(home / "datasets") == ["data_archive"]

    @pytest.mark.parametrize("archive_format", ["auto", "tar", "zip", None])
    def test_not_an_archive(self, server, archive_format):
        with pytest.raises(FileFormatError, match="Could not extract"):
            get_file(
                "data",
                server.url + "a.txt",
                extract=True,
                archive_format=archive_format,
            )

    def test_unknown_format(self, server):
        with pytest.raises(ValueError, match="archive format 'rar'"):
            get_file("d", server.url + "a.txt", extract=True, archive_format="rar")

    def test_damaged_archive(self, server, home):
        server.files["data"] = tar_of({"a": bytes(range(256)) * 400})[:200]
        with pytest.raises(FileFormatError, match=r"(?s)damaged.*again|Could not"):
            get_file("data", server.url + "data", extract=True)
        assert names_in(home / "datasets") == ["data_archive"]
