"""Answers about environments, their rules and variables."""

from ..azure.transport import Reply, Request
from .ci_fake_state import API, Hub, Json, page

ENVIRONMENT_KEYS = {
    "can_admins_bypass",
    "deployment_branch_policy",
    "prevent_self_review",
    "reviewers",
    "wait_timer",
}

# Those that a private repository without Enterprise refuses even as 0, false and null (google/go-github#2611).
OF_PLAN = {"prevent_self_review", "reviewers", "wait_timer"}


class AboutEnvironments(Hub):
    """Answers about environments, their rules and variables."""

    def _environments(self, request: Request) -> Reply:
        listed = [self._environment_shown(name) for name in self._there.environments]
        return page(request, listed, "environments")

    def _environment(self, request: Request, name: str) -> Reply:
        known = self._spelt(name)
        if request.method == "PUT":
            self._check(request.body)
            found = self._there.environments.setdefault(
                known or name, {"id": self._next(), "policies": {}, "variables": {}}
            )
            reviewers = [] if self._lacks_reviewers else request.body.get("reviewers") or []
            policy = request.body.get("deployment_branch_policy")
            found |= {
                "wait_timer": request.body.get("wait_timer") or 0,
                "prevent_self_review": bool(reviewers and request.body.get("prevent_self_review")),
                "reviewers": reviewers,
                "deployment_branch_policy": policy,
                "can_admins_bypass": request.body.get("can_admins_bypass", True),
            }
            found["policies"] = found["policies"] if policy and policy["custom_branch_policies"] else {}
            return Reply(200, self._environment_shown(known or name))
        if known is None:
            raise Reply(404, {"message": "Not Found"})
        if request.method == "DELETE":
            del self._there.environments[known]
            return Reply(204)
        return Reply(200, self._environment_shown(known))

    def _policies(self, request: Request, name: str) -> Reply:
        found = self._place(name)
        if request.method == "GET":
            listed = [
                {"id": number, "name": each, "type": "tag" if each.startswith("v") else "branch"}
                for number, each in found["policies"].items()
            ]
            return page(request, listed, "branch_policies")
        if not (found["deployment_branch_policy"] or {}).get("custom_branch_policies"):
            raise Reply(404, {"message": "Not Found"})
        if request.body["name"] in found["policies"].values():
            raise Reply(303, None, {"Location": f"{API}{request.path}/1"})
        assert request.body["type"] in ("branch", "tag")
        found["policies"][self._next()] = request.body["name"]
        return Reply(200, {"id": self._number, **request.body})

    def _policy(self, request: Request, name: str, number: str) -> Reply:
        del self._place(name)["policies"][int(number)]
        return Reply(204)

    def _new_variable(self, request: Request, name: str | None = None) -> Reply:
        values = self._variables_of(name)
        if request.body["name"] in values:
            raise Reply(409, {"message": "Already exists - Variable already exists"})
        values[request.body["name"]] = request.body["value"]
        return Reply(201, {})

    def _variable(self, request: Request, *place: str) -> Reply:
        values, name = self._variables_of(*place[:-1]), place[-1]
        if name not in values:
            raise Reply(404, {"message": "Not Found"})
        if request.method == "DELETE":
            del values[name]
        elif request.method == "PATCH":
            values[name] = request.body["value"]
        return Reply(200, {"name": name, "value": values[name]}) if request.method == "GET" else Reply(204)

    @property
    def _lacks_reviewers(self) -> bool:
        return self._there.private and self.owner["plan"] in ("free", "pro", "team")

    def _check(self, body: dict[str, Json]) -> None:
        policy, reviewers = body.get("deployment_branch_policy"), body.get("reviewers") or []
        accesses = {"Team": self._there.teams, "User": [7, *map(self.users.get, self._there.collaborators)]}
        if self._lacks_reviewers and not self.silent and body.keys() & OF_PLAN:
            raise Reply(
                422,
                {
                    "message": "Failed to create the environment protection rule. Please ensure the billing plan"
                    " supports the required reviewers protection rule."
                },
            )
        broken = (
            not set(body) <= ENVIRONMENT_KEYS
            or len(reviewers) > 6
            or (policy and policy["protected_branches"] == policy["custom_branch_policies"])
            or (body.get("prevent_self_review") and not reviewers)
            or any(each["id"] not in accesses[each["type"]] for each in reviewers)
        )
        if broken:
            raise Reply(422, {"message": "Validation Failed"})

    def _spelt(self, name: str) -> str | None:
        return next((each for each in self._there.environments if each.casefold() == name.casefold()), None)

    def _place(self, name: str) -> dict[str, Json]:
        known = self._spelt(name)
        if known is None:
            raise Reply(404, {"message": "Not Found"})
        return self._there.environments[known]

    def _variables_of(self, environment: str | None = None) -> dict[str, str]:
        found: dict[str, str] = self._place(environment)["variables"] if environment else self._there.variables
        return found

    def _environment_shown(self, name: str) -> Json:
        found = self._there.environments[name]
        rules: list[Json] = []
        if found["wait_timer"]:
            rules.append({"id": 1, "type": "wait_timer", "wait_timer": found["wait_timer"]})
        if found["reviewers"]:
            reviewers = [{"type": each["type"], "reviewer": {"id": each["id"]}} for each in found["reviewers"]]
            rules.append(
                {
                    "id": 2,
                    "type": "required_reviewers",
                    "prevent_self_review": found["prevent_self_review"],
                    "reviewers": reviewers,
                }
            )
        if found["deployment_branch_policy"]:
            rules.append({"id": 3, "type": "branch_policy"})
        policy = found["deployment_branch_policy"]
        return {
            "id": found["id"],
            "name": name,
            "can_admins_bypass": found.get("can_admins_bypass", True),
            "protection_rules": rules,
            "deployment_branch_policy": policy,
        }
