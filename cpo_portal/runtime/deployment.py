"""Writes deploy/ from the table of roles: systemd units, Dockerfile, compose file, nginx."""

from __future__ import annotations

from collections.abc import Iterable

from cpo_portal.runtime.home import REPO, Refusal, say
from cpo_portal.runtime.roles import OWNER_VARIABLES, ROLES, VARIABLES, Role

FOLDER = REPO / "deploy"
NOTE = (
    "# Written by `./portal deployment` from cpo_portal/runtime/roles.py: change it there.\n"
    "# Not run here: checked for its form alone. Read it, and try it, before you rely on it.\n"
)
HARDENING = """\
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0077
"""


def deployment(args: list[str]) -> int:
    """Write the files; with --check only say whether they are as they would be written."""
    if args not in ([], ["--check"]):
        raise Refusal("`./portal deployment` takes no argument but --check.")
    written = files()
    stale = [name for name, text in written.items() if not_as(name, text)]
    if args:
        say(
            f"Not as the table of roles says: {', '.join(stale)}."
            if stale
            else "deploy/ is as the table of roles says."
        )
        return 1 if stale else 0
    for name in stale:
        target = FOLDER / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(written[name])
        say(f"deploy/{name}")
    return 0


def not_as(name: str, text: str) -> bool:
    return not (FOLDER / name).is_file() or (FOLDER / name).read_text() != text


def files() -> dict[str, str]:
    """Every file of deploy/, by its path in it."""
    units = {f"systemd/{role.unit}.service": unit(role) for role in ROLES}
    return units | {
        "systemd/cpo-portal.target": target_unit(),
        "portal.env": environment(VARIABLES, "Every role reads this file; mode 0640, owner root, group cpo-portal."),
        "owner.env": environment(OWNER_VARIABLES, "Read by `migrate` alone, beside portal.env; mode 0600, owner root."),
        "Dockerfile": dockerfile(),
        "Dockerfile.dockerignore": f"{NOTE}.git\nvar\n**/__pycache__\ndeploy/*.env\ndeploy/*_password\n",
        "compose.yaml": compose(),
        "nginx.conf": nginx(),
    }


def unit(role: Role) -> str:
    """A service; the one that runs once is required by the others and stays active when it is done."""
    after = "network-online.target" if role.once else "network-online.target cpo-portal-migrate.service"
    requires = "" if role.once else "Requires=cpo-portal-migrate.service\n"
    if role.once:
        kind = f"Type=oneshot\nRemainAfterExit=yes\nTimeoutStartSec={role.stop_seconds}\n"
        kind += "EnvironmentFile=/etc/cpo-portal/owner.env\n"
    else:
        kind = f"Type=exec\nRestart=always\nRestartSec=2\nTimeoutStopSec={role.stop_seconds}\nKillMode=mixed\n"
    return f"""{NOTE}[Unit]
Description=CPO portal: {role.title}
After={after}
Wants=network-online.target
{requires}PartOf=cpo-portal.target

[Service]
{kind}EnvironmentFile=/etc/cpo-portal/portal.env
Environment=PORTAL_HOME=/var/lib/cpo-portal
ExecStart=/usr/bin/python3 /opt/cpo-portal/portal {role.command}
WorkingDirectory=/opt/cpo-portal
User=cpo-portal
Group=cpo-portal
StateDirectory=cpo-portal
StateDirectoryMode=0700
MemoryMax={role.memory}
TasksMax=256
LimitNOFILE=65536
{HARDENING}
[Install]
WantedBy=cpo-portal.target
"""


def target_unit() -> str:
    return f"""{NOTE}[Unit]
Description=CPO portal
Wants={" ".join(f"{role.unit}.service" for role in ROLES)}

[Install]
WantedBy=multi-user.target
"""


def environment(variables: dict[str, str], note: str) -> str:
    return f"{NOTE}# {note}\n" + "".join(f"{name}={value}\n" for name, value in variables.items())


def dockerfile() -> str:
    return f"""{NOTE}FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /state --create-home portal
WORKDIR /opt/cpo-portal
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORTAL_HOME=/state
COPY --chown=portal requirements ./requirements
COPY --chown=portal portal pyproject.toml manage.py ./
COPY --chown=portal cpo_portal/__init__.py ./cpo_portal/__init__.py
COPY --chown=portal cpo_portal/runtime ./cpo_portal/runtime
USER portal
# The environment is made once, in the image, from the hash-pinned locks.
RUN python portal prepare && rm -r /state/secrets
COPY --chown=portal . .
ENTRYPOINT ["python", "/opt/cpo-portal/portal"]
CMD ["--help"]
"""


def compose() -> str:
    services = "".join(service(role) for role in ROLES)
    return f"""{NOTE}# Fill in portal.env and owner.env beside this file, with `db` and `broker` as host names.
x-portal: &portal
  build:
    context: ..
    dockerfile: deploy/Dockerfile
  env_file: [portal.env]
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]

services:
  db:
    # The roles and the database are made once, as docs/operations.md says.
    image: postgres:18-bookworm
    environment:
      POSTGRES_PASSWORD_FILE: /run/secrets/db_superuser
    secrets: [db_superuser]
    volumes: ["db:/var/lib/postgresql"]
    restart: always
  broker:
    image: rabbitmq:4
    volumes: ["broker:/var/lib/rabbitmq"]
    restart: always
{services}
volumes:
  db: {{}}
  broker: {{}}

secrets:
  db_superuser:
    file: ./db_superuser_password
"""


def service(role: Role) -> str:
    lines = [f"{role.name}:", "  <<: *portal"]
    if role.once:
        lines += ["  env_file: [portal.env, owner.env]", "  depends_on: [db]"]
    else:
        lines += ["  depends_on:", "    migrate:", "      condition: service_completed_successfully"]
        lines += ["    broker:", "      condition: service_started", "  restart: always"]
    if role.name == "web":
        lines += ['  ports: ["127.0.0.1:8000:8000"]']
    command = role.command + (" --host 0.0.0.0" if role.name == "web" else "")
    lines += [
        f"  command: {quoted(command.split())}",
        f"  mem_limit: {role.memory.lower()}",
        f"  stop_grace_period: {role.stop_seconds}s",
    ]
    return "".join(f"  {line}\n" for line in lines)


def quoted(words: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def nginx() -> str:
    return f"""{NOTE}# Inside `http {{ … }}`. PORTAL_BEHIND_PROXY=yes and PORTAL_PROXY_COUNT=1 belong to this one proxy:
# it replaces what a client says about itself, so the one address in X-Forwarded-For is the client's.
# Buyer apps and gateways send from few addresses: as many as PORTAL_ADDRESS_RATE, which says so as a NACK.
limit_req_zone $binary_remote_addr zone=portal_beckn:10m rate=1000r/s;
limit_req_zone $binary_remote_addr zone=portal_pages:10m rate=20r/s;
limit_conn_zone $binary_remote_addr zone=portal_clients:10m;

upstream cpo_portal {{
    server 127.0.0.1:8000;
    keepalive 32;
}}

server {{
    listen 80;
    listen [::]:80;
    server_name portal.example;
    return 308 https://$host$request_uri;
}}

server {{
    listen 443 ssl;
    listen [::]:443 ssl;
    http2 on;
    server_name portal.example;
    ssl_certificate /etc/ssl/portal.example/fullchain.pem;
    ssl_certificate_key /etc/ssl/portal.example/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:portal:10m;
    server_tokens off;

    # A body comes in whole, and in time, before the portal hears of it: a slow sender costs a buffer and no worker.
    client_max_body_size 2m;
    client_body_buffer_size 1m;
    client_header_timeout 10s;
    client_body_timeout 10s;
    send_timeout 30s;
    proxy_request_buffering on;
    proxy_buffering on;
    limit_conn portal_clients 50;
    limit_req_status 429;
    limit_conn_status 429;

    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Real-IP "";
    proxy_set_header Forwarded "";
    proxy_connect_timeout 2s;
    proxy_read_timeout 60s;

    location = /metrics {{ return 404; }}
    location = /readyz {{ return 404; }}
    location /beckn/ {{
        limit_req zone=portal_beckn burst=2000 nodelay;
        proxy_pass http://cpo_portal;
    }}
    location ~ ^/(api/offer-imports|admin/offers/offer/import) {{
        client_max_body_size 10m;  # files of ten thousand offers
        limit_req zone=portal_pages burst=100 nodelay;
        proxy_pass http://cpo_portal;
    }}
    location / {{
        limit_req zone=portal_pages burst=100 nodelay;
        proxy_pass http://cpo_portal;
    }}
}}
"""
