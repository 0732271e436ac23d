# Every step is in scripts/build_image.sh, which the tests run without a container.
FROM python:3.12-slim AS build
WORKDIR /source
COPY scripts/build_image.sh scripts/
COPY pyproject.toml README.md LICENSE requirements-dev.lock ./
COPY src src
RUN sh scripts/build_image.sh install /source /opt/veil \
 && sh scripts/build_image.sh trim /opt/veil

FROM python:3.12-slim
COPY scripts/build_image.sh /usr/local/lib/veil/
COPY --from=build /opt/veil /opt/veil
RUN useradd --system --no-create-home --uid 10001 veil \
 && sh /usr/local/lib/veil/build_image.sh store /store veil

USER 10001
ENV PATH=/opt/veil/bin:$PATH PYTHONDONTWRITEBYTECODE=1
EXPOSE 8000
VOLUME /store
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
# In a container, nobody else is on its 127.0.0.1: --host 0.0.0.0, with a token, lets the published port in.
CMD ["veil", "serve", "--store", "/store"]
