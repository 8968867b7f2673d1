"""The rules of the branch main: changes come by pull request, checked by `ci` and reviewed."""

from typing import Any

from .github import GitHub
from .steps import Phase, State, Step

NAME = "main"
CHECK = "Check"  # the name of the job of .github/workflows/ci.yml
# The app GitHub Actions on github.com (rust-lang/team#2200): no other app can report the check.
ACTIONS_APP = 15368


def step(hub: GitHub) -> Step:
    """Return the rules, found by their name."""
    return Step(
        "github:ruleset/main",
        f"rules of {NAME}: by pull request, with the check {CHECK!r}"
        f"{' and a review by a code owner' if hub.owner().organisation else ''}, no force push",
        Phase.FINISH,
        lambda: _state(hub),
        lambda: _write(hub),
        lambda: _remove(hub),
        hub.command("POST", lambda: f"{hub.path}/rulesets", lambda: _wanted(hub)),
    )


def _wanted(hub: GitHub) -> dict[str, Any]:
    # An account of one person has no second one who could review.
    reviewed = hub.owner().organisation
    check: dict[str, Any] = {"context": CHECK}
    if hub.server == "https://github.com":
        check["integration_id"] = ACTIONS_APP
    return {
        "name": NAME,
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": [
            {"type": "deletion"},
            {"type": "non_fast_forward"},
            {
                "type": "pull_request",
                "parameters": {
                    "required_approving_review_count": int(reviewed),
                    "require_code_owner_review": reviewed,
                    "dismiss_stale_reviews_on_push": True,
                    "require_last_push_approval": False,
                    "required_review_thread_resolution": False,
                },
            },
            {
                "type": "required_status_checks",
                "parameters": {"required_status_checks": [check], "strict_required_status_checks_policy": False},
            },
        ],
    }


def _find(hub: GitHub) -> dict[str, Any] | None:
    listed = hub.rest.pages(
        f"{hub.path}/rulesets", params={"includes_parents": "false", "per_page": "100"}, missing=(404,)
    )
    number = next((each["id"] for each in listed if each["name"] == NAME), None)
    found: dict[str, Any] | None = hub.rest.get(f"{hub.path}/rulesets/{number}", missing=(404,)) if number else None
    return found


def _state(hub: GitHub) -> State:
    found = _find(hub)
    if found is None:
        return State.ABSENT
    wanted = _wanted(hub)
    rules = {rule["type"]: rule.get("parameters") or {} for rule in found.get("rules") or ()}
    same = all(found.get(key) == wanted[key] for key in ("target", "enforcement", "conditions")) and all(
        rule["type"] in rules and rule.get("parameters", {}).items() <= rules[rule["type"]].items()
        for rule in wanted["rules"]
    )
    return State.SAME if same else State.DIFFERENT


def _write(hub: GitHub) -> None:
    wanted, found = _wanted(hub), _find(hub)
    if found is None:
        hub.rest.post(f"{hub.path}/rulesets", json=wanted)
        return
    ours = {rule["type"]: rule for rule in wanted["rules"]}
    theirs = {rule["type"]: rule for rule in found.get("rules") or ()}
    merged = [
        {**rule, "parameters": {**(theirs.get(kind, {}).get("parameters") or {}), **rule["parameters"]}}
        if "parameters" in rule
        else rule
        for kind, rule in ours.items()
    ]
    others = [rule for kind, rule in theirs.items() if kind not in ours]
    kept = {key: found[key] for key in ("bypass_actors",) if key in found}
    hub.rest.put(f"{hub.path}/rulesets/{found['id']}", json={**wanted, **kept, "rules": [*merged, *others]})


def _remove(hub: GitHub) -> None:
    if found := _find(hub):
        hub.rest.delete(f"{hub.path}/rulesets/{found['id']}")
