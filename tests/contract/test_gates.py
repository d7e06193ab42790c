"""What the ruleset requires before a merge is what the workflow runs, and the workflow runs what a person runs."""

import re
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
RULES = msgspec.json.decode((ROOT / ".github" / "rulesets" / "main.json").read_bytes())["rules"]


def test_each_required_check_is_a_job_that_runs_the_recipe_of_its_name() -> None:
    required = {
        check["context"]
        for rule in RULES
        if rule["type"] == "required_status_checks"
        for check in rule["parameters"]["required_status_checks"]
    }
    jobs = set(re.findall(r"^    name: ([\w-]+)$", WORKFLOW, re.MULTILINE))
    recipes = set(re.findall(r"^      - run: uv run just ([\w-]+)$", WORKFLOW, re.MULTILINE))
    assert required == {"test", "types", "lint", "build"}
    assert required <= jobs
    assert jobs == recipes


def test_each_action_is_pinned_to_a_commit() -> None:
    actions = re.findall(r"uses: (.+)$", WORKFLOW, re.MULTILINE)
    assert actions
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", action) for action in actions)
