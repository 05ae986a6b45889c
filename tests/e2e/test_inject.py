"""System calls that fail on the real binary: strace makes every other one return an error while clients come and go. The server must stay
alive, and once the failing ends, answer a well-behaved client. What a simulated kernel cannot show, this can: that the real calls and no
others are made, and that their real errors are met."""

import os
import subprocess
import time

from support import POLLER, WAITS, WEIR, Client, E2E, Truncated, end_strace, limit, native, scratch_path, seconds, site, strace_attached, wait_until

# what is tortured, the calls that it stands for, what they give
FAULTS = {
    "accept": (("accept4",), ("EAGAIN", "EINTR", "ECONNABORTED", "EPROTO", "EPERM", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM",
                              "EHOSTUNREACH")),
    "recv": (("recvfrom", "recvmsg"), ("EAGAIN", "EINTR", "ECONNRESET", "ETIMEDOUT", "ENOMEM", 0)),
    "send": (("sendto", "sendmsg"), ("EAGAIN", "EINTR", "EPIPE", "ECONNRESET", "ENOBUFS", "ENOMEM")),
    "sendfile": (("sendfile",), ("EAGAIN", "EINTR", "EINVAL", "EIO", "EPIPE", 0)),
    "wait": (tuple(sorted(WAITS[POLLER])), ("EINTR", "ENOMEM")),
    "open": (("openat2",), ("ENOENT", "ENOTDIR", "EACCES", "ELOOP", "EXDEV", "EAGAIN", "EMFILE", "ENFILE", "ENOMEM", "ENAMETOOLONG",
                            "EISDIR", "ENXIO", "EINTR",
                            "ENOSYS")),
    "stat": (("fstat", "newfstatat", "statx"), ("EIO", "ESTALE")),
    "pread": (("pread64",), ("EIO", "ESTALE", "EINTR", 0)),
    "shutdown": (("shutdown",), ("ENOTCONN",)),
    "close": (("close",), ("EINTR", "EIO")),
    "log": (("write",), ("EAGAIN", "EINTR", "EPIPE", "ENOSPC", "EIO")),
}

# calls of the start: whichever fails, there is one line and status 1
START = {
    "socket": ("EMFILE", "ENFILE", "ENOMEM", "EAFNOSUPPORT"),
    "bind": ("EACCES", "EADDRNOTAVAIL"),
    "listen": ("EADDRINUSE",),
    "eventfd2": ("EMFILE", "ENOMEM"),
}

# poll and select have no call but the wait
if POLLER == "epoll":
    FAULTS["wait"] = (FAULTS["wait"][0], ("EINTR",))
    FAULTS["register"] = (("epoll_ctl",), ("ENOMEM", "ENOSPC"))
    START["epoll_create1"] = ("EMFILE", "ENOMEM")


class Torture(E2E):
    def setUp(self):
        root = scratch_path("site")
        os.mkdir(root)
        for i in range(400):
            with open(os.path.join(root, f"f{i}.txt"), "w", encoding="ascii") as f:
                f.write(f"file {i}\n")
        os.symlink(os.path.join(site(), "big.bin"), os.path.join(root, "out.bin"))
        with open(os.path.join(root, "big.bin"), "wb") as f:
            f.truncate(8 << 20)
        self.log = scratch_path("log")
        self.tortured = self.server("serve", root, "--workers", "1", "--access-log", self.log, "--head-timeout", limit(1),
                                    "--linger-timeout", limit(0.3))
        self.next_file = 0

    def visit(self, turn):
        """A client that forgives everything."""
        client = None
        try:
            client = Client(self.tortured, timeout=0.25)
            self.next_file = (self.next_file + 1) % 400
            kind = turn % 5
            if kind == 0:
                client.ask(f"/f{self.next_file}.txt")
                client.ask(f"/f{self.next_file}.txt")
            elif kind == 1:
                client.send("GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
                client.read(on_data=lambda data: None)
            elif kind == 2:
                client.ask("/", method="POST", fields="Content-Length: 3\r\nConnection: close\r\n", body="abc")
                client.expect_end()
            elif kind == 3:
                client.send(f"GET /f{self.next_file}.txt HTTP/1.1\r\nHost: x\r\n\r\n" * 5)
                for _ in range(5):
                    client.read()
            else:
                client.send("bad\r\n\r\n")
                client.read()
        except (OSError, Truncated):
            pass
        finally:
            if client is not None:
                client.reset() if turn % 2 else client.close()

    def torture(self, name):
        calls, faults = FAULTS[name]
        for fault in faults:
            what = f"error={fault}" if isinstance(fault, str) else f"retval={fault}"
            known = ",".join("?" + c for c in calls)
            tracer, path = strace_attached(self.tortured, "-e", f"trace={known}", "-e", f"inject={known}:{what}:when=1+2")
            try:
                for turn in range(10):
                    self.visit(turn)
                if name == "log":
                    time.sleep(1.1)
            finally:
                trace = end_strace(tracer, path)
            self.assertIn("(INJECTED)", trace, f"{calls} were never called: {what} was not tried")
            self.assertIsNone(self.tortured.process.poll(), f"{what} ended it: {self.tortured.errors()}")
            for _ in range(2):
                client = Client(self.tortured, timeout=5)
                self.next_file = (self.next_file + 1) % 400
                response = client.ask(f"/f{self.next_file}.txt")
                self.assertEqual((response.status, response.body), (200, f"file {self.next_file}\n".encode()), what)
                client.close()
        self.tortured.check_errors()

    def test_without_openat2_files_are_served_and_nothing_outside_is(self):
        tracer, path = strace_attached(self.tortured, "-e", "trace=openat2", "-e", "inject=openat2:error=ENOSYS")
        try:
            client = self.client(self.tortured)
            self.assertEqual(client.ask("/f7.txt").body, b"file 7\n")
            self.assertEqual(client.ask("/nowhere").status, 404)
            for target in ("/out.bin", "/../f7.txt", "/%2e%2e/big.bin"):
                response = self.client(self.tortured).ask(target)
                self.assertIn(response.status, (400, 403, 404), target)
        finally:
            trace = end_strace(tracer, path)
        self.assertIn("(INJECTED)", trace)

    def test_a_log_that_failed_is_written_again_when_it_can_be(self):
        tracer, path = strace_attached(self.tortured, "-e", "trace=write", "-e", "inject=write:error=ENOSPC")
        try:
            self.visit(0)
            time.sleep(1.3)
        finally:
            trace = end_strace(tracer, path)
        self.assertIn("(INJECTED)", trace)
        self.assert_serves(self.tortured, "/f399.txt")

        def is_logged():
            with open(self.log, encoding="ascii") as f:
                return "GET /f399.txt HTTP/1.1" in f.read()
        wait_until(is_logged, 3, "the line of a request after the disk had room again")

    def test_accepting_goes_on_after_descriptors_ran_out_without_another_client_coming(self):
        tracer, path = strace_attached(self.tortured, "-e", "trace=accept4", "-e", "inject=accept4:error=EMFILE:when=1..3")
        try:
            client = self.client(self.tortured, timeout=5)
            client.send("GET /f1.txt HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(client.read().status, 200)
        finally:
            trace = end_strace(tracer, path)
        self.assertIn("(INJECTED)", trace)
        self.assertLessEqual(self.tortured.errors().count("\n"), 1, self.tortured.errors())

    @native
    def test_a_failing_start_has_one_line_and_status_1(self):
        for call, errors in START.items():
            for error in errors:
                trace = scratch_path("trace")
                done = subprocess.run(["strace", "-f", "-o", trace, "-e", f"trace={call}", "-e", f"inject={call}:error={error}", *WEIR,
                                       "hello", "--listen", "127.0.0.1:0", "--workers", "2", "--poller", POLLER], capture_output=True, timeout=seconds(10), check=False)
                with open(trace, encoding="latin-1") as f:
                    self.assertIn("(INJECTED)", f.read(), f"{call} is not called")
                self.assertEqual(done.returncode, 1, (call, error, done.stderr))
                self.assertRegex(done.stderr, rb"\Aweir: [^\n]+\n\Z", (call, error))

    @native
    def test_no_thread_to_be_had_is_a_failing_start(self):
        trace = scratch_path("trace")
        done = subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=?clone3,?clone", "-e",
                               "inject=?clone3,?clone:error=EAGAIN:when=2+", *WEIR, "hello",
                               "--listen", "127.0.0.1:0", "--workers", "4", "--poller", POLLER], capture_output=True, timeout=seconds(10), check=False)
        with open(trace, encoding="latin-1") as f:
            self.assertIn("(INJECTED)", f.read())
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, rb"\Aweir: [^\n]+\n\Z")


def add_torture(name):
    def test(self):
        self.torture(name)
    calls, faults = FAULTS[name]
    setattr(Torture, f"test_{name}_may_fail_in_every_way_({' '.join(map(str, faults))})".replace(" ", "_"), test)


for fault_name in FAULTS:
    add_torture(fault_name)
