"""The command line: every wrong option has its one line and status 2, every failing start its one line and status 1."""

import ctypes
import errno
import os
import socket
import struct
import subprocess

from support import ALPHA, POLLER, E2E, WEIR, curl, free_port, native, quick, scratch_path, seconds, site, wait_until

SIZES = ("--max-line", "--max-head", "--max-body", "--max-linger", "--min-rate")
TIMES = ("--head-timeout", "--body-timeout", "--send-timeout", "--idle-timeout", "--linger-timeout", "--drain-timeout")
COUNTS = ("--workers", "--max-fields", "--max-connections")
FILES = {
    "--index": ("", "a/b", ".", ".."),
    "--listing": ("", "yes", "ON"),
    "--fallback": ("", "/", "../x", "a/../x", "a/", "a//b"),
    "--symlinks": ("", "none"),
    "--mime": ("", "md", "md=", "=text/plain", "md=text", "tar.gz=text/plain", "md=text/plain\r\nX: y"),
    "--charset": ("", "utf 8", "x" * 100, "utf-8\r\nX:y"),
    "--cache-control": ("", "*.css", "*.css=", "=no-cache", "[=no-cache", "*.css=max-age 1", "*.css=no-cache\r\nX: y"),
    "--cache-files": ("", "x", "-1", "1000001"),
    "--cache-memory": ("", "x", "-1", "99999999999999999999"),
    "--cors": ("", "example.org", "https://example.org/", "HTTPS://example.org", "https://example.org:0", "* *", "https://a\r\nX: y"),
    "--header": ("", "A", ": b", "A : b", "A: b\r\nC: d", "A: b\nC: d", "A: \x7f", "Date: x", "content-length: 1", "Transfer-Encoding: x",
                 "Connection: x", "Content-Type: x", "ETag: x", "Last-Modified: x", "Content-Range: x", "Accept-Ranges: x",
                 "Content-Encoding: x", "Location: x", "Allow: x", "Server: x", "X-Content-Type-Options: x", "Cache-Control: x",
                 "A: " + "x" * 8000),
    "--error-page": ("", "404", "404=", "399=x", "600=x", "x=404"),
}

WRONG = (
    [["hello", name, value] for name in SIZES for value in ("x", "-1", "", "8q", "1.5", "k", "99999999999999999999", "8 k")] +
    [["hello", name, value] for name in TIMES for value in ("x", "-1", "", "10y", "1.5s", "s", "ms", "99999999999999999999", "10 s",
                                                            "9999999m")] +
    [["hello", name, value] for name in COUNTS for value in ("x", "-1", "", "1k5", "99999999999999999999", "1.5")] +
    [["hello", name] for name in SIZES + TIMES + COUNTS + ("--listen", "--poller", "--access-log")] +
    [["serve", name, value] for name, values in FILES.items() for value in values] + [["serve", name] for name in FILES] +
    [["serve", "--index", "x"] + ["--index", "x"] * 32, ["serve", "--error-page", "404=a", "--error-page", "404=b"],
     ["serve", "--header", "Access-Control-Allow-Origin: *", "--cors", "*"], ["respond"], ["respond", "x"], ["respond", "199"], ["respond", "600"],
     ["respond", "100"], ["respond", "204", "text"], ["respond", "205", "text"], ["respond", "304", ""], ["respond", "200", "a", "b"],
     ["respond", "200", "--cors", "*"], ["respond", "404", "--header", "Content-Type: text/plain"]] +
    [["hello", "--listen", value] for value in ("", "x", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1",
                                                "[::1]", "[::1:80", "::1:80",
                                                "256.0.0.1:80", "unix:", "unix:" + "p" * 200, "127.0.0.1:80:80", "[127.0.0.1]:80",
                                                "tcp:127.0.0.1:80")] +
    [["hello", "--poller", "kqueue"], ["hello", "--poller", ""], ["hello", "--workers", "257"], ["hello", "--max-fields", "201"],
     ["hello", "--max-head", "65536"],
     ["hello", "--nonsense"], ["hello", "-x"], ["hello", "--list", "127.0.0.1:0"], ["hello", "--dot-files"], ["hello", "DIR"],
     ["serve", ".", "."],
     ["serve", "--nonsense"], ["hello", "--no-server-header=yes"], ["hello", "--pin-workers=yes"],
     ["dance"], [], ["--nonsense"]]
)


def run(*args, **kwargs):
    return subprocess.run([*WEIR, *args], capture_output=True, timeout=seconds(5), stdin=subprocess.DEVNULL, check=False, **kwargs)


libc = ctypes.CDLL(None, use_errno=True)
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
FILTER = 2


class Forbidden:
    """A system call that gets EPERM, by its number (seccomp(2)): made ready here, in force where it is called."""

    def __init__(self, call):
        load, jump_if_equal, give = 0x20, 0x15, 0x06
        steps = ((load, 0, 0, 0), (jump_if_equal, 0, 1, call), (give, 0, 0, 0x00050000 | errno.EPERM), (give, 0, 0, 0x7fff0000))
        self.steps = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in steps))
        self.program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(steps), ctypes.addressof(self.steps)))

    def __call__(self):
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or libc.prctl(PR_SET_SECCOMP, FILTER, self.program, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


@quick
class Options(E2E):
    def test_every_wrong_option_gets_one_line_and_status_2(self):
        wrong = []
        for args in WRONG:
            try:
                done = run(*args)
            except subprocess.TimeoutExpired:
                wrong.append(f"{args}: taken")
                if len(wrong) > 3:
                    break
                continue
            if done.returncode != 2:
                wrong.append(f"{args}: status {done.returncode}, {done.stderr!r}")
            elif not done.stderr.startswith(b"weir: ") or done.stderr.count(b"\n") != 1 or not done.stderr.endswith(b"\n"):
                wrong.append(f"{args}: not one line: {done.stderr!r}")
            elif done.stdout:
                wrong.append(f"{args}: said on standard output {done.stdout!r}")
            elif len(args) > 1 and args[1].startswith("--") and args[1].split("=")[0].encode() not in done.stderr:
                wrong.append(f"{args}: does not name the option: {done.stderr!r}")
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_right_options_in_both_spellings_are_taken(self):
        for args in (["--max-line=1k", "--head-timeout=250ms", "--workers=1"],
                     ["--max-line", "1024", "--max-head", "16k", "--max-fields", "200", "--max-body", "1m", "--max-connections", "100",
                      "--head-timeout", "10",
                      "--body-timeout", "2m", "--send-timeout", "5s", "--idle-timeout", "0", "--linger-timeout", "1s", "--drain-timeout",
                      "1s", "--min-rate", "1k",
                      "--max-linger", "64k", "--poller", "epoll", "--access-log", "off", "--no-server-header", "--workers", "2", "--pin-workers"]):
            with self.subTest(args=args):
                server = self.server("hello", *args)
                self.assert_serves(server)

    def test_right_options_for_files_are_taken(self):
        server = self.server("serve", site(), "--index", "a.txt", "--index=index.html", "--listing", "off", "--fallback", "/a.txt", "--symlinks", "deny",
                             "--mime", ".zzz=text/x-z", "--charset", "off", "--cache-control", "*.css=max-age=60, immutable", "--cache-files", "0",
                             "--cache-memory", "1m", "--cors", "https://example.org", "--header", "X-A: b", "--header=X-C:d", "--error-page",
                             "503=a.txt", "--no-precompressed")
        response = self.assert_serves(server)
        self.assertEqual((response.body, response.field("x-a"), response.field("x-c")), (ALPHA, "b", "d"))

    def test_help_and_version_go_to_standard_output(self):
        done = run("--help")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        for name in SIZES + TIMES + COUNTS + ("--listen", "--poller", "--access-log", "--pin-workers", "--no-server-header", "--dot-files", "serve",
                                              "hello", "respond", *FILES):
            self.assertIn(name.encode(), done.stdout)
        self.assertEqual(max(len(line) for line in done.stdout.splitlines()) <= 140, True)
        done = run("--version")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertRegex(done.stdout, rb"^weir \d+\.\d+\.\d+\n$")
        for command in ("serve", "hello", "respond", "echo"):
            self.assertEqual(run(command, "--help").returncode, 0)

    def assert_start_fails(self, *args):
        done = run(*args)
        self.assertEqual(done.returncode, 1, (args, done.stderr))
        self.assertTrue(done.stderr.startswith(b"weir: "), done.stderr)
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        return done.stderr

    def test_a_folder_that_is_not_there_or_no_folder_is_a_failing_start(self):
        self.assertIn(b"nowhere", self.assert_start_fails("serve", "/nowhere/at/all", "--listen", "127.0.0.1:0"))
        self.assert_start_fails("serve", os.path.join(site(), "a.txt"), "--listen", "127.0.0.1:0")
        self.assert_start_fails("serve", os.path.join(site(), "pipe"), "--listen", "127.0.0.1:0")

    def test_a_page_for_errors_that_cannot_be_read_is_a_failing_start(self):
        long = scratch_path("long.html")
        with open(long, "wb") as f:
            f.truncate((1 << 20) + 1)
        for command in (["serve", site()], ["respond", "404"]):
            for path in ("nowhere.html", "/", os.path.join(site(), "pipe"), long):
                self.assertIn(path.encode(), self.assert_start_fails(*command, "--listen", "127.0.0.1:0", "--error-page", f"404={path}"))

    def test_a_port_that_is_taken_is_a_failing_start(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            for workers in ("1", "2"):
                self.assertIn(str(port).encode(), self.assert_start_fails("hello", "--listen", f"127.0.0.1:{port}", "--workers", workers))

    def test_a_port_that_another_weir_has_is_taken(self):
        for workers in ("1", "2"):
            server = self.server("hello", "--workers", workers)
            self.assert_start_fails("hello", "--listen", f"127.0.0.1:{server.port}", "--workers", workers)
            self.assert_serves(server)

    def test_the_same_address_given_twice_is_taken(self):
        port = free_port()
        self.assert_start_fails("hello", "--listen", f"127.0.0.1:{port}", "--listen", f"127.0.0.1:{port}")

    def test_an_address_of_another_machine_is_a_failing_start(self):
        self.assert_start_fails("hello", "--listen", "192.0.2.1:0")

    def test_a_unix_path_that_cannot_be_is_a_failing_start(self):
        self.assert_start_fails("hello", "--listen", "unix:/nowhere/at/all/sock")

    def test_a_file_that_is_no_socket_is_not_replaced_by_one(self):
        path = scratch_path("precious")
        with open(path, "w", encoding="ascii") as f:
            f.write("precious")
        self.assert_start_fails("hello", "--listen", f"unix:{path}")
        with open(path, encoding="ascii") as f:
            self.assertEqual(f.read(), "precious")

    def test_a_unix_socket_that_another_weir_listens_on_is_taken(self):
        path = scratch_path("sock")
        server = self.server("hello", listen=[f"unix:{path}"])
        self.assert_start_fails("hello", "--listen", f"unix:{path}")
        self.assert_serves(server)

    def test_a_log_that_cannot_be_opened_is_a_failing_start(self):
        self.assert_start_fails("hello", "--listen", "127.0.0.1:0", "--access-log", "/nowhere/at/all/log")
        self.assert_start_fails("hello", "--listen", "127.0.0.1:0", "--access-log", "/")

    @native
    def test_where_a_thread_may_not_be_pinned_the_start_fails(self):
        call = {"x86_64": 203, "aarch64": 122}.get(os.uname().machine)         # sched_setaffinity(2)
        if call is None:
            self.skipTest("the number of the call is not known here")
        done = run("hello", "--listen", "127.0.0.1:0", "--workers", "2", "--pin-workers", preexec_fn=Forbidden(call))
        self.assertEqual((done.returncode, done.stderr), (1, b"weir: the workers cannot be started with --pin-workers: Operation not permitted\n"))

    @native
    def test_with_few_descriptors_a_start_fails_or_somebody_is_served(self):
        for descriptors in range(5, 14):
            path = scratch_path("out")
            with open(path, "wb") as out:
                process = subprocess.Popen(["prlimit", f"--nofile={descriptors}", "--", *WEIR, "hello", "--listen", "127.0.0.1:0",
                                            "--workers", "2", "--poller", POLLER],
                                           stdout=out, stderr=out)

            def said():
                with open(path, "rb") as f:
                    return f.read()
            try:
                wait_until(lambda: process.poll() is not None or b"http://" in said(), 5, "the start")
                if process.poll() is None:
                    self.assertEqual(curl(said().split()[-1].decode(), timeout=3), b"Hello, world!", descriptors)
                else:
                    self.assertIn(process.returncode, (1, 127), descriptors)     # 127: not even the loader had enough
                    self.assertEqual(said().count(b"\n"), 1, said())
            finally:
                process.kill()
                process.wait()
