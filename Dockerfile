FROM python:3.14-slim@sha256:b877e50bd90de10af8d82c57a022fc2e0dc731c5320d762a27986facfc3355c1 AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY packaging/requirements.lock packaging/build.lock ./packaging/
RUN python -m venv --without-pip /opt/iru-mcp \
 && pip install --require-hashes --requirement packaging/build.lock \
 && pip --python /opt/iru-mcp/bin/python install --compile --require-hashes --requirement packaging/requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY iru_mcp ./iru_mcp
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && pip --python /opt/iru-mcp/bin/python install --compile --no-deps /wheels/*.whl

FROM python:3.14-slim@sha256:b877e50bd90de10af8d82c57a022fc2e0dc731c5320d762a27986facfc3355c1
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="iru-mcp" \
      org.opencontainers.image.description="Read-only MCP tools over Iru's (formerly Kandji) Endpoint Management API" \
      org.opencontainers.image.source="https://github.com/iru-mcp/iru-mcp" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      io.modelcontextprotocol.server.name="io.github.iru-mcp/iru-mcp"
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin iru
COPY --from=build /opt/iru-mcp /opt/iru-mcp
ENV PATH="/opt/iru-mcp/bin:${PATH}" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /
STOPSIGNAL SIGTERM
# On stdio the client watches the process; over HTTP this asks the server itself.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["python", "-c", "\
import os, urllib.request as u; \
http = os.environ.get('IRU_MCP_TRANSPORT', 'stdio') != 'stdio'; \
http and u.urlopen(f\"http://127.0.0.1:{os.environ.get('IRU_MCP_PORT', 8000)}/healthz\", timeout=3)"]
ENTRYPOINT ["iru-mcp"]
