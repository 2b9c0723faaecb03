"""Run one shell command in a small virtual machine whose kernel has /dev/uinput and evdev.

    python tests/uinput/with_uinput.py 'cd /path/to/crowdpad && .venv/bin/python tests/uinput/checks.py'

For machines whose own kernel has no uinput. The guest's root is this machine's file system, read-only, so the
same checkout and the same virtual environment work there. /run is its only place to write; it has no network
but loopback. Debian packages: qemu-system-x86 busybox-static kmod libevdev2; `apt-get download` fetches the
kernel once, and it is kept in the user's cache folder. The guest is emulated, ten to twenty times slower than
here, because KVM inside rented machines hangs too often to rely on: a boot takes 5 to 20 seconds, and nothing
that is measured in it means anything.

Exit status: the command's own; UNAVAILABLE where the machine cannot be made here, FAILED where it gave none.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

UNAVAILABLE: Final = 125  # something this machine lacks; the reason is on stderr
FAILED: Final = 124  # the guest started and gave no status in time
TIMEOUT_S: Final = 600

TOOLS: Final = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "depmod": "kmod",
    "modprobe": "kmod",
    "dpkg": "dpkg",
    "apt-get": "apt",
}
MODULES: Final = ("virtio_pci", "9pnet_virtio", "9p", "uinput", "evdev")

# The guest's first program. Its console is the first serial line; the command's status leaves on the second.
INIT: Final = """#!/bin/busybox sh
bb=/bin/busybox
$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
$bb mount -t devtmpfs dev /dev
for file in /modules/*; do $bb insmod $file; done
$bb mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose host /host
for folder in proc sys dev; do $bb mount --bind /$folder /host/$folder; done
$bb mount -t tmpfs run /host/run
$bb ifconfig lo 127.0.0.1 up
$bb cp /command /host/run/command
HOME=/run TMPDIR=/run PYTHONDONTWRITEBYTECODE=1 PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \\
  $bb chroot /host /bin/sh /run/command
echo $? > /dev/ttyS1
echo 0 > /proc/sys/kernel/printk
$bb poweroff -f
"""


class UnavailableError(Exception):
    """What this machine lacks for the guest, in one sentence."""


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        _complain(__doc__)
        return UNAVAILABLE
    try:
        kernel, base = prepare(_cache_folder())
    except UnavailableError as reason:
        _complain(str(reason))
        return UNAVAILABLE
    return boot(kernel, base, arguments[0])


def boot(kernel: Path, base: Path, command: str) -> int:
    """Run `command` in a fresh guest, its output on our stdout; its exit status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # The kernel unpacks archives one after another: the cached one, then this run's own.
        own = {"init": (0o100755, INIT.encode()), "command": (0o100644, command.encode())}
        extra = gzip.compress(archive(own))
        (folder / "initrd").write_bytes(base.read_bytes() + extra)
        status = folder / "status"
        status.touch()
        try:
            subprocess.run(_qemu(kernel, folder), stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            _complain(f"the guest did not end within {TIMEOUT_S} s")
            return FAILED
        text = status.read_text().strip()
        if not text.isdigit():
            _complain("the guest ended without saying how its command went")
            return FAILED
        return int(text)


def _complain(text: str) -> None:
    sys.stderr.write(text + "\n")


def _qemu(kernel: Path, folder: Path) -> list[str]:
    return [
        "qemu-system-x86_64",
        "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024",
        "-display", "none", "-vga", "none", "-no-reboot", "-net", "none", "-monitor", "none",
        "-serial", "stdio", "-serial", f"file:{folder / 'status'}",
        "-kernel", str(kernel), "-initrd", str(folder / "initrd"),
        "-append", "console=ttyS0 quiet loglevel=1 panic=-1 mitigations=off",
        "-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
    ]  # fmt: skip


def prepare(cache: Path) -> tuple[Path, Path]:
    """The guest's kernel and base archive, made on first use. Raises UnavailableError."""
    for program, package in TOOLS.items():
        if shutil.which(program, path=_path()) is None:
            raise UnavailableError(f"{program} is missing: sudo apt-get install {package}")
    digest = hashlib.sha256(" ".join(MODULES).encode()).hexdigest()[:12]
    kernel, base = cache / f"vmlinuz-{digest}", cache / f"modules-{digest}.gz"
    if not base.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as name:
            _build(Path(name), kernel, base)
    return kernel, base


def _build(folder: Path, kernel: Path, base: Path) -> None:
    release = _fetch_kernel(folder)
    _run("depmod", "-b", str(folder), release)
    files: dict[str, tuple[int, bytes]] = {
        "bin/busybox": (0o100755, Path(shutil.which("busybox", path=_path()) or "").read_bytes()),
    }
    for place, module in enumerate(_module_files(folder, release)):
        content = module.read_bytes()
        if module.suffix == ".xz":
            content = lzma.decompress(content)
        files[f"modules/{place:02}-{module.name.removesuffix('.xz')}"] = (0o100644, content)
    shutil.copyfile(folder / "boot" / f"vmlinuz-{release}", kernel)
    unfinished = folder / "modules.gz"
    unfinished.write_bytes(gzip.compress(archive(files), compresslevel=1))
    unfinished.replace(base)  # last, and at once: a build that was interrupted is begun anew


def _fetch_kernel(folder: Path) -> str:
    """Unpack Debian's current kernel package into `folder`; its release name."""
    found = _run("apt-cache", "depends", "linux-image-amd64").split()
    packages = [word for word in found if word.startswith("linux-image-") and word != "linux-image-amd64"]
    if not packages:
        raise UnavailableError("apt knows no kernel package: sudo apt-get update")
    _run("apt-get", "download", "-qq", packages[0], cwd=folder)
    for package in folder.glob("*.deb"):
        _run("dpkg", "-x", str(package), str(folder))
    return packages[0].removeprefix("linux-image-")


def _module_files(folder: Path, release: str) -> list[Path]:
    """The modules of MODULES and what they need, in the order they are to be loaded."""
    files: dict[Path, None] = {}
    for module in MODULES:
        lines = _run("modprobe", "-d", str(folder), "-S", release, "--show-depends", module).splitlines()
        files.update((Path(line.split()[1]), None) for line in lines if line.startswith("insmod "))
    return list(files)


def archive(files: dict[str, tuple[int, bytes]]) -> bytes:
    """A `cpio` archive in the "newc" form the kernel reads: name -> (mode, content)."""
    entries = dict.fromkeys(("host", "proc", "sys", "dev"), (0o040755, b""))
    for name in files:
        entries.update((str(parent), (0o040755, b"")) for parent in Path(name).parents if parent.name)
    entries |= files
    whole = b""
    for number, (name, (mode, content)) in enumerate([*entries.items(), ("TRAILER!!!", (0, b""))], start=1):
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        whole += _padded(header + name.encode() + b"\0") + _padded(content)
    return whole


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _run(*command: str, cwd: Path | None = None) -> str:
    environment = {**os.environ, "PATH": _path(), "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        detail = (getattr(error, "stderr", "") or "").strip()
        raise UnavailableError(f"{' '.join(command)} failed: {detail or error}") from error
    return done.stdout


def _path() -> str:
    # depmod and modprobe live where only root's own path leads.
    return os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crowdpad" / "uinput"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
