// The sections of config/common.yml and config/<environment>.yml, with the keys that infra/ uses. `mlops check` knows more
// rules than types can say.

@export()
@description('Texts by name.')
type Texts = {
  @description('Required. Each of them.')
  *: string
}

@export()
@description('The environment itself.')
type Environment = {
  @description('Required. Name of the environment.')
  name: string

  @description('Required. Azure region.')
  location: string

  @description('Optional. false: an administrator assigns the roles.')
  assign_roles: bool?
}

@export()
@description('How the workspace is reached, and which addresses its computes reach.')
type Network = {
  @description('Required. public: public endpoints. managed: private endpoints. isolated: these, and approved hosts only.')
  mode: 'public' | 'managed' | 'isolated'

  @description('Optional. Resource ID of your subnet for the private endpoints.')
  subnet_id: string?

  @description('Optional. Resource IDs of your privatelink zones; none where a policy registers the endpoints.')
  private_dns_zone_ids: string[]?

  @description('Optional. Address space of the network that network.bicep builds, instead of your subnet.')
  address_space: string?

  @description('Optional. Name of that network.')
  name: string?

  @description('Optional. Resource group of that network.')
  resource_group: string?

  @description('Optional. Hosts beyond Azure that isolated computes reach.')
  approved_hosts: string[]?
}

@export()
@description('Resources of yours that are used instead of new ones, by their resource IDs.')
type Existing = {
  @description('Optional. Log Analytics workspace.')
  log_analytics_id: string?

  @description('Optional. Container registry.')
  container_registry_id: string?

  @description('Optional. Key vault.')
  key_vault_id: string?
}

@export()
@description('Names of Azure resources.')
type Names = {
  @description('Required. Resource group of the environment.')
  resource_group: string

  @description('Required. Azure Machine Learning workspace.')
  workspace: string

  @description('Required. Storage account of the workspace.')
  storage_account: string

  @description('Required. Data lake.')
  data_lake: string

  @description('Required. Key vault.')
  key_vault: string

  @description('Required. Container registry.')
  container_registry: string

  @description('Required. Log Analytics workspace.')
  log_analytics: string

  @description('Required. Application Insights.')
  application_insights: string

  @description('Required. Identity of jobs and monitors.')
  identity_jobs: string

  @description('Required. Identity of endpoints.')
  identity_endpoint: string

  @description('Required. Identity of the CI that trains and deploys.')
  identity_ci: string

  @description('Required. Identity of the CI that builds infrastructure.')
  identity_infrastructure: string

  @description('Required. Identity of the CI that compares infrastructure for a pull request.')
  identity_plan: string

  @description('Required. Action group that alerts go to.')
  action_group: string
}

@export()
@description('Settings of storage, images and logs that determine their cost.')
type Sizes = {
  @description('Required. Redundancy of the storage accounts.')
  storage_replication: 'LRS' | 'ZRS' | 'GRS' | 'RAGRS' | 'GZRS' | 'RAGZRS'

  @description('Required. Tier of the container registry.')
  container_registry_sku: 'Basic' | 'Standard' | 'Premium'

  @description('Required. Days that logs are kept.')
  log_retention_days: int

  @description('Optional. Gigabytes of logs a day; what is beyond is dropped.')
  log_daily_cap_gb: int?
}

@export()
@description('A cluster of machines for jobs.')
type Cluster = {
  @description('Required. Name of the cluster, which pipelines name too.')
  name: string

  @description('Required. Size of its machines.')
  vm_size: string

  @description('Required. The most machines at once.')
  @minValue(1)
  max_nodes: int

  @description('Required. Minutes after which a machine without work is given back.')
  @minValue(1)
  idle_minutes: int
}

@export()
@description('Machines for notebooks, one for each person.')
type Workstations = {
  @description('Required. Size of the machines.')
  vm_size: string

  @description('Required. Minutes without work after which a machine stops.')
  idle_minutes: int

  @description('Optional. Object IDs of people by the names of their machines.')
  people: Texts?
}

@export()
@description('The data lake.')
type DataLake = {
  @description('Required. Its containers.')
  containers: string[]
}

@export()
@description('Storage of yours, by name.')
type Stores = {
  @description('Required. Each of them.')
  *: {
    @description('Required. What kind of storage.')
    kind: 'blob' | 'adls' | 'onelake'

    @description('Required. Resource ID of a container; of OneLake the IDs of Fabric workspace and lakehouse, with a slash between.')
    id: string
  }
}

@export()
@description('Data beyond the environment\'s own lake.')
type Data = {
  @description('Required. Environments whose jobs read production data.')
  production_access: string[]

  @description('Optional. Storage that jobs read.')
  sources: Stores?

  @description('Optional. Storage that jobs write.')
  targets: Stores?
}

@export()
@description('Where production data is, in the same subscription.')
type Production = {
  @description('Required. Name of the data lake.')
  data_lake: string

  @description('Required. Its resource group.')
  resource_group: string
}

@export()
@description('The Azure ML registry that all environments share.')
type Registry = {
  @description('Required. Name of the registry.')
  name: string

  @description('Required. Its resource group.')
  resource_group: string

  @description('Required. Its region.')
  location: string

  @description('Optional. Its subscription, if not the environments\' own.')
  subscription_id: string?

  @description('Optional. The group that Azure makes behind it, known once it is built.')
  managed_resource_group: string?
}

@export()
@description('Whose tokens Azure trusts.')
type Ci = {
  @description('Optional. Who issues the tokens; without it no pipeline gets in.')
  issuer: string?

  @description('Optional. Begin of every subject; without it no pipeline gets in.')
  subject_prefix: string?

  @description('Required. Rest of the subject of each identity; without it no pipeline acts as this identity.')
  subjects: {
    @description('Optional. Trains and deploys.')
    ci: string?

    @description('Optional. Builds infrastructure.')
    infrastructure: string?

    @description('Optional. Compares infrastructure for a pull request.')
    plan: string?

    @description('Optional. Looks at the environment every hour.')
    watch: string?
  }

  @description('Required. Whether CI may build what infra/ describes.')
  builds_infrastructure: bool

  @description('Optional. ID of a role that may remove the scaling of deployments.')
  autoscale_role_id: string?
}

@export()
@description('Object IDs of groups of people; who has no group yet gets no role.')
type Groups = {
  @description('Optional. Explore data and train models.')
  data_scientists: string?

  @description('Optional. Bring models into production.')
  ml_engineers: string?

  @description('Optional. Bring data in.')
  data_engineers: string?

  @description('Optional. Build infrastructure where CI does not.')
  infrastructure_engineers: string?

  @description('Optional. Label what is queued.')
  annotators: string?
}

@export()
@description('Values above which an alert is raised.')
type Thresholds = {
  @description('Required. Each of them.')
  *: int
}

@export()
@description('Who is told, and of which costs.')
type Alerts = {
  @description('Required. Mailbox that alerts are sent to.')
  email: string

  @description('Optional. What the resource group may cost a month, in the currency of the subscription.')
  monthly_budget: int?
}

@export()
@description('How many machines answer requests.')
type Online = {
  @description('Required. The fewest machines of a deployment.')
  @minValue(1)
  min_instances: int

  @description('Required. The most machines of a deployment.')
  @minValue(1)
  max_instances: int

  @description('Required. CPU load in percent above which one machine more starts.')
  scale_out_percent: int

  @description('Required. CPU load in percent below which one machine stops.')
  scale_in_percent: int

  @description('Optional. Whether the machines have GPUs.')
  gpu: bool?
}

@export()
@description('Your Kubernetes cluster.')
type Kubernetes = {
  @description('Required. Resource ID of the cluster, AKS or connected by Azure Arc.')
  cluster_id: string

  @description('Required. Name in the TLS certificate.')
  host: string

  @description('Required. Kubernetes secret with the certificate, in the namespace azureml.')
  tls_secret: string

  @description('Required. Whether requests are routed by three nodes instead of one.')
  high_availability: bool

  @description('Optional. Resource ID of the Log Analytics workspace that its Container Insights writes to.')
  log_analytics_id: string?
}

@export()
@description('Sizes of pods, by name.')
type InstanceTypes = {
  @description('Required. Each of them.')
  *: {
    @description('Required. What a pod gets.')
    requests: Texts

    @description('Required. What a pod may use at most.')
    limits: Texts
  }
}

@export()
@description('A workspace that a Kubernetes cluster becomes a compute of.')
type Attachment = {
  @description('Required. Name of the environment.')
  environment: string

  @description('Required. Name of the workspace.')
  workspace: string

  @description('Required. Name of the identity that endpoints act as.')
  identity: string

  @description('Required. Resource group of both.')
  resource_group: string

  @description('Required. Azure region of the workspace.')
  location: string

  @description('Required. Namespace that its deployments run in, made beforehand.')
  namespace: string

  @description('Required. Sizes of its pods.')
  instance_types: InstanceTypes

  @description('Required. Tags of the compute.')
  tags: Texts
}

@export()
@description('An alert on a metric: a row of tables/alerts.yml.')
type MetricRow = {
  @description('Required. Name of the alert.')
  name: string

  @description('Required. Azure\'s name of the metric.')
  metric: string

  @description('Required. What is compared of the values of a quarter of an hour.')
  aggregation: 'Average' | 'Maximum' | 'Minimum' | 'Total'

  @description('Required. How it is compared.')
  operator: 'GreaterThan' | 'LessThan'

  @description('Required. With what it is compared.')
  threshold: int

  @description('Optional. Dimensions of which each value is watched apart.')
  split: string[]?

  @description('Optional. Values that the metric is limited to, by dimension.')
  only: {
    @description('Required. Each of them.')
    *: string[]
  }?

  @description('Required. What has happened.')
  text: string

  @description('Required. What to look at then.')
  look: string
}

@export()
@description('An alert on what a query over logs finds: a row of tables/alerts.yml.')
type QueryRow = {
  @description('Required. Name of the alert.')
  name: string

  @description('Required. Minutes between two looks.')
  minutes: int

  @description('Required. The query; each row that it finds is a reason for the alert.')
  query: string

  @description('Required. What has happened.')
  text: string

  @description('Required. What to look at then.')
  look: string
}

@export()
@description('An alert on Azure\'s activity log: a row of tables/alerts.yml.')
type ActivityRow = {
  @description('Required. Name of the alert.')
  name: string

  @description('Required. What the log says of the event.')
  category: string

  @description('Required. What has happened.')
  text: string

  @description('Required. What to look at then.')
  look: string
}

@export()
@description('A private endpoint: a row of tables/network.yml.')
type EndpointRow = {
  @description('Required. Name of the endpoint.')
  name: string

  @description('Required. What is reached: a key of `targets`.')
  on: string

  @description('Required. The part of it that is reached.')
  subresource: string
}

@export()
@description('Names that the stack of an endpoint uses.')
type EndpointNames = {
  @description('Required. Azure Machine Learning workspace.')
  workspace: string

  @description('Required. Log Analytics workspace.')
  log_analytics: string

  @description('Required. Action group that alerts go to.')
  action_group: string

  @description('Optional. Managed online endpoint.')
  online_endpoint: string?

  @description('Optional. Online endpoint on your cluster.')
  kubernetes_endpoint: string?
}

@export()
@description('tables/roles.yml.')
type RoleTable = {
  @description('Required. GUIDs of roles by name.')
  roles: Texts

  @description('Required. Roles that only people give.')
  given_by_people_only: string[]

  @description('Required. Groups of people.')
  people: string[]

  @description('Required. Who gets which role.')
  grants: {
    @description('Required. A machine or a group of people.')
    who: string

    @description('Required. Name of the role.')
    role: string

    @description('Required. What it counts for.')
    on: string

    @description('Required. What it is needed for.')
    why: string

    @description('Optional. Environments in which it is given; without it in all of them.')
    in: string[]?

    @description('Optional. Conditions that must hold.')
    when: string[]?
  }[]
}

@export()
@description('Object IDs of machines, by their name in tables/roles.yml.')
type Principals = {
  @description('Required. Jobs and monitors.')
  jobs: string

  @description('Required. Endpoints.')
  endpoint: string

  @description('Required. CI that trains and deploys.')
  ci: string

  @description('Required. The workspace itself.')
  workspace: string

  @description('Optional. CI that builds infrastructure.')
  infrastructure: string?

  @description('Optional. CI that compares infrastructure for a pull request.')
  plan: string?
}
