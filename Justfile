# Larder's commands. `just` alone lists them; each runs from a fresh clone with `uv run just NAME`.

set positional-arguments

# List the recipes
default:
    @just --list

# Start the local stack and return when it is healthy: `just up --only postgres,nats,valkey`
up *args:
    @uv run python -m deploy.local up "$@"

# Stop the local stack and free its ports
down:
    @uv run python -m deploy.local down

# Show each part of the stack: state, pid, port, restarts, memory
status:
    @uv run python -m deploy.local status

# Show the logs of the stack, or of one part
logs *args:
    @uv run python -m deploy.local logs "$@"

# Stop the stack and delete its state, after asking
reset *args:
    @uv run python -m deploy.local reset "$@"

# Apply the migrations to the running stack
migrate:
    @uv run python -m deploy.local migrate

# Write migrations/*/schema.sql from the migrations (the stack's servers must run)
schema:
    @uv run python -m deploy.local schema

# Format, lint, types, boundaries, migrations, workflows
check:
    uv run ruff format --check .
    uv run ruff check .
    uv run mypy
    uv run lint-imports
    uv run squawk --quiet migrations/*/[0-9]*.sql

# Run the tests on real servers, with branch coverage
test *args:
    uv run pytest --cov --cov-report=term "$@"

# Start Larder, load the real catalogue, replay real orders and report: `just demo orders=20000`
demo *args:
    @uv run python -m deploy.demo "$@"
