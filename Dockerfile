# syntax=docker/dockerfile:1

FROM python:3.12-slim AS build
WORKDIR /src
RUN python -m venv /opt/rekindle
COPY requirements-run.lock ./
RUN /opt/rekindle/bin/pip install --no-cache-dir --require-hashes -r requirements-run.lock
COPY pyproject.toml README.md LICENSE ./
COPY engine engine
COPY channels channels
COPY state state
COPY schemas schemas
COPY docs/rules docs/rules
RUN /opt/rekindle/bin/pip install --no-cache-dir --no-build-isolation --no-deps .

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home rekindle \
    && mkdir -p /project/var && chown rekindle /project/var
COPY --from=build /opt/rekindle /opt/rekindle
ENV PATH=/opt/rekindle/bin:$PATH PYTHONUNBUFFERED=1 REKINDLE_PROJECT=/project
USER rekindle
WORKDIR /project
# The project is mounted here; its var/ is the only folder that is written.
VOLUME /project/var
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s CMD ["rekindle", "-q", "status"]
ENTRYPOINT ["rekindle"]
CMD ["daemon"]
