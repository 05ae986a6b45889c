"""A real browser loads a page with a style sheet, a script and an image, and the script writes down what was rendered."""

import os
import shutil
import subprocess

from support import E2E, scratch_path, seconds, site

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update",
         "--disable-sync", "--no-proxy-server", "--virtual-time-budget=10000", "--dump-dom")


class Browser(E2E):
    def test_chromium_renders_a_page_with_its_style_script_and_image(self):
        chromium = shutil.which("chromium")
        if chromium is None:
            self.skipTest("chromium is not installed")
        log = scratch_path("access.log")
        server = self.server("serve", site(), "--access-log", log)
        profile = scratch_path("profile")
        done = subprocess.run([chromium, *FLAGS, f"--user-data-dir={profile}", server.url("/")], capture_output=True, timeout=seconds(60),
                              check=False,
                              env={**os.environ, "HOME": os.path.dirname(profile)})
        self.assertIn(b"color rgb(1, 2, 3) image 7x5", done.stdout, done.stderr[-2000:])
        server.stop()
        with open(log, encoding="ascii") as f:
            lines = f.read().splitlines()
        for name in ("/ ", "/style.css ", "/app.js ", "/pic.png "):
            self.assertTrue(any(f'"GET {name}HTTP/1.1" 200 ' in line for line in lines), f"{name} not in {lines}")
        self.assertTrue(any("Chrome" in line for line in lines), lines)
