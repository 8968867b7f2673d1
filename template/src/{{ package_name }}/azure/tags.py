"""Names of the tags that say what a model, a job or a deployment is, and where it came from.

Tags say; they never lock: of two writers the last one wins. Actions that must happen once are claimed elsewhere.
"""

# On the versions that the step `register` makes.
GATE = "gate"  # passed | overridden
GATE_OVERRIDE = "gate_override"  # the reason
MODEL_DIGEST = "model_digest"
DATA_DIGEST = "data_digest"
CODE_VERSION = "code_version"
JOB = "job"  # the pipeline job in Azure ML whose step registered the version
PROMOTED_AS = "promoted_as"  # REGISTRY:NUMBER, written before the copy is made

# On versions in the registry.
CANDIDATE = "candidate"  # NAME:VERSION in the workspace where it was registered
SOURCE = "source"  # workspace and version that the copy was made from
STAGED = "staged"  # passed | refused, in staging
STAGE_VERDICT = "stage_verdict"  # why, in a sentence
STAGE_WINNER = "stage_winner"  # on a job of staging: candidate | retrained | none
PROMOTION_OVERRIDE = "promotion_override"  # why an ungated model was let through

# On jobs, endpoints and deployments.
PROJECT = "project"
REQUEST = "request"  # of one call of a command: a second POST of the same call is known by it
PURPOSE = "purpose"  # train | stage | retrain | monitor | batch
MODEL = "model"  # NAME:VERSION
DATA = "data"  # the data of a job: NAME:VERSION of an asset, or an address
CHAMPION = "champion"  # NAME:VERSION that a job compares with
DEPLOYED_BY = "deployed_by"
TESTED = "tested"  # NAME:VERSION whose smoke test and load check a deployment passed
PREVIOUS = "previous"  # deployment that served before
PREVIOUS_MODEL = "previous_model"  # NAME:VERSION that served before
CONTENT = "content"  # digest of what a deployment was made from: model, image, code, settings
OVERRIDE = "override"  # why a version was deployed to prod that staging has not passed
PARKED = "parked"  # on an endpoint: since when its deployments are away; empty: they are there
