"""The servers: how each is told to do what a scenario wants, with as little else as it can. Each function gives the command that starts one in the
foreground, or None where the server cannot do that scenario; what configuration it needs it writes below `setup.folder`.

All have one worker (or as many as the scenario says), no access log where none is measured, kept connections for as long as they last, sendfile where
it is cheaper, deferred accept where they know it, and a buffered log where they can buffer it."""
import os
from dataclasses import dataclass

from scenarios import HELLO, MIX_COUNT, Scenario, answer, content, listing_page, mix_target

ROOT = os.geteuid() == 0
MANY = 19_500       # connections
COPIED = ("1k", "range", "log")     # scenarios where nginx is cheaper without sendfile, which takes it two calls more to cork


@dataclass
class Setup:
    scenario: Scenario
    port: int
    folder: str     # of this server alone, to write to
    site: str       # what is served
    programs: dict  # the paths of what was built: "weir" and "limit"
    logged: bool = False

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    @property
    def log(self):
        return os.path.join(self.folder, "access.log")


# ------------------------------------------------------------------ the limit

def limit(setup, defer=True, sendfile=False):
    scenario, command = setup.scenario, [setup.programs["limit"]]
    command += ["--workers", str(scenario.workers)] + (["--defer"] if defer else []) + (["--close"] if scenario.closing else [])
    if scenario.serves == "echo":
        return [*command, "--echo", str(setup.port)]
    if scenario.name == "mix":
        answers = []
        for index in range(MIX_COUNT):
            with open(setup.site + mix_target(index), "rb") as file:
                answers.append(setup.write(str(index), answer(scenario, file.read())))
        return [*command, str(setup.port), *answers]
    body = listing_page(setup.site) if scenario.listing else content(scenario, setup.site)
    if sendfile:
        return [*command, "--sendfile", setup.site + scenario.target, str(setup.port), setup.write("head", answer(scenario, b"", size=len(body)))]
    return [*command, str(setup.port), setup.write("answer", answer(scenario, body))]


# ------------------------------------------------------------------ weir

def weir(setup):
    scenario = setup.scenario
    command = [setup.programs["weir"], {"hello": "hello", "files": "serve", "echo": "echo"}[scenario.serves]]
    command += [setup.site] if scenario.serves == "files" else []
    if setup.logged or scenario.serves != "echo":
        command += ["--access-log", setup.log if setup.logged else "off"]
    return [*command, "--listen", f"127.0.0.1:{setup.port}", "--workers", str(scenario.workers), "--idle-timeout", "10m"]


# ------------------------------------------------------------------ the peers

def nginx(setup, cached=False):
    if setup.scenario.serves == "echo" or (cached and setup.scenario.serves != "files"):
        return None
    location = f'default_type text/plain; return 200 "{HELLO.decode()}";' if setup.scenario.serves == "hello" else f"root {setup.site};"
    return ["nginx", "-e", "stderr", "-p", setup.folder, "-c", setup.write("nginx.conf", f"""
{"user root;" if ROOT else ""}
daemon off; worker_processes {setup.scenario.workers}; worker_rlimit_nofile 20000; pid nginx.pid; error_log stderr crit;
events {{ worker_connections {MANY}; }}
http {{
    access_log {f"{setup.log} combined buffer=64k flush=1s" if setup.logged else "off"};
    sendfile {"off" if setup.scenario.name in COPIED else "on"}; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 600s;
    {f"open_file_cache max={MIX_COUNT * 2} inactive=600s; open_file_cache_valid 60s;" if cached else ""}
    {" ".join(f"{what}_temp_path {what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))}
    types {{ text/plain txt; text/html html; }}
    server {{ listen 127.0.0.1:{setup.port} deferred backlog=4096{" reuseport" if setup.scenario.workers > 1 else ""}; autoindex on;
        location / {{ {location} }} }}
}}
""")]


def lighttpd(setup):
    if setup.scenario.serves == "echo":
        return None
    modules = ['"mod_indexfile"', '"mod_dirlisting"'] + (['"mod_accesslog"'] if setup.logged else [])
    return ["lighttpd", "-D", "-f", setup.write("lighttpd.conf", f"""
server.modules = ({", ".join(modules)})
server.bind = "127.0.0.1"
server.port = {setup.port}
server.document-root = "{setup.site}"
server.max-fds = 20000
server.max-connections = {MANY}
server.max-keep-alive-requests = 65535
server.max-keep-alive-idle = 600
server.listen-backlog = 4096
server.defer-accept = 1
server.max-worker = {setup.scenario.workers if setup.scenario.workers > 1 else 0}
server.errorlog = "{setup.folder}/error.log"
mimetype.assign = (".txt" => "text/plain", ".html" => "text/html", "" => "application/octet-stream")
{f'accesslog.filename = "{setup.log}"' if setup.logged else ""}
{'index-file.names = ("hello.txt")' if setup.scenario.serves == "hello" else 'dir-listing.activate = "enable"'}
""")]


def h2o(setup):
    if setup.scenario.serves == "echo":
        return None
    return ["h2o", "-m", "worker", "-c", setup.write("h2o.conf", f"""
num-threads: {setup.scenario.workers}
max-connections: {MANY}
{"user: root" if ROOT else ""}
error-log: {setup.folder}/error.log
pid-file: {setup.folder}/pid
http1-request-timeout: 600
{f"access-log: {setup.log}" if setup.logged else ""}
listen: {{ host: 127.0.0.1, port: {setup.port} }}
hosts:
  default:
    paths:
      "/": {{ file.dir: "{setup.site}", file.dirlisting: ON, file.index: [{"hello.txt" if setup.scenario.serves == "hello" else ""}] }}
""")]


def haproxy(setup):
    if setup.scenario.serves != "hello":
        return None
    return ["haproxy", "-db", "-f", setup.write("haproxy.cfg", f"""
global
    maxconn 9900
    nbthread {setup.scenario.workers}
defaults
    mode http
    timeout client 600s
    timeout server 600s
    timeout connect 600s
    timeout http-keep-alive 600s
    timeout http-request 600s
frontend hello
    bind 127.0.0.1:{setup.port} defer-accept backlog 4096
    http-request return status 200 content-type text/plain string "{HELLO.decode()}"
""")]


def caddy(setup):
    if setup.scenario.serves == "echo":
        return None
    does = f'respond "{HELLO.decode()}"' if setup.scenario.serves == "hello" else f"file_server {{\n root {setup.site}\n browse\n }}"
    return ["caddy", "run", "--adapter", "caddyfile", "--config", setup.write("Caddyfile", f"""
{{
    admin off
    auto_https off
    log {{
        level ERROR
    }}
}}
http://:{setup.port} {{
    bind 127.0.0.1
    {f"log {{{chr(10)} output file {setup.log}{chr(10)} level INFO{chr(10)} }}" if setup.logged else ""}
    {does}
}}
""")]


def caddy_environment(setup):
    return {"GOMAXPROCS": str(setup.scenario.workers), "XDG_DATA_HOME": setup.folder, "XDG_CONFIG_HOME": setup.folder}


# ------------------------------------------------------------------ all of them

SERVERS = {
    "limit": limit,
    "limit, sendfile": lambda setup: limit(setup, sendfile=True),
    "limit, no deferral": lambda setup: limit(setup, defer=False),
    "weir": weir,
    "nginx": nginx,
    "nginx, file cache": lambda setup: nginx(setup, cached=True),
    "lighttpd": lighttpd,
    "h2o": h2o,
    "haproxy": haproxy,
    "caddy": caddy,
}
PACKAGES = ("nginx", "lighttpd", "h2o", "haproxy", "caddy")
FILE_FOR_HELLO = ("lighttpd", "h2o")        # which answer a file of 13 bytes instead
ENVIRONMENT = {"caddy": caddy_environment}


def servers_for(scenario, chosen):
    """The names of those that are asked to do it."""
    names = [name for name in SERVERS if name in chosen or name.split(",")[0] in chosen]
    return [name for name in names if not name.startswith("limit,") or name in scenario.also]
