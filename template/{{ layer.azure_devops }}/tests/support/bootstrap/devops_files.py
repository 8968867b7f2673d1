"""Pipelines of a small project: one of each kind that bootstrap treats in its own way."""

FILES = {
    "ci.yml": """
trigger: {branches: {include: [main]}}
jobs:
  - job: check
    pool: {vmImage: ubuntu-24.04}
    steps: [{script: make check}]
""",
    "infrastructure.yml": """
trigger: none
pr: {branches: {include: [main]}, paths: {include: [infra, config/dev.yml]}}
stages:
  - template: templates/apply.yml
    parameters: {connection: flights-dev-infra, pool: {name: flights}}
  - job: plan
    pool: {vmImage: ubuntu-24.04}
    steps: [{task: AzureCLI@2, inputs: {azureSubscription: flights-dev-plan}}]
""",
    "templates/apply.yml": """
parameters:
  - {name: connection, type: string}
  - {name: pool, type: object}
stages:
  - stage: apply
    jobs:
      - deployment: apply
        environment: ${{ parameters.connection }}
        pool: ${{ parameters.pool }}
        strategy:
          runOnce:
            deploy:
              steps:
                - ${{ if eq(parameters.pool.name, 'flights') }}:
                    - {task: AzureCLI@2, inputs: {azureSubscription: "${{ parameters.connection }}"}}
""",
    "train.yml": """
trigger: none
pr: none
jobs:
  - deployment: train
    environment: {name: flights-dev}
    pool: {vmImage: ubuntu-24.04}
    strategy: {runOnce: {deploy: {steps: [{task: AzureCLI@2, inputs: {azureSubscription: flights-dev}}]}}}
""",
    "promote.yml": """
trigger: none
pr: none
jobs:
  - {deployment: approve, environment: flights-promote, pool: {vmImage: ubuntu-24.04}}
""",
    "retrain.yml": """
trigger: none
pr: none
parameters:
  - {name: env, type: string, values: [dev]}
jobs:
  - deployment: retrain
    environment: flights-${{ parameters.env }}
    pool: {vmImage: ubuntu-24.04}
    strategy:
      runOnce:
        deploy:
          steps: [{task: AzureCLI@2, inputs: {azureSubscription: "flights-${{ parameters.env }}"}}]
""",
    "watch.yml": """
trigger: none
pr: none
schedules: [{cron: "17 * * * *", displayName: look, always: true, branches: {include: [main]}}]
jobs:
  - job: look
    pool: {vmImage: ubuntu-24.04}
    steps: [{task: AzureCLI@2, inputs: {azureSubscription: flights-dev}}]
""",
}
PIPELINES = ["ci", "infrastructure", "promote", "retrain", "train", "watch"]
