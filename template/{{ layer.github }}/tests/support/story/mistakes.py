"""Mistakes in the workflow `promote` that a walk must not survive: pattern of its text -> what stands there instead."""

FILE = ".github/workflows/promote.yml"
MISTAKES = {
    "production without its environment": (r"(\n  prod:\n.*?)    environment: prod\n", r"\1"),
    "production in the environment of staging": (r"(\n  prod:\n.*?environment: )prod\n", r"\1staging\n"),
    "production in the environment of looks": (r"(\n  prod:\n.*?environment: )prod\n", r"\1prod-watch\n"),
    "no approval of the candidate": (r"    environment: promote .*?\n", ""),
    "production beside staging": (
        r"needs: \[stage, staging\]\n    if: .*?\n",
        "needs: stage\n    if: needs.stage.outputs.model != ''\n",
    ),
    "production deployed in staging's job": (r"(deploy \"\$MODEL\" --env )staging", r"\1prod"),
    "tested before it is deployed": (
        r"(\n  staging:\n.*?)(      - name: Deploy.*?)(      - name: Test.*?)(\n  prod:)",
        r"\1\3\n\2\4",
    ),
    "no test": (r"      - name: Test, .*?\n        run: .*?\n", ""),
    "the output of no step": (r"steps\.stage\.outputs\.model", "steps.staged.outputs.model"),
    "no right to a token": (r"(\n  copy:\n.*?)      id-token: write.*?\n", r"\1"),
    "a secret": (r"\$\{\{ needs\.copy\.outputs\.model", "${{ secrets.MODEL || needs.copy.outputs.model"),
    "a script with a value inside": (r'promote "\$MODEL"', "promote ${{ inputs.model }}"),
    "another program": (r"uv run mlops azure stage", "az ml model show --name m && uv run mlops azure stage"),
    "no name of the run": (r"run-name: .*?\n", ""),
}
