"""Accounts and the repository, in GitHub's shapes."""

from typing import Any

from tests.lab.doubles.github.names import DEFAULT_BRANCH, HTML, REPOSITORY, node_id, stable_id

_USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def user(account: str | dict[str, Any], api: str) -> dict[str, Any]:
    """A simple-user of a login or of {login, id?, type?}; `login[bot]` is a Bot."""
    given = {"login": account} if isinstance(account, str) else account
    login = given["login"]
    url, number = f"{api}/users/{login}", given.get("id", stable_id(login))
    return {
        "login": login,
        "id": number,
        "node_id": node_id("U", login),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"https://github.com/{login}",
        **{name: url + rest for name, rest in _USER_LINKS.items()},
        "type": given.get("type", "Bot" if login.endswith("[bot]") else "User"),
        "user_view_type": "public",
        "site_admin": False,
    }


def team(slug: str, api: str) -> dict[str, Any]:
    """A team of the repository's organization."""
    owner = REPOSITORY.partition("/")[0]
    url = f"{api}/organizations/{stable_id(owner)}/team/{stable_id(slug)}"
    return {
        "id": stable_id(slug),
        "node_id": node_id("T", slug),
        "name": slug,
        "slug": slug,
        "description": "",
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "url": url,
        "html_url": f"https://github.com/orgs/{owner}/teams/{slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "organization_id": stable_id(owner),
        "parent": None,
    }


def repository(api: str) -> dict[str, Any]:
    """The minimal-repository that a run carries."""
    owner, name = REPOSITORY.split("/")
    url = f"{api}/repos/{REPOSITORY}"
    return {
        "id": stable_id(REPOSITORY),
        "node_id": node_id("R", REPOSITORY),
        "name": name,
        "full_name": REPOSITORY,
        "private": True,
        "owner": user({"login": owner, "type": "Organization"}, api),
        "html_url": HTML,
        "description": None,
        "fork": False,
        "url": url,
        **{key: url + rest for key, rest in _REPOSITORY_LINKS.items()},
        "default_branch": DEFAULT_BRANCH,
    }
