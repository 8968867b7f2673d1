"""Answers about people, the repository, and who has access to it."""

import shutil

from ..azure.transport import Reply, Request
from .ci_fake_state import Hub, Json, known, page, permissions

ME = {"login": "alex", "id": 7, "type": "User"}


class AboutRepository(Hub):
    """Answers about people, the repository, and who has access to it."""

    def _user(self, request: Request) -> Reply:
        plan = {"plan": {"name": self.owner["plan"]}} if self.owner["type"] == "User" and self.owner["plan"] else {}
        return Reply(200, {**ME, **plan}, {} if self.scopes is None else {"X-OAuth-Scopes": self.scopes})

    def _users(self, request: Request, name: str) -> Reply:
        if name.casefold() == self.owner["login"].casefold():
            return Reply(200, {key: self.owner[key] for key in ("login", "id", "type")})
        return Reply(200, {"login": name.lower(), "id": known(self.users, name.lower()), "type": "User"})

    def _organisation(self, request: Request, name: str) -> Reply:
        plan = {"plan": {"name": self.owner["plan"]}} if self.owner["plan"] else {}
        made = {"members_can_create_private_repositories": self.members_make}
        return Reply(200, {"login": self.owner["login"], "id": self.owner["id"], **plan, **made})

    def _membership(self, request: Request, name: str) -> Reply:
        if self.role is None:
            raise Reply(404, {"message": "Not Found"})
        return Reply(200, {"state": "active", "role": self.role})

    def _team(self, request: Request, organisation: str, slug: str) -> Reply:
        return Reply(200, {"slug": slug, "id": known(self.teams, slug)})

    def _new_repository(self, request: Request, organisation: str = "") -> Reply:
        if self.repository is not None:
            raise Reply(422, {"message": "Repository creation failed.", "errors": [{"message": "name already exists"}]})
        assert set(request.body) <= {"name", "private"}
        assert request.body["name"].casefold() == self.name.casefold()
        self.make(private=request.body["private"])
        return Reply(201, self._shown())

    def _show(self, request: Request) -> Reply:
        return Reply(200, self._shown())

    def _delete_repository(self, request: Request) -> Reply:
        if not self.deletes:
            raise Reply(403, {"message": "Must have admin rights to Repository."})
        self.repository = None
        shutil.rmtree(self.remote)
        return Reply(204)

    def _commits(self, request: Request) -> Reply:
        if not self._git("rev-parse", "--verify", "--quiet", "main"):
            raise Reply(409, {"message": "Git Repository is empty."})
        return Reply(200, [{"sha": self._git("rev-parse", "main")}])

    def _commit(self, request: Request, sha: str) -> Reply:
        if self._git("cat-file", "-t", sha) != "commit":
            raise Reply(422, {"message": f"No commit found for SHA: {sha}"})
        return Reply(200, {"sha": sha})

    def _issues(self, request: Request) -> Reply:
        return page(request, [{"title": each} for each in self._there.issues])

    def _ref(self, request: Request, name: str) -> Reply:
        sha = self._git("rev-parse", "--verify", "--quiet", f"refs/heads/{name}")
        if not sha:
            raise Reply(404 if self._git("for-each-ref") else 409, {"message": "Git Repository is empty."})
        return Reply(200, {"ref": f"refs/heads/{name}", "object": {"type": "commit", "sha": sha}})

    def _actions(self, request: Request) -> Reply:
        return self._setting(request, self._there.actions, {"enabled", "allowed_actions", "sha_pinning_required"})

    def _token(self, request: Request) -> Reply:
        if request.method == "PUT" and self.forbids and request.body.get("can_approve_pull_request_reviews"):
            raise Reply(409, {"message": "The organization forbids it"})
        return self._setting(request, self._there.token, set(self._there.token))

    def _runners(self, request: Request) -> Reply:
        if self._there.role != "admin":
            raise Reply(403, {"message": "Must have admin rights to Repository."})
        return page(request, self.runners, "runners")

    def _runner_groups(self, request: Request, organisation: str) -> Reply:
        if "admin:org" not in (self.scopes or ""):
            raise Reply(403, {"message": "You must be an org owner or have the self-hosted runners permission."})
        place = request.query.get("visible_to_repository")
        listed = [
            {"id": number, "name": name, "visibility": "all" if name == "*" else "selected"}
            for number, name in enumerate(self.groups)
            if place is None or name in ("*", place)
        ]
        return page(request, listed, "runner_groups")

    def _runners_of_group(self, request: Request, organisation: str, number: str) -> Reply:
        return page(request, list(self.groups.values())[int(number)], "runners")

    def _subject(self, request: Request) -> Reply:
        login, prefix = self.owner["login"], {}
        if self.subject == {"use_default": True}:
            prefix = {"sub_claim_prefix": f"repo:{login}@{self.owner['id']}/{self._there.name}@{self._there.id}"}
        return Reply(200, {**self.subject, **prefix})

    def _teams_of(self, request: Request) -> Reply:
        slugs = {number: slug for slug, number in self.teams.items()}
        listed = [
            {"id": number, "slug": slugs[number], "permission": access, "permissions": permissions(access)}
            for number, access in self._there.teams.items()
        ]
        return page(request, listed)

    def _team_access(self, request: Request, organisation: str, slug: str) -> Reply:
        number = known(self.teams, slug)
        if request.method == "DELETE":
            self._there.teams.pop(number, None)
        else:
            self._there.teams[number] = request.body["permission"]
        return Reply(204)

    def _permission(self, request: Request, login: str) -> Reply:
        access = "admin" if login == ME["login"] else self._there.collaborators.get(login, "none")
        word = {"push": "write", "maintain": "write", "pull": "read", "triage": "read"}.get(access, access)
        return Reply(200, {"permission": word, "user": {"login": login, "id": known(self.users, login)}})

    def _collaborator(self, request: Request, login: str) -> Reply:
        if request.method == "DELETE":
            self._there.collaborators.pop(login, None)
        elif self.invites:
            self._there.invitations[self._next()] = login
            return Reply(201, {"id": self._number, "invitee": {"login": login}})
        else:
            self._there.collaborators[login] = request.body["permission"]
        return Reply(204)

    def _invitations(self, request: Request) -> Reply:
        listed = [{"id": number, "invitee": {"login": login}} for number, login in self._there.invitations.items()]
        return page(request, listed)

    def _invitation(self, request: Request, number: str) -> Reply:
        self._there.invitations.pop(int(number))
        return Reply(204)

    def _shown(self) -> Json:
        there = self._there
        return {
            "id": there.id,
            "name": there.name,
            "full_name": f"{self.owner['login']}/{there.name}",
            "owner": {key: self.owner[key] for key in ("login", "id", "type")},
            "private": there.private,
            "archived": there.archived,
            "default_branch": there.default_branch,
            "clone_url": str(self.remote),
            "ssh_url": f"git@github.com:{self.owner['login']}/{there.name}.git",
            "permissions": permissions(there.role),
        }

    def _setting(self, request: Request, values: dict[str, Json], keys: set[str]) -> Reply:
        if request.method == "GET":
            return Reply(200, values)
        assert set(request.body) <= keys
        values.update(request.body)
        return Reply(204)
