"""Mistakes in the pipeline `promote` that a walk must not survive: pattern of its text -> what stands there instead."""

FILE = ".azuredevops/promote.yml"
MISTAKES = {
    "production in the environment of staging": (r"(stage: prod\n.*?environment: )prod\n", r"\1staging\n"),
    "production as a job without an environment": (
        r"templates/stage\.yml(\n    parameters:\n      stage: prod\n.*?)environment: prod\n",
        r"templates/job.yml\1connection: prod\n",
    ),
    "no approval of the candidate": (r"environment: \S+-promote ", "environment: unknown-promote "),
    "production beside staging": (r"dependsOn: \[stage, staging\]\n      condition: .*?\n", "dependsOn: [stage]\n"),
    "production deployed in staging's stage": (r"(deploy \"\$MODEL\" --env )staging", r"\1prod"),
    "tested before it is deployed": (
        r"(stage: staging\n.*?commands:\n)(        - name: deploy.*?)(        - name: test.*?)(  - template:)",
        r"\1\3\2\4",
    ),
    "no test": (r"        - name: test_.*?command: .*?\n", ""),
    "the output of no step": (r"outputs\['stage\.model'\]", "outputs['staged.model']"),
    "a connection that does not exist": (r"connection: staging\n", "connection: stage\n"),
    "a variable of the system": (r"(stage: copy\n.*?MODEL: )\$\{\{ parameters\.model \}\}", r"\1$(Build.Model)"),
    "another program": (r"uv run mlops azure stage", "az ml model show --name m && uv run mlops azure stage"),
    "no name of the run": (r"\nname: .*?\n", "\nname: run\n"),
}
