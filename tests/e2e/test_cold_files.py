"""Files whose content is not in memory: the one worker serves others while it waits for a disk. The disk is a file system of the test's own, over
/dev/fuse, which holds a read back for as long as the test wants it to."""

import ctypes
import errno
import os
import stat
import struct
import subprocess
import threading
import time
import unittest

from support import E2E, scratch_path, wait_until

libc = ctypes.CDLL(None, use_errno=True)
MNT_DETACH = 2
SIZE = 3 << 20

# Of linux/fuse.h.
LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT, BATCH_FORGET = 1, 2, 3, 14, 15, 18, 25, 26, 42
HEADER = struct.Struct("<IIQQIIII")
ROOT, FILE = 1, 2


class SlowDisk:
    """A mounted folder with the one file `slow.bin`, in which each byte tells its MiB. A read at or behind `held` waits until that is moved."""

    def __init__(self):
        self.path = scratch_path("slow")
        os.mkdir(self.path)
        self.fd = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self.fd},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()},allow_other"
        if libc.mount(b"slow", self.path.encode(), b"fuse", 0, options.encode()) != 0:
            os.close(self.fd)
            raise OSError(ctypes.get_errno(), "mount")
        self.held = 1 << 62
        self.waiting = []                  # (offset, unique, size) of reads that are held back
        self.lock = threading.Lock()
        self.delay = 0.0
        threading.Thread(target=self.serve, daemon=True).start()

    @staticmethod
    def bytes_at(offset, size):
        end = min(offset + size, SIZE)
        return b"".join(bytes([65 + at // 4096 % 23]) * (min(end, (at | 4095) + 1) - at)
                        for at in [offset, *range((offset | 4095) + 1, end, 4096)] if at < end)

    @staticmethod
    def attributes(node):
        mode, size = (stat.S_IFDIR | 0o755, 4096) if node == ROOT else (stat.S_IFREG | 0o644, SIZE)
        return struct.pack("<6Q10I", node, size, size // 512, 10**9, 10**9, 10**9, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def reply(self, unique, data=b"", error=0):
        try:
            os.write(self.fd, struct.pack("<IiQ", 16 + len(data), -error, unique) + data)
        except OSError as e:
            if e.errno not in (errno.ENOENT, errno.ENODEV, errno.EBADF):     # whoever asked has gone
                raise

    def answer_read(self, unique, offset, size):
        if self.delay:
            time.sleep(self.delay)
        self.reply(unique, self.bytes_at(offset, size))

    def serve(self):
        while True:
            try:
                request = os.read(self.fd, 1 << 20)
            except OSError as e:
                if e.errno in (errno.ENODEV, errno.EBADF):
                    return
                continue
            _, opcode, unique, node, *_ = HEADER.unpack_from(request)
            body = request[HEADER.size:]
            if opcode in (FORGET, BATCH_FORGET):
                continue
            if opcode == INIT:
                self.reply(unique, struct.pack("<IIIIHHIIHHI7I", 7, 31, 131072, 0, 12, 9, 131072, 1, 0, 0, 0, *[0] * 7))
            elif opcode == LOOKUP and node == ROOT and body == b"slow.bin\0":
                self.reply(unique, struct.pack("<QQQQII", FILE, 0, 3600, 3600, 0, 0) + self.attributes(FILE))
            elif opcode == LOOKUP:
                self.reply(unique, error=errno.ENOENT)
            elif opcode == GETATTR:
                self.reply(unique, struct.pack("<QII", 3600, 0, 0) + self.attributes(node))
            elif opcode == OPEN:
                self.reply(unique, struct.pack("<QII", 0, 2, 0))           # FOPEN_KEEP_CACHE
            elif opcode == READ:
                offset, size = struct.unpack_from("<8xQI", body)
                with self.lock:
                    held = offset + size > self.held
                    if held:
                        self.waiting.append((unique, offset, size))
                if not held:
                    self.answer_read(unique, offset, size)
            elif opcode in (FLUSH, RELEASE):
                self.reply(unique)
            else:
                self.reply(unique, error=errno.ENOSYS)

    def hold_from(self, offset):
        with self.lock:
            self.held = offset
            due = [w for w in self.waiting if w[1] + w[2] <= offset]
            self.waiting = [w for w in self.waiting if w[1] + w[2] > offset]
        for unique, at, size in due:
            self.answer_read(unique, at, size)

    def close(self):
        self.hold_from(1 << 62)
        libc.umount2(self.path.encode(), MNT_DETACH)
        os.close(self.fd)


def open_slow_disk():
    try:
        return SlowDisk()
    except OSError as e:
        raise unittest.SkipTest(f"a file system of the test's own cannot be mounted here: {e}")


class ColdFiles(E2E):
    def setUp(self):
        self.disk = open_slow_disk()
        self.addCleanup(self.disk.close)
        with_others = scratch_path("site")
        os.mkdir(with_others)
        with open(os.path.join(with_others, "a.txt"), "w") as f:
            f.write("quick")
        self.root = with_others

    def serve(self):
        """Both folders below one: the slow one is bound into the other."""
        inside = os.path.join(self.root, "slow")
        os.mkdir(inside)
        subprocess.run(["mount", "--bind", self.disk.path, inside], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", inside])
        return self.server("serve", self.root, "--workers", "1")

    def assert_others_are_served(self, server):
        client = self.client(server)
        for _ in range(20):
            self.assertEqual(client.ask("/a.txt").body, b"quick")

    def begin(self, server):
        client = self.client(server, timeout=20)
        client.send("GET /slow/slow.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        return client

    def reads_wait(self):
        wait_until(lambda: self.disk.waiting, 10, "a read of the slow disk waits")

    def test_a_read_that_waits_for_the_disk_holds_up_nobody_else(self):
        server = self.serve()
        self.assert_others_are_served(server)
        for stop in (0, 1 << 20, 2 << 20):
            self.disk.hold_from(stop)
            if stop == 0:
                client = self.begin(server)
            self.reads_wait()
            self.assert_others_are_served(server)
        self.disk.hold_from(1 << 62)
        response = client.read()
        self.assertEqual((response.status, response.body), (200, self.disk.bytes_at(0, SIZE)))
        self.assertEqual(client.ask("/a.txt").body, b"quick")

    def test_a_client_that_goes_while_the_disk_is_waited_for_harms_nobody(self):
        server = self.serve()
        self.disk.hold_from(1 << 20)
        clients = [self.begin(server) for _ in range(3)]
        self.reads_wait()
        for client in clients:
            client.reset()
        self.assert_others_are_served(server)
        self.disk.hold_from(1 << 62)
        client = self.begin(server)
        self.assertEqual(client.read().body, self.disk.bytes_at(0, SIZE))

    def test_a_server_that_is_stopped_ends_when_the_disk_has_answered(self):
        server = self.serve()
        self.disk.hold_from(1 << 20)
        client = self.begin(server)
        self.reads_wait()
        server.signal(15)
        self.disk.hold_from(1 << 62)
        response = client.read()
        self.assertEqual(response.body, self.disk.bytes_at(0, SIZE))
        self.assertEqual(server.wait(), 0)
