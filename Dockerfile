FROM python:3.12-slim

WORKDIR /veil
COPY pyproject.toml README.md LICENSE requirements-dev.lock ./
COPY src src
RUN pip install --no-cache-dir --constraint requirements-dev.lock ".[celery]" \
 && useradd --system --no-create-home veil \
 && install --directory --owner veil --mode 700 /store

USER veil
ENV PYTHONDONTWRITEBYTECODE=1
EXPOSE 8000
CMD ["veil", "serve"]
