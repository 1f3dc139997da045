# S3, DynamoDB and Cognito for docker/compose.yaml: MiniStack, which must never be reached from outside this machine.
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}
COPY requirements/aws-endpoint.txt /tmp/
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check \
      --only-binary :all: --require-hashes -r /tmp/aws-endpoint.txt \
 && useradd --system --uid 10001 --no-create-home dragoman \
 && install -d -o dragoman /var/lib/ministack
COPY services/cli/stack/ministack_guarded.py /opt/
USER 10001:10001
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    GATEWAY_PORT=14566 \
    STATE_DIR=/var/lib/ministack/state \
    S3_DATA_DIR=/var/lib/ministack/s3
HEALTHCHECK --interval=5s --timeout=5s CMD ["python", "-c", \
  "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['GATEWAY_PORT'] + '/_ministack/health', timeout=2)"]
ENTRYPOINT ["python", "/opt/ministack_guarded.py"]
