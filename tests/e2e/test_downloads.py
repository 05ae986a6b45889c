"""The programs that people download with: curl, wget, aria2c with many ranges at once, and a browser that seeks."""

import functools
import hashlib
import os
import re
import shutil
import socket
import subprocess
import threading
import wave

from support import E2E, MTIME, curl, folder_of, numbered, quick, scratch_path, seconds, shared, site, strong_tag, wait_until
from test_browser import FLAGS

OLD = numbered(600_000)
NEW = b"n" + OLD[:300_000].replace(b"0", b"x") + OLD[300_000:] + b"longer than before"
LONG = OLD * 16                         # more than a socket and curl take at once
LONG_NEW = NEW * 16


def digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


@functools.cache
def big_digest():
    return digest(os.path.join(site(), "big.bin"))


def run(*args, timeout=60):
    return subprocess.run([str(a) for a in args], capture_output=True, timeout=seconds(timeout), check=False,
                          env={"PATH": os.environ["PATH"], "HOME": os.path.dirname(scratch_path("home")), "LC_ALL": "C"})


def need(test, program):
    path = shutil.which(program)
    if path is None:
        test.skipTest(f"{program} is not installed")
    return path


class Downloads(E2E):
    def partial(self, size, content=OLD):
        path = scratch_path("download")
        with open(path, "wb") as f:
            f.write(content[:size])
        return path

    def content(self, path):
        with open(path, "rb") as f:
            return f.read()

    def replace(self, root, content):
        with open(os.path.join(root, "new"), "wb") as f:
            f.write(content)
        os.rename(os.path.join(root, "new"), os.path.join(root, "f.bin"))

    @quick
    def test_curl_takes_ranges(self):
        url = self.server("serve", folder_of({"f.bin": OLD})).url("/f.bin")
        for value, body in (("0-99", OLD[:100]), ("599990-", OLD[-10:]), ("-10", OLD[-10:]), ("1000-400000", OLD[1000:400_001])):
            self.assertTrue(curl("-r", value, url) == body, value)
        several = curl("-r", "0-9,300000-300009", url)
        self.assertIn(OLD[:10], several)
        self.assertIn(OLD[300_000:300_010], several)
        self.assertEqual(curl("-r", "900000-", "-o", "/dev/null", "-w", "%{http_code}", url), b"416")

    def test_curl_puts_a_file_together_from_many_ranges_at_once(self):
        folder, count = os.path.dirname(scratch_path("x")), 64
        size = os.path.getsize(os.path.join(site(), "big.bin"))
        step = size // count
        config = os.path.join(folder, "config")
        with open(config, "w", encoding="ascii") as f:
            url = shared("files").url("/big.bin")
            f.write("\nnext\n".join(f'url = "{url}"\noutput = "{folder}/part{i}"\nrange = "{i * step}-{(i + 1) * step - 1}"\nsilent\nfail'
                                    for i in range(count)))
        done = run("curl", "-Z", "--parallel-max", "32", "--noproxy", "*", "-K", config)
        self.assertEqual(done.returncode, 0, done.stderr)
        whole = hashlib.sha256()
        for i in range(count):
            whole.update(self.content(os.path.join(folder, f"part{i}")))
        self.assertEqual(whole.hexdigest(), big_digest())

    def test_curl_completes_an_interrupted_download(self):
        url = self.server("serve", folder_of({"f.bin": OLD})).url("/f.bin")
        for size in (0, 1, 299_999, 599_999):
            path = self.partial(size)
            curl("-C", "-", "-o", path, url)
            self.assertTrue(self.content(path) == OLD, size)
        path = self.partial(len(OLD))
        run("curl", "-sS", "--noproxy", "*", "-C", "-", "-o", path, url)
        self.assertTrue(self.content(path) == OLD, "complete before: whatever curl says of a 416, the file is as it was")

    def interrupted(self, url):
        """The beginning of a download that was cut off, and the entity tag that came with it."""
        path, head = scratch_path("download"), scratch_path("head")
        process = subprocess.Popen(["curl", "-sS", "--noproxy", "*", "--limit-rate", "200k", "-D", head, "-o", path, url],
                                   stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(path) and os.path.getsize(path) > 1000, 10, "the download has begun")
        process.kill()
        process.wait()
        with open(head, encoding="latin-1") as f:
            tag = re.search(r"^etag: (.*?)\r?$", f.read(), re.MULTILINE | re.IGNORECASE).group(1)
        self.assertLess(os.path.getsize(path), len(LONG))
        return path, tag

    def restart(self, field, change=None):
        """A download that was cut off, and its restart with a condition. What curl says, the bytes before, and those after."""
        root = folder_of({"f.bin": LONG})
        server = self.server("serve", root, "--workers", "1")             # another one might still hold the old file, and complete that
        client = self.client(server)
        tag = strong_tag(client, "/f.bin")
        path, told = self.interrupted(server.url("/f.bin"))
        self.assertEqual(tag, told)
        before = self.content(path)
        if change is not None:
            self.replace(root, change)
            wait_until(lambda: client.ask("/f.bin", method="HEAD").field("content-length") == str(len(change)), 3, "the change is seen")
        done = run("curl", "-sS", "--fail", "--noproxy", "*", "-C", "-", "-H", f"{field}: {tag}", "-o", path, server.url("/f.bin"))
        if change is not None:
            whole = scratch_path("whole")
            curl("-o", whole, server.url("/f.bin"))
            self.assertTrue(self.content(whole) == change, "who begins anew gets the new one")
        return done, before, self.content(path)

    def test_an_interrupted_download_of_what_stayed_the_same_is_completed(self):
        done, _, after = self.restart("If-Range")
        self.assertEqual((done.returncode, after == LONG), (0, True), done.stderr)

    def test_a_restart_after_the_file_changed_refuses_and_joins_nothing(self):
        for field, code in (("If-Range", 33), ("If-Match", 22)):
            done, before, after = self.restart(field, LONG_NEW)
            self.assertEqual((done.returncode, after == before), (code, True), (field, done.stderr))

    def test_a_file_that_changes_between_two_ranges_of_one_client_is_never_mixed(self):
        root = folder_of({"f.bin": OLD})
        server = self.server("serve", root)
        client = self.client(server)
        tag = strong_tag(client, "/f.bin")
        first = client.ask("/f.bin", fields=f"Range: bytes=0-299999\r\nIf-Range: {tag}\r\n")
        self.assertEqual((first.status, first.body), (206, OLD[:300_000]))
        self.replace(root, NEW)

        def second():
            response = client.ask("/f.bin", fields=f"Range: bytes=300000-\r\nIf-Range: {tag}\r\n")
            if response.status == 206:
                self.assertEqual((response.body, response.field("etag")), (OLD[300_000:], tag),
                                 "what is still believed is the old one, whole")
                return False
            self.assertEqual((response.status, response.body), (200, NEW))
            return True
        wait_until(second, 3, "the change is seen")

    def test_wget_continues(self):
        wget = need(self, "wget")
        url = self.server("serve", folder_of({"f.bin": OLD})).url("/f.bin")
        for size in (0, 1, 300_000, 600_000):
            path = self.partial(size)
            done = run(wget, "--no-proxy", "--no-config", "-q", "-c", "-O", path, url)
            self.assertEqual((done.returncode, self.content(path) == OLD), (0, True), (size, done.stderr))

    def test_wget_mirrors_a_listed_folder_and_asks_again_only_for_what_is_new(self):
        wget = need(self, "wget")
        files = {"a.txt": b"a\n", "sub/b.txt": b"b\n", "sub/deep/c d.txt": b"c\n", "50%.txt": b"%\n"}
        server = self.server("serve", folder_of(files), "--listing", "on")
        folder = os.path.dirname(scratch_path("x"))
        for _ in range(2):
            done = run(wget, "--no-proxy", "--no-config", "-q", "-r", "-np", "-nH", "-N", "-R", "index.html*", "-P", folder,
                       server.url("/"))
            self.assertEqual(done.returncode, 0, done.stderr)
            for name, content in files.items():
                self.assertEqual(self.content(os.path.join(folder, name)), content)
                self.assertEqual(os.stat(os.path.join(folder, name)).st_mtime, MTIME)

    def test_aria2c_with_sixteen_connections_gets_the_same_bytes(self):
        aria2c = need(self, "aria2c")
        log = scratch_path("access.log")
        server = self.server("serve", site(), "--access-log", log)
        folder = os.path.dirname(scratch_path("x"))
        done = run(aria2c, "--no-conf=true", "--quiet=true", "-x16", "-s16", "-k1M", "--file-allocation=none", "--all-proxy=",
                   "--disable-ipv6=true", "-d", folder,
                   server.url("/big.bin"))
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertEqual(digest(os.path.join(folder, "big.bin")), big_digest())
        server.stop()
        with open(log, encoding="ascii") as f:
            self.assertGreaterEqual(len(re.findall(r'"GET /big.bin HTTP/1.1" 206 ', f.read())), 8)

    def test_twenty_clients_with_ranges_of_one_file_at_once(self):
        size = os.path.getsize(os.path.join(site(), "big.bin"))
        with open(os.path.join(site(), "big.bin"), "rb") as f:
            content = f.read()
        faults = []

        def fetch(number):
            try:
                client = self.client(shared("files"), timeout=30)
                for turn in range(5):
                    first = (number * 1_048_583 + turn * 7_340_033) % size
                    last = min(size - 1, first + 500_000 + number)
                    response = client.ask("/big.bin", fields=f"Range: bytes={first}-{last}\r\n")
                    if (response.status, response.body) != (206, content[first:last + 1]):
                        faults.append(f"{first}-{last}: {response!r}")
            except Exception as error:
                faults.append(f"{type(error).__name__}: {error}")
        threads = [threading.Thread(target=fetch, args=(i,)) for i in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])


SEEKER = """<!DOCTYPE html><meta charset="utf-8"><title>seek</title><audio id="a" preload="metadata" src="sound.wav"></audio><script>
const a = document.getElementById("a");
const tell = what => fetch("/told?" + what);
a.addEventListener("error", () => tell("error-" + a.error.code));
a.addEventListener("loadedmetadata", () => {
  tell("duration-" + Math.round(a.duration));
  a.currentTime = a.duration * 0.9;
}, { once: true });
a.addEventListener("seeked", () => tell("seeked-" + Math.round(a.currentTime)), { once: true });
</script>
"""


class Recorder:
    """Stands between clients and a server, hands everything on, and keeps what the clients said."""

    def __init__(self, address):
        self.address = address
        self.said = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(self.address)
            threading.Thread(target=self.hand_on, args=(client, server, self.said), daemon=True).start()
            threading.Thread(target=self.hand_on, args=(server, client, None), daemon=True).start()

    def hand_on(self, source, sink, kept):
        try:
            while data := source.recv(65536):
                if kept is not None:
                    kept.append(data)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def text(self):
        return b"".join(self.said).decode("latin-1")


class Seeking(E2E):
    def test_chromium_seeks_in_a_sound_of_many_mebibytes_and_asks_for_the_part_it_needs(self):
        chromium = need(self, "chromium")
        root = folder_of({"index.html": SEEKER.encode()})
        with wave.open(os.path.join(root, "sound.wav"), "wb") as sound:
            sound.setnchannels(2)
            sound.setsampwidth(2)
            sound.setframerate(44_100)
            sound.writeframes(bytes(44_100 * 4 * 200))                  # 200 s, 34 MiB
        size = os.path.getsize(os.path.join(root, "sound.wav"))
        log, profile = scratch_path("access.log"), scratch_path("profile")
        server = self.server("serve", root, "--access-log", log)
        recorder = Recorder(server.address())
        self.addCleanup(recorder.close)
        flags = [flag for flag in FLAGS if not flag.startswith(("--virtual-time", "--dump-dom"))]
        browser = subprocess.Popen([chromium, *flags, "--remote-debugging-port=0", f"--user-data-dir={profile}",
                                    f"http://127.0.0.1:{recorder.port}/"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={**os.environ, "HOME": os.path.dirname(profile)})
        try:
            wait_until(lambda: "/told?seeked-" in recorder.text(), 60, "the browser has sought")
        finally:
            browser.terminate()
            browser.wait(30)
        said = recorder.text()
        self.assertIn("/told?duration-200 ", said)
        self.assertIn("/told?seeked-180 ", said)
        offsets = [int(n) for n in re.findall(r"(?i)^range: bytes=(\d+)-", said, re.MULTILINE)]
        self.assertTrue(any(offset > size // 2 for offset in offsets), f"it asked for {offsets} of {size}")
        server.stop()
        with open(log, encoding="ascii") as f:
            text = f.read()
        self.assertGreaterEqual(len(re.findall(r'"GET /sound.wav HTTP/1.1" 206 ', text)), 2, text)
        self.assertNotRegex(text, r'"GET /sound.wav HTTP/1.1" (?!206 )')
