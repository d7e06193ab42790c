# Larder's commands. `just` alone lists them; each runs from a fresh clone with `uv run just NAME`.

set positional-arguments

# List the recipes
default:
    @just --list

# Start the local stack and return when it is healthy: `just up --only postgres,nats,valkey,cache`
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

# Draw the way of the last order, or of one request, order or trace by its id, while `just up traces` runs
trace *args:
    @uv run python -m deploy.traces.show "$@"

# Apply the migrations to the running stack
migrate:
    @uv run python -m deploy.local migrate

# Build the stream of orders anew from their history, under a new epoch: `just republish --replace`
republish *args:
    @uv run python -m deploy.local republish "$@"

# Count all orders anew from their stream, beside the live numbers, and swap
rebuild-analytics:
    @uv run python -m deploy.local rebuild-analytics

# List the events that the bus refused; take them up again: `just parked --retry orders/17`, `just parked --retry-all`
parked *args:
    @uv run python -m deploy.local parked "$@"

# Write migrations/*/schema.sql from the migrations (the stack's servers must run)
schema:
    @uv run python -m deploy.local schema

# Write proto/schema and proto/asyncapi from the contracts
schemas:
    @uv run python -m proto

# Build the browser client when it is old, or run one of its tools: `just web format`, `just web dev` beside a running stack
web *args:
    @uv run python -m deploy.web "$@"

# Take pictures of every view, light and dark, for a desk and a phone, from a stack that runs the demo: `just screenshots cart map`
screenshots *args:
    @uv run python -m tests.screenshots "$@"

# Write web/contracts and the client's types from the services' OpenAPI documents and proto
contracts:
    @uv run python -m deploy.web contracts

# Write what Prometheus, Alertmanager and Grafana load into deploy/monitoring
monitoring:
    @uv run python -m deploy.monitoring

# Everything a change must pass before its tests: lint and types
check: lint types

# Format, style, boundaries, migrations, workflows, hooks, images
lint:
    uv run ruff format --check .
    uv run ruff check .
    uv run lint-imports
    uv run squawk migrations/*/[0-9]*.sql
    uv run actionlint
    uv run zizmor --offline --quiet .github
    uv run prek validate-config .pre-commit-config.yaml
    uv run hadolint deploy/images/*/Dockerfile
    uv run python -m deploy.web lint

# Types
types:
    uv run mypy
    uv run python -m deploy.web types

# Prove that the services import with the runtime's packages alone, in an environment of their own
build:
    #!/usr/bin/env bash
    set -euo pipefail
    unset VIRTUAL_ENV
    environment=$(mktemp -d)
    trap 'rm -rf "$environment"' EXIT
    export UV_PROJECT_ENVIRONMENT="$environment/runtime"
    uv sync --quiet --frozen --no-default-groups
    uv run --no-sync python -m compileall -q services shared proto
    uv run --no-sync python - <<'PYTHON'
    import importlib, pkgutil
    for package in ("services", "shared", "proto"):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)
    PYTHON

# Ask the advisory database about every locked package
audit:
    #!/usr/bin/env bash
    set -euo pipefail
    locked=$(mktemp)
    trap 'rm -f "$locked"' EXIT
    uv export --frozen --quiet --all-groups --no-emit-project --output-file "$locked"
    uv run pip-audit --requirement "$locked" --require-hashes --disable-pip --strict

# Install the git hooks of .pre-commit-config.yaml
hooks:
    uv run prek install

# What placing an order, moving it and paying for it run through: the tests take every branch of it.
ledger_and_orders := "api,commands,credit,credit_api,credit_commands,credit_store,domain,errors,events,invoice,pricing,proof,proof_api,proof_commands,proof_store,route_api,route_commands,stock_commands,stock_store,store"

# What a status change runs through from the stream to its frame: the same.
stream_to_frame := "entry,hub,on_the_way,places,replay,ring,server,sight,stream,topic,traces,wire,writer"

# How a whole run is shared out: whole files to processes that have servers of their own, in the order of tests/conftest.py.
workers := "-n 2 --dist loadfile --no-loadscope-reorder"

# Run the tests on real servers, with branch coverage; a whole run also holds that of orders, payments and the way of an event to its frames at 100 %
test *args:
    #!/usr/bin/env bash
    set -euo pipefail
    if [ $# -gt 0 ]; then
        uv run pytest --cov --cov-report=term --cov-fail-under=0 "$@" # some of the tests cover some of the code
    else
        uv run pytest --cov --cov-report=term {{ workers }}
        uv run python -m deploy.web test
        files="{{ ledger_and_orders }}"
        uv run coverage report --include="services/orders/${files//,/.py,services/orders/}.py" --fail-under=100
        files="{{ stream_to_frame }}"
        uv run coverage report --include="services/gateway/${files//,/.py,services/gateway/}.py" --fail-under=100
    fi

# Run the tests on real servers with the services' statements going through PgBouncer
test-pooled *args:
    LARDER_TEST_POOLED=1 uv run pytest {{ workers }} tests/integration "$@"

# Judge searches on all real products, and tell what they and suggestions take in the database
judge-search:
    @uv run python -m tests.judged

# Kill the relay, orders and catalog again and again while people order, and compare: `just kills 30`
kills *args:
    @uv run python -m tests.kills "$@"

# Order so many real baskets a second, kill analytics so often meanwhile, and say how soon and how well all is counted: `just counting 500 60 30`
counting *args:
    @uv run python -m tests.counting "$@"

# Let so many buyers rush for the last so many pieces, with so many kills in between: `just stock-rush 1000 100 30`
stock-rush *args:
    @uv run python -m tests.stock_rush "$@"

# Kill, freeze and empty the cache for so many seconds while people order and prices change: `just cache-outage 60`
cache-outage *args:
    @uv run python -m tests.cache_outage "$@"

# Read a real week's baskets through the cache, cold and warm, and say the hit ratios: `just cache-week 30`
cache-week *args:
    @uv run python -m loadtests.cache_week "$@"

# Break and kill everything at once for so long while 200 clients listen, and compare: `just adversary 30m --seed 7`
adversary *args:
    @uv run python -m tests.adversary "$@"

# Break one thing after the other and see that each raises its alert and only that: `just faults --hurry 10`, or half an hour in earnest
faults *args:
    @uv run python -m tests.faults "$@"

# Send the gateway so many frames of any kind, and see how each ends and that nothing stays behind: `just fuzz 100_000`
fuzz *args:
    @uv run python -m tests.fuzz "$@"

# Start Larder, load the real catalogue, replay real orders and report: `just demo orders=20000`
demo *args:
    @uv run python -m deploy.demo "$@"

# Make the passwords and keys of compose.yaml, once, in .env
compose-secrets:
    @uv run python -m deploy.compose.secrets

# Prove that compose.yaml works: build, start, put real orders through it, scale, crowd the pooler, take it down
verify-compose:
    @uv run python -m deploy.compose.verify

# Measure Larder in ratios on a stack of its own: `just bench place list`, `just bench --noisy`
bench *args:
    @uv run python -m loadtests.bench "$@"

# Load the running stack and hold it to thresholds: `just loadtest baseline rate=100 seconds=60`, `just loadtest realtime`, `just loadtest prices`
loadtest *args:
    @uv run python -m loadtests "$@"

# Measure what it costs to say how far the database's log is, and to read from a replica right after a write
bench-positions *args:
    @uv run python -m loadtests.positions "$@"

# Measure how soon people see what they came for in a browser, on a stack of its own with 100,000 orders (some three minutes)
bench-pages:
    @uv run python -m tests.pages

# Put orders of a past year into the running stack: `just seed-orders 1_000_000`
seed-orders *args:
    @uv run python -m deploy.seed "$@"

# Order the real baskets in the running stack, each dated as it was: `just load-history`, `just load-history baskets=5_000`
load-history *args:
    @uv run python -m deploy.history load "$@"

# Order all real baskets in a stack of its own, and compare what analytics says with the source's files
oracle *args:
    @uv run python -m deploy.history oracle "$@"

# Measure the lists of orders with and without indexes and policies, and as the table grows: `just bench-lists 10_000 1_000_000`
bench-lists *args:
    @uv run python -m loadtests.lists "$@"

# Measure analytics' reports, and what their numbers cost as an aggregate, as orders grow: `just bench-kpis 10_000 1_000_000`
bench-kpis *args:
    @uv run python -m loadtests.kpis "$@"
