"""Root file systems of Debian packages, with the real apt and packages that are made here."""

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from dev.errors import ActionableError
from dev.images.debian import Description, Root, User, build_roots
from dev.progress import Progress

pytestmark = pytest.mark.skipif(shutil.which("apt-get") is None, reason="made of Debian packages: there is no apt-get")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory whose packages, by `publish`, are all that apt knows."""
    directory = tmp_path / "archive"
    directory.mkdir()
    sources = tmp_path / "sources.list"
    sources.write_text(f"deb [trusted=yes] copy:{directory} ./\n")
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    settings = tmp_path / "apt.conf"
    settings.write_text(f'Dir::Etc::sourcelist "{sources}";\nDir::Etc::sourceparts "{nothing}";\n')
    monkeypatch.setenv("APT_CONFIG", str(settings))
    return directory


def _publish(archive: Path, name: str, files: dict[str, str], depends: str = "") -> None:
    root = archive.parent / "packages" / name
    fields = {"Package": name, "Version": "1.0", "Architecture": "all", "Maintainer": "none", "Description": "none"}
    if depends:
        fields["Depends"] = depends
    control = "".join(f"{field}: {value}\n" for field, value in fields.items())
    for path, content in {"DEBIAN/control": control, **files}.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    package = archive / f"{name}_1.0_all.deb"
    subprocess.run(["dpkg-deb", "--build", root, package], check=True, capture_output=True)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    with (archive / "Packages").open("a") as index:
        index.write(f"{control}Filename: ./{package.name}\nSize: {package.stat().st_size}\nSHA256: {digest}\n\n")


def _make(cache: Path, *packages: str, assumed: tuple[str, ...] = ()) -> Root:
    description = Description("shop", packages, assumed, User("keeper", 999))
    with Progress() as progress:
        return build_roots([description], cache, progress)["shop"]


def _members(root: Root) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(root.archive) as content:
        return {member.name: member for member in content}


def _text(root: Root, name: str) -> str:
    with tarfile.open(root.archive) as content:
        file = content.extractfile(name)
        assert file is not None
        return file.read().decode()


def test_a_root_has_the_packages_and_what_they_need(archive: Path, tmp_path: Path) -> None:
    _publish(archive, "shop", {"usr/bin/shop": "#!\n"}, depends="till")
    _publish(archive, "till", {"usr/bin/till": "#!\n"})
    root = _make(tmp_path / "cache", "shop")
    assert {"usr/bin/shop", "usr/bin/till"} <= _members(root).keys()
    assert root.packages == {"shop": "1.0", "till": "1.0"}


def test_assumed_packages_and_their_dependencies_are_left_out(archive: Path, tmp_path: Path) -> None:
    _publish(archive, "shop", {"usr/bin/shop": "#!\n"}, depends="till (>= 0.5)")
    _publish(archive, "till", {"usr/bin/till": "#!\n"}, depends="drawer")
    _publish(archive, "drawer", {"usr/bin/drawer": "#!\n"})
    assert _make(tmp_path / "cache", "shop", assumed=("till",)).packages == {"shop": "1.0"}


def test_old_places_are_links_into_usr(archive: Path, tmp_path: Path) -> None:
    _publish(archive, "shop", {"bin/shop": "#!\n", "lib/shop.so": "library\n"})
    members = _members(_make(tmp_path / "cache", "shop"))
    assert members["bin"].linkname == "usr/bin"
    assert {"usr/bin/shop", "usr/lib/shop.so"} <= members.keys()
    assert "bin/shop" not in members


def test_manuals_stay_out_and_licences_stay_in(archive: Path, tmp_path: Path) -> None:
    manual, licence = "usr/share/man/man1/shop.1", "usr/share/doc/shop/copyright"
    _publish(archive, "shop", {manual: "", "usr/share/doc/shop/README": "", licence: "free\n"})
    members = _members(_make(tmp_path / "cache", "shop"))
    assert licence in members
    assert not {manual, "usr/share/doc/shop/README"} & members.keys()


def test_the_user_is_known_by_name_and_everything_is_roots(archive: Path, tmp_path: Path) -> None:
    _publish(archive, "shop", {"usr/bin/shop": "#!\n"})
    root = _make(tmp_path / "cache", "shop")
    assert "keeper:x:999:999:" in _text(root, "etc/passwd")
    assert {(member.uid, member.gid, member.mtime) for member in _members(root).values()} == {(0, 0, 0)}


def test_no_program_may_gain_privileges(archive: Path, tmp_path: Path) -> None:
    program = archive.parent / "packages/shop/usr/bin/shop"
    program.parent.mkdir(parents=True)
    program.touch()
    program.chmod(0o4755)
    _publish(archive, "shop", {})
    assert _members(_make(tmp_path / "cache", "shop"))["usr/bin/shop"].mode == 0o755


def test_certificates_come_as_the_one_file_that_openssl_reads(archive: Path, tmp_path: Path) -> None:
    place = "usr/share/ca-certificates/mozilla"
    _publish(archive, "authorities", {f"{place}/one.crt": "ONE\n", f"{place}/two.crt": "TWO\n"})
    root = _make(tmp_path / "cache", "authorities")
    assert sorted(_text(root, "etc/ssl/certs/ca-certificates.crt").split()) == ["ONE", "TWO"]
    assert _members(root)["usr/lib/ssl/cert.pem"].linkname == "/etc/ssl/certs/ca-certificates.crt"


def test_a_scanner_finds_which_packages_are_in_it(archive: Path, tmp_path: Path) -> None:
    _publish(archive, "shop", {"usr/bin/shop": "#!\n"})
    assert "Version: 1.0\n" in _text(_make(tmp_path / "cache", "shop"), "var/lib/dpkg/status.d/shop")


def test_the_same_packages_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    _publish(archive, "shop", {"usr/bin/shop": "#!\n"}, depends="till")
    _publish(archive, "till", {"usr/bin/till": "#!\n"})
    one, other = _make(tmp_path / "one", "shop"), _make(tmp_path / "other", "shop")
    assert one.archive.read_bytes() == other.archive.read_bytes()


def test_a_cached_root_is_not_rebuilt(archive: Path, tmp_path: Path) -> None:
    _publish(archive, "shop", {"usr/bin/shop": "#!\n"})
    made = _make(tmp_path / "cache", "shop")
    shutil.rmtree(archive)
    assert _make(tmp_path / "cache", "shop") == made


def test_a_damaged_root_is_rebuilt(archive: Path, tmp_path: Path) -> None:
    _publish(archive, "shop", {"usr/bin/shop": "#!\n"})
    root = _make(tmp_path / "cache", "shop")
    whole = root.archive.read_bytes()
    root.archive.write_bytes(whole[:-1])
    assert _make(tmp_path / "cache", "shop").archive.read_bytes() == whole


def test_a_root_with_other_packages_replaces_the_former_one(archive: Path, tmp_path: Path) -> None:
    _publish(archive, "shop", {"usr/bin/shop": "#!\n"})
    _publish(archive, "till", {"usr/bin/till": "#!\n"})
    former = _make(tmp_path / "cache", "shop")
    assert _make(tmp_path / "cache", "shop", "till").archive.exists()
    assert not former.archive.exists()


def test_packages_that_apt_does_not_copy_are_an_error_that_says_what_to_change(archive: Path, tmp_path: Path) -> None:
    _publish(archive, "shop", {"usr/bin/shop": "#!\n"})
    sources = tmp_path / "sources.list"
    sources.write_text(sources.read_text().replace("copy:", "file:"))
    with pytest.raises(ActionableError, match="`copy:` in apt's sources instead of `file:`"):
        _make(tmp_path / "cache", "shop")


def test_an_unknown_package_is_named_and_leaves_nothing_unfinished(archive: Path, tmp_path: Path) -> None:
    _publish(archive, "shop", {"usr/bin/shop": "#!\n"})
    with pytest.raises(ActionableError, match="Unable to locate package mall"):
        _make(tmp_path / "cache", "mall")
    assert list((tmp_path / "cache").iterdir()) == []
