"""Nothing outside the folder is served, whatever links and renames do at that very moment. A process of its own swaps folders, files and
links as fast as it can while clients ask; what stands outside must not be in any answer. Where links may lead outside (`--symlinks
follow`), the same race must bring the outside forth: that shows that the swaps do happen while others look."""

import os
import signal
import subprocess
import sys
import threading
import time

from support import ALPHA, E2E, LARGE, MTIME, SECRET, alone, folder_of, on_epoll, quick, scratch_path, seconds, shared, site

SPAN = 60 if LARGE else 1.5
PUBLIC = b"everybody may read this: public\n"       # as long as the secret is not, so that a wrong length would show
LARGE_PUBLIC = b"public " * 20_000

# Exchanges two names, again and again: renameat2(2) with RENAME_EXCHANGE, so that neither name is ever missing. Or renames to and fro.
SWAPPER = r"""
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
kind, pairs = sys.argv[1], [os.fsencode(a) for a in sys.argv[2:]]
pairs = list(zip(pairs[::2], pairs[1::2]))
print("swapping", flush=True)
while True:
    for a, b in pairs:
        if kind == "exchange":
            if libc.renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) != 0:
                sys.exit(os.strerror(ctypes.get_errno()))
        else:
            os.rename(a, b)
            os.rename(b, a)
"""


def outside_and_inside():
    """A folder with secrets, and one beside it to be served."""
    top = folder_of({
        "secret/file": SECRET, "secret/file.gz": SECRET, "secret/large": SECRET * 5000, "secret/index.html": SECRET,
        "secret/sub/file": SECRET,
        "secret/treasure-map.txt": SECRET, "beside.txt": SECRET,
        "root/d/file": PUBLIC, "root/d/large": LARGE_PUBLIC, "root/d/sub/file": PUBLIC, "root/d/public-map.txt": PUBLIC,
        "root/f": PUBLIC, "root/deep/er/inside.txt": PUBLIC, "root/beside.txt": PUBLIC,
    })
    root = os.path.join(top, "root")
    os.symlink("../secret", os.path.join(root, "l"))
    os.symlink("../secret/file", os.path.join(root, "g"))
    os.symlink("../../beside.txt", os.path.join(root, "deep", "er", "up"))       # inside where it stands, outside one level higher
    return root


@on_epoll
class Race(E2E):
    def swapper(self, kind, *names):
        process = subprocess.Popen([sys.executable, "-c", SWAPPER, kind, *names], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end_swapper, process)
        self.assertEqual(process.stdout.readline(), b"swapping\n")
        return process

    def end_swapper(self, process):
        ended = process.poll()
        if ended is None:
            process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
        if b"Invalid argument" in errors or b"not implemented" in errors:
            self.skipTest("this file system does not exchange names")
        self.assertIsNone(ended, f"the swaps ended by themselves: {errors.decode()}")

    def race(self, server, targets, span, secret_may_come=False):
        """Clients ask for all targets until the time is up. How often which kind of answer came."""
        seen, faults = {"public": 0, "secret": 0, "none": 0}, []
        deadline = time.monotonic() + span

        def ask():
            try:
                client = self.client(server, timeout=20)
                while time.monotonic() < deadline and not faults:
                    for target in targets:
                        response = client.ask(target, fields="Accept-Encoding: gzip\r\n" if seen["none"] % 2 else "")
                        body = response.body
                        if SECRET in body or b"treasure-map" in body:
                            seen["secret"] += 1
                            if not secret_may_come:
                                faults.append(f"{target}: {response!r}")
                            elif b"public" in body:
                                faults.append(f"{target}: both in one: {response!r}")
                        elif response.status == 200:
                            seen["public"] += 1
                            if b"public" not in body:
                                faults.append(f"{target}: neither: {response!r}")
                        else:
                            seen["none"] += 1
                            if response.status not in (301, 403, 404):
                                faults.append(f"{target}: {response!r}")
                        if client.socket.fileno() < 0 or response.closes:
                            client = self.client(server, timeout=20)
            except Exception as error:
                faults.append(f"{type(error).__name__}: {error}")
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])
        return seen


@alone
class Races(Race):
    def run_against(self, mode, cached=True):
        root = outside_and_inside()
        args = [] if mode is None else ["--symlinks", mode]
        server = self.server("serve", root, "--workers", "1", "--listing", "on", *args, *([] if cached else ["--cache-files", "0"]))
        at = lambda *names: [os.path.join(root, name) for name in names]
        self.swapper("exchange", *at("d", "l", "f", "g"))
        self.swapper("to and fro", *at("deep/er/up", "deep/up"))
        targets = ["/d/file", "/d/", "/d/large", "/d/sub/file", "/l/file", "/l/", "/f", "/g", "/deep/up", "/deep/er/up", "/d",
                   "/d/index.html"]
        seen = self.race(server, targets, seconds(SPAN), secret_may_come=mode == "follow")
        print(f"     --symlinks {mode}{'' if cached else ' without a cache'}: {seen}")
        self.assertGreater(seen["public"], 0)
        self.assert_serves(server, "/beside.txt")
        return seen

    def test_inside_is_the_default_and_nobody_gets_out(self):
        self.run_against(None)

    def test_inside_without_a_cache_nobody_gets_out(self):
        self.run_against("inside", cached=False)

    def test_with_links_denied_nobody_gets_out(self):
        self.run_against("deny", cached=False)

    def test_with_links_followed_the_same_race_does_lead_out(self):
        self.assertGreater(self.run_against("follow", cached=False)["secret"], 0, "the race above would prove nothing")

    def test_a_folder_moved_about_under_its_reader_leads_nowhere_else(self):
        root = outside_and_inside()
        server = self.server("serve", root, "--workers", "1", "--listing", "on", "--cache-files", "0")
        self.swapper("to and fro", os.path.join(root, "deep", "er"), os.path.join(root, "er"))
        self.swapper("to and fro", os.path.join(root, "d", "sub"), os.path.join(root, "sub"))
        self.race(server, ["/deep/er/inside.txt", "/deep/er/up", "/er/up", "/er/inside.txt", "/sub/file", "/d/sub/file"], seconds(SPAN))


@on_epoll
@quick
class Modes(E2E):
    def answers(self, server):
        client = self.client(server)
        return {target: client.ask(target) for target in ("/in.txt", "/sub/up.txt", "/in-folder/x.txt", "/in-folder/", "/in-folder",
                                                          "/out.txt", "/out-absolute.txt",
                                                          "/out-twice.txt", "/out-folder/", "/out-folder/index.html", "/sub/out-up.txt",
                                                          "/passwd",
                                                          "/to-root/etc/passwd", "/loop", "/dangling", "/a.txt")}

    def assert_statuses(self, server, inside, outside):
        for target, response in self.answers(server).items():
            name = target.strip("/").split("/")[0]
            if target == "/a.txt":
                want = 200
            elif name in ("loop", "dangling"):
                self.assertIn(response.status, (403, 404), target)
                continue
            elif name.startswith("in"):
                want = 301 if target == "/in-folder" and inside == 200 else inside
            elif target == "/sub/up.txt":
                want = inside
            else:
                want = outside
            self.assertEqual(response.status, want, target)
            if outside != 200:
                self.assertNotIn(SECRET, response.body, target)
                self.assertNotIn(b"root:", response.body, target)

    def test_deny_inside_and_follow(self):
        for mode, inside, outside in (("deny", 403, 403), ("inside", 200, 403), ("follow", 200, 200)):
            with self.subTest(mode=mode):
                server = self.server("serve", site(), "--symlinks", mode)
                self.assert_statuses(server, inside, outside)
        self.assert_statuses(shared("files"), 200, 403)

    def test_with_links_followed_a_path_still_cannot_climb(self):
        client = self.client(self.server("serve", site(), "--symlinks", "follow"))
        for target in ("/../secret.txt", "/%2e%2e/secret.txt", "/sub/../../secret.txt", "/..%2fsecret.txt", "/sub/%2e%2e/%2e%2e/secret.txt",
                       "/..\\secret.txt",
                       "/.%2e/secret.txt", "/%2e%2e%2fsecret.txt", "/..;/secret.txt", "/.../secret.txt"):
            response = client.ask(target)
            self.assertIn(response.status, (400, 404), target)
            self.assertNotIn(SECRET, response.body)
            if response.closes:
                client = self.client(self.server("serve", site(), "--symlinks", "follow"))

    def test_hidden_files_stay_hidden_behind_links(self):
        root = folder_of({".hidden/file": SECRET, "a.txt": ALPHA})
        os.symlink("a.txt", os.path.join(root, ".link"))
        for mode in ("deny", "inside", "follow"):
            client = self.client(self.server("serve", root, "--symlinks", mode))
            for target in ("/.hidden/file", "/.link", "/.hidden/", "/%2ehidden/file"):
                self.assertEqual(client.ask(target).status, 404, (mode, target))

    def test_a_root_that_is_itself_a_link_is_served(self):
        link = scratch_path("link")
        os.symlink(site(), link)
        for mode in ("deny", "inside", "follow"):
            self.assert_serves(self.server("serve", link, "--symlinks", mode), "/a.txt")

    def test_a_root_that_is_moved_while_it_is_served_stays_what_it_was(self):
        root = folder_of({"a.txt": ALPHA})
        server = self.server("serve", root, "--cache-files", "0")
        self.assert_serves(server, "/a.txt")
        os.rename(root, root + ".moved")
        os.mkdir(root)
        with open(os.path.join(root, "a.txt"), "wb") as f:
            f.write(SECRET)
        self.assertEqual(self.assert_serves(server, "/a.txt").body, ALPHA)

    def test_links_put_in_the_place_of_files_are_seen(self):
        root = folder_of({"root/f.txt": PUBLIC, "root/d/x.txt": PUBLIC, "secret/x.txt": SECRET}, mtime=MTIME)
        served = os.path.join(root, "root")
        server = self.server("serve", served)
        client = self.client(server)
        self.assertEqual((client.ask("/f.txt").body, client.ask("/d/x.txt").body), (PUBLIC, PUBLIC))
        os.rename(os.path.join(served, "d"), os.path.join(served, "e"))
        os.symlink("../secret", os.path.join(served, "d"))
        os.unlink(os.path.join(served, "f.txt"))
        os.symlink("../secret/x.txt", os.path.join(served, "f.txt"))
        deadline = time.monotonic() + seconds(1.5)             # twice what a cache may believe, and a part
        while time.monotonic() < deadline:
            for target in ("/f.txt", "/d/x.txt"):
                self.assertNotIn(SECRET, client.ask(target).body)
            time.sleep(0.02)
        for target in ("/f.txt", "/d/x.txt"):
            self.assertEqual(client.ask(target).status, 403, target)
